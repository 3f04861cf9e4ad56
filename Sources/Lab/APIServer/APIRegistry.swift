import KubernetesModel
import Primitives

/// The one door to a lab cluster's objects: the HTTP server and the lab's own controllers both go through it.
///
///     create/update/patch ── defaults ── admission ── validation ──┐
///                    get/list ◀───────────────────────────── ObjectStore ──▶ history ──▶ WatchStream (each at its own pace)
///                      delete ── finalizers, grace, owners ────────┘
///
/// All decisions are functions of the stored objects, the request and the clock and dice that are handed in, so that tests
/// need neither sockets nor waiting.
package actor APIRegistry {
  /// What a cluster is set up with.
  package struct Settings: Sendable {
    package var serviceRanges: [IPPrefix]
    package var nodePorts: ClosedRange<Int>
    package var historyLimit: Int
    /// Where the `kubernetes` Service leads.
    package var advertisedAddress: IPAddress?
    package var advertisedPort: Int

    package init(
      serviceRanges: [IPPrefix] = [], nodePorts: ClosedRange<Int> = 30000...32767, historyLimit: Int = 4096,
      advertisedAddress: IPAddress? = nil, advertisedPort: Int = 6443
    ) {
      self.serviceRanges = serviceRanges
      self.nodePorts = nodePorts
      self.historyLimit = historyLimit
      self.advertisedAddress = advertisedAddress
      self.advertisedPort = advertisedPort
    }
  }

  package let settings: Settings
  nonisolated let clock: @Sendable () -> Timestamp
  var dice: SplitMix64
  var store: ObjectStore
  var catalog: ResourceCatalog
  var services: ServiceAllocations
  nonisolated let signal = ChangeSignal()

  package init(
    settings: Settings = Settings(), seed: UInt64 = UInt64.random(in: .min ... .max),
    clock: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    self.settings = settings
    self.clock = clock
    self.dice = SplitMix64(seed: seed)
    self.store = ObjectStore(historyLimit: settings.historyLimit)
    self.catalog = ResourceCatalog()
    self.services = ServiceAllocations(ranges: settings.serviceRanges, nodePorts: settings.nodePorts)
  }

  // MARK: Reading

  package var resources: ResourceCatalog { self.catalog }
  package var resourceVersion: String { String(self.store.revision) }

  func definition(_ type: ResourceType) throws(APIFailure) -> ResourceDefinition {
    guard let definition = self.catalog.definition(type) else { throw .unknownResource }
    return definition
  }

  package func get(_ type: ResourceType, _ key: ObjectKey) throws(APIFailure) -> JSONValue {
    let definition = try self.definition(type)
    guard let object = self.store.object(key, in: definition.collection) else { throw .notFound(type, key.name) }
    return definition.presented(object)
  }

  package func list(
    _ type: ResourceType, namespace: String? = nil, options: ListOptions = ListOptions()
  ) throws(APIFailure) -> ResourceListing {
    let definition = try self.definition(type)
    try definition.check(options.fields)
    var after: ObjectKey?
    var revision: UInt64?
    if let continuation = options.continuation {
      let token = try ContinueToken(continuation, resourceVersion: options.resourceVersion)
      after = token.after
      revision = token.revision
    } else if let wanted = options.resourceVersion, let asked = UInt64(wanted), asked > 0 {
      guard asked <= self.store.revision else {
        throw .resourceVersionTooLarge(asked, current: self.store.revision)
      }
      if options.match == .exact { revision = asked }
    }
    let servesFromCache = options.resourceVersion == "0" && options.continuation == nil
    let page: ObjectStore.Page
    do {
      page = try self.store.page(
        of: definition.collection, namespace: definition.type.isNamespaced ? namespace : nil, after: after,
        limit: servesFromCache ? nil : options.limit.flatMap { $0 > 0 ? $0 : nil }, at: revision,
        where: options.matches)
    } catch {
      guard let after else { throw .expired("The resourceVersion for the provided list is too old.") }
      var failure = APIFailure.expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
          + "the continue parameter, or use the continue token in this response to retrieve the remainder of the "
          + "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
          + "modified, or deleted between the time the first chunk was returned and now may show up in the list.")
      failure.continuation = ContinueToken(after: after, revision: nil).text
      throw failure
    }
    let hasSelector = options.labels != LabelSelector() || !options.fields.terms.isEmpty
    return ResourceListing(
      items: page.items.map { definition.presented($0) }, resourceVersion: String(page.revision),
      continuation: page.next.map { ContinueToken(after: $0, revision: page.revision).text },
      remaining: page.next == nil || hasSelector ? nil : page.remaining)
  }

  /// Forgets the history, so that watches and pages from before are told to start anew.
  package func compact() {
    self.store.compact()
    self.signal.raiseAll()
  }

  // MARK: Committing

  /// Tells watches of a change and does what follows from it.
  func committed(_ change: ObjectStore.Change) {
    self.services.note(change)
    if change.collection == ResourceCatalog.definitions { self.catalogChanged(by: change) }
    self.signal.raise(change.collection, change.revision)
  }

  func makeUID() -> String {
    var high = self.dice.next()
    var low = self.dice.next()
    high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    func hex(_ value: UInt64, _ digits: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    return "\(hex(high >> 32, 8))-\(hex(high >> 16 & 0xFFFF, 4))-\(hex(high & 0xFFFF, 4))"
      + "-\(hex(low >> 48, 4))-\(hex(low & 0xFFFF_FFFF_FFFF, 12))"
  }

  /// A suffix as the API server appends it to `generateName`: no vowels, so that it spells nothing.
  func makeSuffix() -> String {
    let letters = Array("bcdfghjklmnpqrstvwxz2456789")
    return String((0..<5).map { _ in letters[Int.random(in: 0..<letters.count, using: &self.dice)] })
  }
}

extension ResourceDefinition {
  /// Refuses a selector over a field that this kind cannot be selected by.
  func check(_ fields: FieldSelector) throws(APIFailure) {
    let known =
      ["metadata.name", "metadata.namespace"] + self.rules.selectableFields + (self.custom?.selectableFields ?? [])
    for term in fields.terms where !known.contains(term.path) {
      throw .badRequest("field label not supported: \(term.path)")
    }
  }
}
