import KubernetesModel

/// An object by which a node tells users how something stands: the announcement of a Service, the session with a router
/// (contract section 14).
package protocol NodeReport: KubernetesResource, Hashable {
  /// What it says; all else is fixed when it is created.
  associatedtype Content: Sendable, Hashable

  /// Whether a subject has one in the whole cluster, and not one for each node.
  static var isExclusive: Bool { get }
  /// How far apart two writes about one subject are at least: what changes in between goes into one.
  static var interval: Duration { get }
  /// Whether a cluster may well lack the kind, or a speaker the right to it.
  static var isOptional: Bool { get }
  /// The label that names the node.
  static var nodeLabel: String { get }

  var metadata: ObjectMeta { get set }
  /// What it is about; nil if it does not say.
  var subject: ObjectKey? { get }
  /// Nil until it has been written: an object is created without it.
  var content: Content? { get }
  init(metadata: ObjectMeta)
  /// What the name of a report begins with; the server adds the rest.
  static func namePrefix(of node: String) -> String
  /// The labels by which a report is found, but for that of the node.
  static func labels(of subject: ObjectKey) -> [String: String]
  mutating func set(_ content: Content, node: String, subject: ObjectKey)
}

extension NodeReport {
  package static var interval: Duration { .zero }
  package static var isOptional: Bool { false }

  /// The reports that a node has to see: its own, and those of others only where there must be one.
  package static func selector(of node: String) -> String? {
    self.isExclusive ? nil : "\(self.nodeLabel)=\(node)"
  }

  var node: String? { self.metadata.labels?[Self.nodeLabel] }

  /// The annotation with the term.
  private static var termAnnotation: String { "metallb.io/term" }
  /// No cluster changes owners so often; what is beyond is not ours.
  private static var termLimit: Int { 1 << 52 }

  /// Of several reports on one subject that with the highest term counts; nil = whoever wrote it knows of no terms
  /// (Docs/decisions/0024-owners-that-stay.md).
  var term: Int? {
    self.metadata.annotations?[Self.termAnnotation].flatMap { Int($0) }.flatMap {
      (0..<Self.termLimit).contains($0) ? $0 : nil
    }
  }

  /// A report that does not exist yet.
  static func new(
    on subject: ObjectKey, by node: String, in namespace: String, owner: OwnerReference?, term: Int? = nil
  ) -> Self {
    Self(
      metadata: ObjectMeta(
        generateName: Self.namePrefix(of: node), namespace: namespace,
        labels: Self.labels(of: subject).merging([Self.nodeLabel: node]) { $1 },
        annotations: term.map { [Self.termAnnotation: String($0)] }, ownerReferences: owner.map { [$0] }))
  }
}

/// A report on how a node announces a Service by one protocol.
package protocol AnnouncementReport: NodeReport {
  static var namePrefix: String { get }
}

/// The labels by which reports on Services are found.
private enum ServiceLabel {
  static let name = "metallb.io/service-name"
  static let namespace = "metallb.io/service-namespace"
}

extension AnnouncementReport {
  package static var nodeLabel: String { "metallb.io/node" }

  package static func namePrefix(of node: String) -> String { self.namePrefix }

  package static func labels(of service: ObjectKey) -> [String: String] {
    [ServiceLabel.name: service.name, ServiceLabel.namespace: service.namespace]
  }

  package var subject: ObjectKey? {
    guard let name = self.metadata.labels?[ServiceLabel.name],
      let namespace = self.metadata.labels?[ServiceLabel.namespace]
    else { return nil }
    return ObjectKey(namespace: namespace, name: name)
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

  package mutating func set(_ content: InterfaceSelection, node: String, subject service: ObjectKey) {
    var status = Status(node: node, serviceName: service.name, serviceNamespace: service.namespace)
    if case .named(let names) = content { status.interfaces = names.sorted().map { Interface(name: $0) } }
    self.status = status
  }
}

extension ServiceBGPStatus: AnnouncementReport {
  package static let namePrefix = "bgp-"
  package static let isExclusive = false

  package init(metadata: ObjectMeta) {
    self.init(metadata: metadata, status: nil)
  }

  /// The names of the peers, sorted.
  package var content: [String]? { self.status.map { $0.peers ?? [] } }

  package mutating func set(_ peers: [String], node: String, subject service: ObjectKey) {
    self.status = Status(
      node: node, serviceName: service.name, serviceNamespace: service.namespace, peers: peers)
  }
}
