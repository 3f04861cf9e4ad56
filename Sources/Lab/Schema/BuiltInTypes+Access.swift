extension BuiltInTypes {
  /// Roles, tokens and questions about permissions.
  static let access = """
    rbac.v1.Role
      metadata:meta.v1.ObjectMeta=1 rules:[rbac.v1.PolicyRule]=2
    rbac.v1.PolicyRule
      verbs:[string]=1 required apiGroups:[string]=2 resources:[string]=3 resourceNames:[string]=4
      nonResourceURLs:[string]=5
    rbac.v1.RoleBinding
      metadata:meta.v1.ObjectMeta=1 subjects:[rbac.v1.Subject]=2 roleRef:rbac.v1.RoleRef=3 required
    rbac.v1.Subject atomic
      kind:string=1 required apiGroup:string=2 name:string=3 required namespace:string=4
    rbac.v1.RoleRef atomic
      apiGroup:string=1 kind:string=2 required name:string=3 required
    rbac.v1.ClusterRole
      metadata:meta.v1.ObjectMeta=1 rules:[rbac.v1.PolicyRule]=2 aggregationRule:rbac.v1.AggregationRule=3
    rbac.v1.AggregationRule
      clusterRoleSelectors:[meta.v1.LabelSelector]=1
    rbac.v1.ClusterRoleBinding
      metadata:meta.v1.ObjectMeta=1 subjects:[rbac.v1.Subject]=2 roleRef:rbac.v1.RoleRef=3 required
    authentication.v1.TokenReview
      metadata:meta.v1.ObjectMeta=1 spec:authentication.v1.TokenReviewSpec=2 required
      status:authentication.v1.TokenReviewStatus=3
    authentication.v1.TokenReviewSpec
      token:string=1 audiences:[string]=2
    authentication.v1.TokenReviewStatus
      authenticated:bool=1 user:authentication.v1.UserInfo=2 audiences:[string]=4 error:string=3
    authentication.v1.UserInfo
      username:string=1 uid:string=2 groups:[string]=3 extra:{[string]}=4
    authentication.v1.TokenRequest
      metadata:meta.v1.ObjectMeta=1 spec:authentication.v1.TokenRequestSpec=2
      status:authentication.v1.TokenRequestStatus=3
    authentication.v1.TokenRequestSpec
      audiences:[string]=1 expirationSeconds:int64=4 optional boundObjectRef:authentication.v1.BoundObjectReference=3
    authentication.v1.BoundObjectReference
      kind:string=1 apiVersion:string=2 name:string=3 uid:string=4
    authentication.v1.TokenRequestStatus
      token:string=1 expirationTimestamp:time=2
    authentication.v1.SelfSubjectReview
      metadata:meta.v1.ObjectMeta=1 status:authentication.v1.SelfSubjectReviewStatus=2
    authentication.v1.SelfSubjectReviewStatus
      userInfo:authentication.v1.UserInfo=1
    authorization.v1.SelfSubjectAccessReview
      metadata:meta.v1.ObjectMeta=1 spec:authorization.v1.SelfSubjectAccessReviewSpec=2 required
      status:authorization.v1.SubjectAccessReviewStatus=3
    authorization.v1.SelfSubjectAccessReviewSpec
      resourceAttributes:authorization.v1.ResourceAttributes=1
      nonResourceAttributes:authorization.v1.NonResourceAttributes=2
    authorization.v1.ResourceAttributes
      namespace:string=1 verb:string=2 group:string=3 version:string=4 resource:string=5 subresource:string=6
      name:string=7 fieldSelector:authorization.v1.FieldSelectorAttributes=8
      labelSelector:authorization.v1.LabelSelectorAttributes=9
    authorization.v1.FieldSelectorAttributes
      rawSelector:string=1 requirements:[meta.v1.FieldSelectorRequirement]=2
    authorization.v1.LabelSelectorAttributes
      rawSelector:string=1 requirements:[meta.v1.LabelSelectorRequirement]=2
    authorization.v1.NonResourceAttributes
      path:string=1 verb:string=2
    authorization.v1.SubjectAccessReviewStatus
      allowed:bool=1 required denied:bool=4 reason:string=2 evaluationError:string=3
    authorization.v1.SelfSubjectRulesReview
      metadata:meta.v1.ObjectMeta=1 spec:authorization.v1.SelfSubjectRulesReviewSpec=2 required
      status:authorization.v1.SubjectRulesReviewStatus=3
    authorization.v1.SelfSubjectRulesReviewSpec
      namespace:string=1
    authorization.v1.SubjectRulesReviewStatus
      resourceRules:[authorization.v1.ResourceRule]=1 required
      nonResourceRules:[authorization.v1.NonResourceRule]=2 required incomplete:bool=3 required
      evaluationError:string=4
    authorization.v1.ResourceRule
      verbs:[string]=1 required apiGroups:[string]=2 resources:[string]=3 resourceNames:[string]=4
    authorization.v1.NonResourceRule
      verbs:[string]=1 required nonResourceURLs:[string]=2
    authorization.v1.SubjectAccessReview
      metadata:meta.v1.ObjectMeta=1 spec:authorization.v1.SubjectAccessReviewSpec=2 required
      status:authorization.v1.SubjectAccessReviewStatus=3
    authorization.v1.SubjectAccessReviewSpec
      resourceAttributes:authorization.v1.ResourceAttributes=1
      nonResourceAttributes:authorization.v1.NonResourceAttributes=2 user:string=3 groups:[string]=4
      extra:{[string]}=5 uid:string=6
    authorization.v1.LocalSubjectAccessReview
      metadata:meta.v1.ObjectMeta=1 spec:authorization.v1.SubjectAccessReviewSpec=2 required
      status:authorization.v1.SubjectAccessReviewStatus=3
    """
}
