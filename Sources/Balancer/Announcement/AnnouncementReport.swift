import KubernetesModel

/// An object that shows users how a node announces a Service by one protocol (contract section 14).
package protocol AnnouncementReport: KubernetesResource, Hashable {
  /// What it says; all else is fixed when it is created.
  associatedtype Content: Sendable, Hashable

  /// What its name begins with; the server adds the rest.
  static var namePrefix: String { get }
  /// Whether a Service has one in the whole cluster, and not one for each node that announces it.
  static var isExclusive: Bool { get }

  var metadata: ObjectMeta { get set }
  /// Nil until it has been written: an object is created without it.
  var content: Content? { get }
  init(metadata: ObjectMeta)
  mutating func set(_ content: Content, node: String, service: ObjectKey)
}

/// The labels by which reports are found.
enum ReportLabel {
  static let node = "metallb.io/node"
  static let serviceName = "metallb.io/service-name"
  static let serviceNamespace = "metallb.io/service-namespace"
}

extension AnnouncementReport {
  var node: String? { self.metadata.labels?[ReportLabel.node] }

  var service: ObjectKey? {
    guard let name = self.metadata.labels?[ReportLabel.serviceName],
      let namespace = self.metadata.labels?[ReportLabel.serviceNamespace]
    else { return nil }
    return ObjectKey(namespace: namespace, name: name)
  }

  /// A report that does not exist yet.
  static func new(
    on service: ObjectKey, by node: String, in namespace: String, owner: OwnerReference?
  ) -> Self {
    Self(
      metadata: ObjectMeta(
        generateName: Self.namePrefix, namespace: namespace,
        labels: [
          ReportLabel.node: node, ReportLabel.serviceName: service.name,
          ReportLabel.serviceNamespace: service.namespace,
        ],
        ownerReferences: owner.map { [$0] }))
  }
}

extension ServiceL2Status: AnnouncementReport {
  package static let namePrefix = "l2-"
  package static let isExclusive = true

  package init(metadata: ObjectMeta) {
    self.init(metadata: metadata, status: nil)
  }

  package var content: InterfaceSelection? {
    self.status.map { status in status.interfaces.map { .named(Set($0.compactMap(\.name))) } ?? .all }
  }

  package mutating func set(_ content: InterfaceSelection, node: String, service: ObjectKey) {
    var status = Status(node: node, serviceName: service.name, serviceNamespace: service.namespace)
    if case .named(let names) = content { status.interfaces = names.sorted().map { Interface(name: $0) } }
    self.status = status
  }
}
