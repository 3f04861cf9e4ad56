import KubernetesModel

/// The changes of one kind as they happen, read from the store's history at the reader's own pace.
///
/// A reader that falls behind further than the history reaches gets an `ERROR` with the 410 `Status` and then the end, as
/// from a real API server.
package struct WatchStream: AsyncSequence, Sendable {
  package struct Event: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
      case added = "ADDED"
      case modified = "MODIFIED"
      case deleted = "DELETED"
      case bookmark = "BOOKMARK"
      case error = "ERROR"
    }

    package var kind: Kind
    package var object: JSONValue

    package init(kind: Kind, object: JSONValue) {
      self.kind = kind
      self.object = object
    }
  }

  fileprivate let registry: APIRegistry
  fileprivate let definition: ResourceDefinition
  fileprivate let namespace: String?
  fileprivate let options: ListOptions
  fileprivate let initial: [Event]
  fileprivate let start: UInt64

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  package struct AsyncIterator: AsyncIteratorProtocol {
    private let stream: WatchStream
    private var waiting: ArraySlice<Event>
    private var revision: UInt64
    private var isOver = false

    fileprivate init(_ stream: WatchStream) {
      self.stream = stream
      self.waiting = stream.initial[...]
      self.revision = stream.start
    }

    /// The next event; nil after an error and when the task is cancelled.
    package mutating func next() async -> Event? {
      await self.next(before: nil)
    }

    /// The next event, or nil when there is none before the deadline.
    package mutating func next(before deadline: ContinuousClock.Instant?) async -> Event? {
      while !self.isOver {
        if let event = self.waiting.popFirst() {
          if event.kind == .error { self.isOver = true }
          return event
        }
        if let deadline, ContinuousClock.now >= deadline { return nil }
        if Task.isCancelled { return nil }
        await self.stream.registry.signal.wait(
          for: self.stream.definition.collection, after: self.revision, before: deadline)
        let (events, revision) = await self.stream.registry.events(for: self.stream, after: self.revision)
        self.waiting = events[...]
        self.revision = revision
      }
      return nil
    }

    package var hasEnded: Bool { self.isOver }
    /// Whether the next event is there already.
    package var hasNext: Bool { !self.isOver && !self.waiting.isEmpty }

    /// A bookmark: everything up to its version has been told.
    package func bookmark(isInitialEnd: Bool = false) -> Event {
      Self.bookmark(self.stream.definition, self.revision, isInitialEnd: isInitialEnd)
    }

    static func bookmark(_ definition: ResourceDefinition, _ revision: UInt64, isInitialEnd: Bool) -> Event {
      var metadata: JSONValue = ["resourceVersion": .string(String(revision))]
      if isInitialEnd { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
      return Event(
        kind: .bookmark,
        object: [
          "kind": .string(definition.type.kind), "apiVersion": .string(definition.type.apiVersion),
          "metadata": metadata,
        ])
    }
  }
}

extension APIRegistry {
  /// Watches a kind: from a version on; without one, or from version 0, with what exists told first.
  package func watch(
    _ type: ResourceType, namespace: String? = nil, options: ListOptions = ListOptions()
  ) throws(APIFailure) -> WatchStream {
    let definition = try self.definition(type)
    try definition.check(options.fields)
    let version = options.resourceVersion ?? ""
    guard let from = UInt64(version.isEmpty ? "0" : version) else {
      throw .internalError(
        "resourceVersion: Invalid value: \"\(version)\": strconv.ParseUint: parsing \"\(version)\": invalid syntax")
    }
    let namespace = definition.type.isNamespaced ? namespace : nil
    var initial: [WatchStream.Event] = []
    var start = from
    if options.sendsInitialEvents ?? (from == 0) {
      start = self.store.revision
      let page = try? self.store.page(of: definition.collection, namespace: namespace, where: options.matches)
      initial = (page?.items ?? []).map { .init(kind: .added, object: definition.presented($0)) }
      if options.sendsInitialEvents == true {
        initial.append(WatchStream.AsyncIterator.bookmark(definition, start, isInitialEnd: true))
      }
    } else if from == 0 {
      start = self.store.revision
    }
    return WatchStream(
      registry: self, definition: definition, namespace: namespace, options: options, initial: initial, start: start)
  }

  fileprivate func events(for stream: WatchStream, after revision: UInt64) -> ([WatchStream.Event], UInt64) {
    let changes: ArraySlice<ObjectStore.Change>
    do {
      changes = try self.store.changes(in: stream.definition.collection, after: revision)
    } catch {
      guard case .expired(let oldest) = error else { return ([], revision) }
      let failure = APIFailure.expired("too old resource version: \(revision) (\(oldest))")
      return ([.init(kind: .error, object: failure.status)], revision)
    }
    guard self.catalog.definition(stream.definition.type) != nil else {
      // The kind is gone: its objects' deletions are told, then the watch ends.
      let end = APIFailure(code: 404, reason: "NotFound", message: "the kind is no longer served")
      return (changes.compactMap { stream.event($0) } + [.init(kind: .error, object: end.status)], revision)
    }
    return (changes.compactMap { stream.event($0) }, Swift.max(revision, self.store.revision))
  }
}

extension WatchStream {
  /// What a change is to this watch: an object that begins to match is added, one that no longer does is deleted.
  fileprivate func event(_ change: ObjectStore.Change) -> Event? {
    if let namespace, change.key.namespace != namespace { return nil }
    let matched = change.previous.map { self.options.matches($0) } ?? false
    let matches = change.kind != .deleted && self.options.matches(change.object)
    switch (matched, matches) {
    case (false, false): return nil
    case (false, true): return Event(kind: .added, object: self.definition.presented(change.object))
    case (true, true): return Event(kind: .modified, object: self.definition.presented(change.object))
    case (true, false): return Event(kind: .deleted, object: self.definition.presented(change.object))
    }
  }
}

extension ChangeSignal {
  /// As `wait(for:after:)`, but not past the deadline.
  func wait(for collection: ResourceCollection, after revision: UInt64, before deadline: ContinuousClock.Instant?) async
  {
    guard let deadline else { return await self.wait(for: collection, after: revision) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait(for: collection, after: revision) }
      group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
      await group.next()
      group.cancelAll()
    }
  }
}
