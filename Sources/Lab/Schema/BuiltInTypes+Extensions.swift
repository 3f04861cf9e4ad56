extension BuiltInTypes {
  /// Custom resource definitions and admission webhooks.
  static let extensions = """
    admissionregistration.v1.ValidatingWebhookConfiguration
      metadata:meta.v1.ObjectMeta=1 webhooks:[admissionregistration.v1.ValidatingWebhook]=2 map(name) merge(name)
    admissionregistration.v1.ValidatingWebhook
      name:string=1 required clientConfig:admissionregistration.v1.WebhookClientConfig=2 required
      rules:[admissionregistration.v1.RuleWithOperations]=3 failurePolicy:string=4 optional enum(Fail,Ignore)
      matchPolicy:string=9 optional enum(Equivalent,Exact) namespaceSelector:meta.v1.LabelSelector=5
      objectSelector:meta.v1.LabelSelector=10
      sideEffects:string=6 optional required enum(None,NoneOnDryRun,Some,Unknown) timeoutSeconds:int32=7 optional
      admissionReviewVersions:[string]=8 required
      matchConditions:[admissionregistration.v1.MatchCondition]=11 map(name) merge(name)
    admissionregistration.v1.WebhookClientConfig
      url:string=3 optional service:admissionregistration.v1.ServiceReference=1 caBundle:bytes=2
    admissionregistration.v1.ServiceReference
      namespace:string=1 required name:string=2 required path:string=3 optional port:int32=4 optional
    admissionregistration.v1.RuleWithOperations
      operations:[string]=1 enum(*,CONNECT,CREATE,DELETE,UPDATE) ...admissionregistration.v1.Rule=2
    admissionregistration.v1.Rule
      apiGroups:[string]=1 apiVersions:[string]=2 resources:[string]=3
      scope:string=4 optional enum(*,Cluster,Namespaced)
    admissionregistration.v1.MatchCondition
      name:string=1 required expression:string=2 required
    admissionregistration.v1.MutatingWebhookConfiguration
      metadata:meta.v1.ObjectMeta=1 webhooks:[admissionregistration.v1.MutatingWebhook]=2 map(name) merge(name)
    admissionregistration.v1.MutatingWebhook
      name:string=1 required clientConfig:admissionregistration.v1.WebhookClientConfig=2 required
      rules:[admissionregistration.v1.RuleWithOperations]=3 failurePolicy:string=4 optional enum(Fail,Ignore)
      matchPolicy:string=9 optional enum(Equivalent,Exact) namespaceSelector:meta.v1.LabelSelector=5
      objectSelector:meta.v1.LabelSelector=11
      sideEffects:string=6 optional required enum(None,NoneOnDryRun,Some,Unknown) timeoutSeconds:int32=7 optional
      admissionReviewVersions:[string]=8 required reinvocationPolicy:string=10 optional enum(IfNeeded,Never)
      matchConditions:[admissionregistration.v1.MatchCondition]=12 map(name) merge(name)
    apiextensions.v1.CustomResourceDefinition
      metadata:meta.v1.ObjectMeta=1 spec:apiextensions.v1.CustomResourceDefinitionSpec=2 required
      status:apiextensions.v1.CustomResourceDefinitionStatus=3
    apiextensions.v1.CustomResourceDefinitionSpec
      group:string=1 required names:apiextensions.v1.CustomResourceDefinitionNames=3 required scope:string=4 required
      versions:[apiextensions.v1.CustomResourceDefinitionVersion]=7 required
      conversion:apiextensions.v1.CustomResourceConversion=9 preserveUnknownFields:bool=10
    apiextensions.v1.CustomResourceDefinitionNames
      plural:string=1 required singular:string=2 shortNames:[string]=3 kind:string=4 required listKind:string=5
      categories:[string]=6
    apiextensions.v1.CustomResourceDefinitionVersion
      name:string=1 required served:bool=2 required storage:bool=3 required deprecated:bool=7
      deprecationWarning:string=8 optional schema:apiextensions.v1.CustomResourceValidation=4
      subresources:apiextensions.v1.CustomResourceSubresources=5
      additionalPrinterColumns:[apiextensions.v1.CustomResourceColumnDefinition]=6
      selectableFields:[apiextensions.v1.SelectableField]=9
    apiextensions.v1.CustomResourceValidation
      openAPIV3Schema:apiextensions.v1.JSONSchemaProps=1
    apiextensions.v1.JSONSchemaProps
      id:string=1 $schema:string=2 $ref:string=3 optional description:string=4 type:string=5 format:string=6
      title:string=7 default:json=8 maximum:double=9 optional exclusiveMaximum:bool=10 minimum:double=11 optional
      exclusiveMinimum:bool=12 maxLength:int64=13 optional minLength:int64=14 optional pattern:string=15
      maxItems:int64=16 optional minItems:int64=17 optional uniqueItems:bool=18 multipleOf:double=19 optional
      enum:[json]=20 maxProperties:int64=21 optional minProperties:int64=22 optional required:[string]=23 items:any=24
      allOf:[apiextensions.v1.JSONSchemaProps]=25 oneOf:[apiextensions.v1.JSONSchemaProps]=26
      anyOf:[apiextensions.v1.JSONSchemaProps]=27 not:apiextensions.v1.JSONSchemaProps=28
      properties:{apiextensions.v1.JSONSchemaProps}=29 additionalProperties:any=30
      patternProperties:{apiextensions.v1.JSONSchemaProps}=31 dependencies:{any}=32 additionalItems:any=33
      definitions:{apiextensions.v1.JSONSchemaProps}=34 externalDocs:any=35 example:json=36 nullable:bool=37
      x-kubernetes-preserve-unknown-fields:bool=38 optional x-kubernetes-embedded-resource:bool=39
      x-kubernetes-int-or-string:bool=40 x-kubernetes-list-map-keys:[string]=41
      x-kubernetes-list-type:string=42 optional x-kubernetes-map-type:string=43 optional
      x-kubernetes-validations:[apiextensions.v1.ValidationRule]=44 map(rule) merge(rule)
    apiextensions.v1.ValidationRule
      rule:string=1 required message:string=2 messageExpression:string=3
      reason:string=4 optional enum(FieldValueDuplicate,FieldValueForbidden,FieldValueInvalid,FieldValueRequired)
      fieldPath:string=5 optionalOldSelf:bool=6 optional
    apiextensions.v1.CustomResourceSubresources
      status:any=1 scale:apiextensions.v1.CustomResourceSubresourceScale=2
    apiextensions.v1.CustomResourceSubresourceScale
      specReplicasPath:string=1 required statusReplicasPath:string=2 required labelSelectorPath:string=3 optional
    apiextensions.v1.CustomResourceColumnDefinition
      name:string=1 required type:string=2 required format:string=3 description:string=4 priority:int32=5
      jsonPath:string=6 required
    apiextensions.v1.SelectableField
      jsonPath:string=1 required
    apiextensions.v1.CustomResourceConversion
      strategy:string=1 required webhook:apiextensions.v1.WebhookConversion=2
    apiextensions.v1.WebhookConversion
      clientConfig:apiextensions.v1.WebhookClientConfig=2 conversionReviewVersions:[string]=3 required
    apiextensions.v1.WebhookClientConfig
      url:string=3 optional service:apiextensions.v1.ServiceReference=1 caBundle:bytes=2
    apiextensions.v1.ServiceReference
      namespace:string=1 required name:string=2 required path:string=3 optional port:int32=4 optional
    apiextensions.v1.CustomResourceDefinitionStatus
      conditions:[apiextensions.v1.CustomResourceDefinitionCondition]=1 map(type)
      acceptedNames:apiextensions.v1.CustomResourceDefinitionNames=2 storedVersions:[string]=3
      observedGeneration:int64=4
    apiextensions.v1.CustomResourceDefinitionCondition
      type:string=1 required status:string=2 required lastTransitionTime:time=3 reason:string=4 message:string=5
      observedGeneration:int64=6
    """
}
