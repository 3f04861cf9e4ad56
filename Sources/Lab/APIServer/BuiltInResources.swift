import KubernetesModel

/// The built-in kinds that walkthroughs, tests and the lab's own controllers need.
package enum BuiltInResources {
  package static let namespaces = ResourceType(
    group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
  package static let pods = ResourceType(group: "", version: "v1", plural: "pods", kind: "Pod")
  package static let services = ResourceType(group: "", version: "v1", plural: "services", kind: "Service")
  package static let serviceAccounts = ResourceType(
    group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount")
  package static let configMaps = ResourceType(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
  package static let events = ResourceType(group: "", version: "v1", plural: "events", kind: "Event")
  package static let customResourceDefinitions = ResourceType(
    group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition", isNamespaced: false)
  package static let validatingWebhooks = ResourceType(
    group: "admissionregistration.k8s.io", version: "v1", plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration", isNamespaced: false)
  package static let endpointSlices = ResourceType(
    group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice")

  static func rbac(_ plural: String, _ kind: String, isNamespaced: Bool = true) -> ResourceType {
    ResourceType(
      group: "rbac.authorization.k8s.io", version: "v1", plural: plural, kind: kind, isNamespaced: isNamespaced)
  }

  package static let all: [ResourceDefinition] = Self.core + Self.apps + Self.others + Self.reviews

  private static let core: [ResourceDefinition] = [
    ResourceDefinition(
      Self.configMaps, shortNames: ["cm"], rules: ConfigRules()),
    ResourceDefinition(
      ResourceType(group: "", version: "v1", plural: "endpoints", kind: "Endpoints"), singular: "endpoints",
      shortNames: ["ep"], rules: EndpointsRules()),
    ResourceDefinition(Self.events, shortNames: ["ev"], rules: EventRules()),
    ResourceDefinition(
      Self.namespaces, shortNames: ["ns"], verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
      subresources: ["finalize", "status"], rules: NamespaceRules()),
    ResourceDefinition(
      ResourceType(group: "", version: "v1", plural: "nodes", kind: "Node", isNamespaced: false), shortNames: ["no"],
      subresources: ["status"], rules: NodeRules()),
    ResourceDefinition(
      Self.pods, shortNames: ["po"], categories: ["all"],
      subresources: ["binding", "ephemeralcontainers", "eviction", "log", "proxy", "status"], rules: PodRules()),
    ResourceDefinition(
      ResourceType(group: "", version: "v1", plural: "secrets", kind: "Secret"), rules: SecretRules()),
    ResourceDefinition(Self.serviceAccounts, shortNames: ["sa"], subresources: ["token"], rules: PlainRules()),
    ResourceDefinition(
      Self.services, shortNames: ["svc"], categories: ["all"], subresources: ["status"], rules: ServiceRules()),
  ]

  private static func apps(_ plural: String, _ kind: String) -> ResourceType {
    ResourceType(group: "apps", version: "v1", plural: plural, kind: kind)
  }

  private static let apps: [ResourceDefinition] = [
    ResourceDefinition(
      Self.apps("controllerrevisions", "ControllerRevision"), rules: PlainRules()),
    ResourceDefinition(
      Self.apps("daemonsets", "DaemonSet"), shortNames: ["ds"], categories: ["all"], subresources: ["status"],
      rules: WorkloadRules(kind: .daemonSet)),
    ResourceDefinition(
      Self.apps("deployments", "Deployment"), shortNames: ["deploy"], categories: ["all"],
      subresources: ["scale", "status"], rules: WorkloadRules(kind: .deployment)),
    ResourceDefinition(
      Self.apps("replicasets", "ReplicaSet"), shortNames: ["rs"], categories: ["all"],
      subresources: ["scale", "status"], rules: WorkloadRules(kind: .replicaSet)),
  ]

  private static let others: [ResourceDefinition] = [
    ResourceDefinition(
      Self.customResourceDefinitions, shortNames: ["crd", "crds"], categories: ["api-extensions"],
      subresources: ["status"], rules: DefinitionRules()),
    ResourceDefinition(
      Self.validatingWebhooks, categories: ["api-extensions"],
      rules: PlainRules(countsGenerations: true)),
    ResourceDefinition(
      ResourceType(
        group: "admissionregistration.k8s.io", version: "v1", plural: "mutatingwebhookconfigurations",
        kind: "MutatingWebhookConfiguration", isNamespaced: false), categories: ["api-extensions"],
      rules: PlainRules(countsGenerations: true)),
    ResourceDefinition(
      ResourceType(group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease"),
      rules: LeaseRules()),
    ResourceDefinition(Self.endpointSlices, rules: EndpointSliceRules()),
    ResourceDefinition(
      ResourceType(group: "events.k8s.io", version: "v1", plural: "events", kind: "Event"), shortNames: ["ev"],
      collection: Self.events.collection, rules: EventRules()),
    ResourceDefinition(
      Self.rbac("roles", "Role"), rules: PlainRules(createsOnUpdate: true, hasPathSegmentNames: true)),
    ResourceDefinition(
      Self.rbac("rolebindings", "RoleBinding"), rules: BindingRules()),
    ResourceDefinition(
      Self.rbac("clusterroles", "ClusterRole", isNamespaced: false),
      rules: PlainRules(createsOnUpdate: true, hasPathSegmentNames: true)),
    ResourceDefinition(
      Self.rbac("clusterrolebindings", "ClusterRoleBinding", isNamespaced: false), rules: BindingRules()),
  ]

  private static func review(_ group: String, _ plural: String, _ kind: String, isNamespaced: Bool = false)
    -> ResourceDefinition
  {
    var definition = ResourceDefinition(
      ResourceType(group: group, version: "v1", plural: plural, kind: kind, isNamespaced: isNamespaced),
      verbs: ["create"])
    definition.isStored = false
    return definition
  }

  private static let reviews: [ResourceDefinition] = [
    Self.review("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    Self.review("authentication.k8s.io", "tokenreviews", "TokenReview"),
    Self.review("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", isNamespaced: true),
    Self.review("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    Self.review("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    Self.review("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"),
  ]
}
