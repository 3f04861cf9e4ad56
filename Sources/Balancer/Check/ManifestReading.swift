import KubernetesModel

/// The objects of some files, sorted by what they are, with everything that reading alone can tell of them.
///
/// `ConfigurationCheck` says the rest. What is not MetalLB's is counted and passed over.
package struct ManifestReading: Sendable {
  /// One document, and where it stands, such as `pools.yaml, document 2`.
  package struct Source: Sendable, Hashable {
    package var place: String
    package var document: JSONValue

    package init(place: String, document: JSONValue) {
      self.place = place
      self.document = document
    }
  }

  /// An object by its kind and name, as problems name it.
  package struct Identity: Sendable, Hashable {
    package var kind: String
    package var key: ObjectKey

    package init(kind: String, key: ObjectKey) {
      self.kind = kind
      self.key = key
    }
  }

  /// Every kind of the configuration is known: what is not in the files does not exist.
  package private(set) var objects = ConfigurationObjects(
    pools: [], l2Advertisements: [], bgpAdvertisements: [], bgpPeers: [], bfdProfiles: [], communities: [])
  /// The ConfigMap of MetalLB 0.8 to 0.12, if it is among them.
  package private(set) var legacy: LegacyConfigMap?
  /// What is wrong with the objects as documents, in the order of the files.
  package private(set) var problems: [Problem] = []
  /// Where each object stands.
  package private(set) var places: [Identity: String] = [:]
  /// Objects of kinds that are not MetalLB's configuration, by kind.
  package private(set) var passedOver: [String: Int] = [:]

  private let namespace: String
  private let configMap: String
  private let coder: any DocumentCoder

  /// Objects without a namespace are taken to be meant for `namespace`, where MetalLB is; `configMap` is the name of the
  /// old ConfigMap there.
  package init(_ sources: [Source], namespace: String, configMap: String, coder: any DocumentCoder) {
    self.namespace = namespace
    self.configMap = configMap
    self.coder = coder
    for source in sources { self.take(source) }
  }

  /// How many objects there are that count.
  package private(set) var count = 0

  private mutating func take(_ source: Source) {
    let document = source.document
    guard document != .null else { return }
    guard document.object != nil else {
      self.report("document", ObjectKey(name: source.place), "", "a document must be an object", "Write an object.")
      return
    }
    let kind = document["kind"]?.string ?? ""
    if kind.hasSuffix("List"), let items = document["items"]?.array {
      for (index, item) in items.enumerated() {
        self.take(Source(place: "\(source.place), item \(index + 1)", document: item))
      }
      return
    }
    let version = document["apiVersion"]?.string ?? ""
    guard !kind.isEmpty, !version.isEmpty else {
      let missing = kind.isEmpty ? "kind" : "apiVersion"
      self.report(
        "document", ObjectKey(name: source.place), missing, "the object has no \(missing)",
        "Say what the object is, such as apiVersion: metallb.io/v1beta1 and kind: IPAddressPool.")
      return
    }
    switch kind {
    case IPAddressPool.type.kind: self.take(source, IPAddressPool.self) { $0.pools?.append($1) }
    case L2Advertisement.type.kind: self.take(source, L2Advertisement.self) { $0.l2Advertisements?.append($1) }
    case BGPAdvertisement.type.kind: self.take(source, BGPAdvertisement.self) { $0.bgpAdvertisements?.append($1) }
    case BFDProfile.type.kind: self.take(source, BFDProfile.self) { $0.bfdProfiles?.append($1) }
    case CommunityAliases.type.kind: self.take(source, CommunityAliases.self) { $0.communities?.append($1) }
    case BGPPeer.type.kind where version == LegacyBGPPeer.type.apiVersion:
      self.take(source, LegacyBGPPeer.self) { objects, peer in
        objects.bgpPeers?.append(BGPPeer(metadata: peer.metadata, spec: peer.spec.map { BGPPeer.Spec($0) }))
      }
    case BGPPeer.type.kind: self.take(source, BGPPeer.self) { $0.bgpPeers?.append($1) }
    case Secret.type.kind where version == Secret.type.apiVersion: self.takeSecret(source)
    case ConfigMap.type.kind where self.isLegacy(document): self.takeLegacy(source)
    case _ where version.hasPrefix("metallb.io/") && !Self.reportKinds.contains(kind):
      self.places[Identity(kind: kind, key: self.key(of: document))] = source.place
      self.report(
        kind, self.key(of: document), "kind", "there is no kind \(kind) in \(version)",
        kind == "AddressPool"
          ? "Write an IPAddressPool, and an L2Advertisement or BGPAdvertisement that selects it."
          : "Write one of IPAddressPool, L2Advertisement, BGPAdvertisement, BGPPeer, BFDProfile, Community.")
    default: self.passedOver[kind, default: 0] += 1
    }
  }

  /// Kinds that MetalLB writes itself.
  private static let reportKinds: Set<String> = [
    ConfigurationState.type.kind, ServiceL2Status.type.kind, ServiceBGPStatus.type.kind,
  ]

  private func key(of document: JSONValue) -> ObjectKey {
    ObjectKey(
      namespace: document[path: "metadata", "namespace"]?.string ?? self.namespace,
      name: document[path: "metadata", "name"]?.string ?? "")
  }

  private mutating func report(
    _ kind: String, _ key: ObjectKey, _ field: String, _ message: String, _ remedy: String,
    _ severity: Problem.Severity = .invalid
  ) {
    self.problems.append(
      Problem(kind: kind, key: key, field: field, message: message, remedy: remedy, severity: severity))
  }

  // MARK: Configuration

  private mutating func take<R: KubernetesResource>(
    _ source: Source, _ type: R.Type, _ store: (inout ConfigurationObjects, R) -> Void
  ) {
    let kind = R.type.kind
    let key = self.key(of: source.document)
    let version = source.document["apiVersion"]?.string ?? ""
    let identity = Identity(kind: kind, key: key)
    if version != R.type.apiVersion {
      self.places[identity] = source.place
      self.report(
        kind, key, "apiVersion", "\(kind) is not in \(version)", "Write apiVersion: \(R.type.apiVersion).")
      return
    }
    if key.name.isEmpty {
      self.report(kind, key, "metadata.name", "the object has no name", "Give it a name.")
    } else if let other = self.places[identity] {
      self.report(
        kind, key, "metadata.name", "the object is there twice: in \(other) and in \(source.place)",
        "Remove one of the two, or give it another name.")
      return
    }
    self.places[identity] = source.place
    self.count += 1
    guard key.namespace == self.namespace else {
      self.report(
        kind, key, "metadata.namespace", "resource must be created in \(self.namespace) namespace",
        "Change the namespace; MetalLB does not see the object elsewhere.")
      return
    }
    do throws(DecodingFailure) {
      var object = try self.coder.decode(source.document, as: R.self)
      object.metadata.namespace = key.namespace
      if let known = self.coder.encode(object) { self.reportUnknownFields(of: source.document, known, identity) }
      store(&self.objects, object)
    } catch {
      self.objects.malformed.append(.init(kind: kind, key: key, reason: error.description))
    }
  }

  private mutating func reportUnknownFields(of document: JSONValue, _ known: JSONValue, _ identity: Identity) {
    let top = Set((document.object ?? [:]).keys).subtracting(["apiVersion", "kind", "metadata", "spec", "status"])
    let inside = UnknownFields.paths(in: document["spec"] ?? .null, known: known["spec"] ?? .null, at: "spec")
    for path in top.sorted() + inside {
      self.report(
        identity.kind, identity.key, path, "unknown field \(GoText.quoted(path)): the API server drops it",
        "Correct its name, or remove it.", .warning)
    }
  }

  // MARK: Other objects that count

  private mutating func takeSecret(_ source: Source) {
    guard self.key(of: source.document).namespace == self.namespace,
      var secret = try? self.coder.decode(source.document, as: Secret.self)
    else { return }
    secret.metadata.namespace = self.namespace
    self.objects.secrets = (self.objects.secrets ?? []) + [secret]
  }

  private func isLegacy(_ document: JSONValue) -> Bool {
    let key = self.key(of: document)
    return key.namespace == self.namespace && key.name == self.configMap
      && document[path: "data", "config"]?.string != nil
  }

  private mutating func takeLegacy(_ source: Source) {
    guard var object = try? self.coder.decode(source.document, as: ConfigMap.self) else { return }
    object.metadata.namespace = self.namespace
    let map = LegacyConfigMap(object) { text throws(DecodingFailure) in try self.coder.tree(text) }
    self.legacy = map
    self.places[Identity(kind: ConfigMap.type.kind, key: map.key)] = source.place
    self.count += 1
  }
}

/// Turns documents into objects and back; the decoders themselves are outside of what decides.
package protocol DocumentCoder: Sendable {
  func decode<R: KubernetesResource>(_ document: JSONValue, as type: R.Type) throws(DecodingFailure) -> R
  /// Nil if the object has no form in JSON.
  func encode(_ object: some KubernetesResource) -> JSONValue?
  /// A YAML text as a tree.
  func tree(_ text: String) throws(DecodingFailure) -> JSONValue
}

/// The fields of a document that its kind does not have.
enum UnknownFields {
  /// The paths of all members of a document that are not in `known`, which is what was understood of it.
  static func paths(in document: JSONValue, known: JSONValue, at path: String) -> [String] {
    switch (document, known) {
    case (.object(let members), .object(let understood)):
      members.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
        let place = "\(path).\(name)"
        guard value != .null else { return [] }
        guard let other = understood[name] else { return [place] }
        return Self.paths(in: value, known: other, at: place)
      }
    case (.array(let elements), .array(let understood)):
      zip(elements, understood).enumerated().flatMap { index, pair in
        Self.paths(in: pair.0, known: pair.1, at: "\(path)[\(index)]")
      }
    default: []
    }
  }
}
