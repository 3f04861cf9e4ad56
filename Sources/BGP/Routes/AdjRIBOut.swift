import Primitives

/// The routes that one peer should have, and those that it was sent (RFC 4271 section 1.1): the difference is what is sent
/// next.
///
///     setRoute ──▶ desired ─┬─ differs ──▶ queue ──nextBatch──▶ UPDATEs, packed ──▶ sent
///     refresh  ──▶ sent := stale ─┘
///
/// The cost of a change is that of its prefixes; only the start of a session and a refresh look at the whole table. A prefix
/// waits at most once, and what is sent is what is desired then: a peer that reads slowly misses what is out of date.
package struct AdjRIBOut: Sendable, Equatable {
  /// What is due when the queue has been read up to a position.
  private struct Mark: Sendable, Equatable {
    enum Moment: Sendable, Equatable {
      case endOfRIB(IPFamily)
      case refreshBegins(IPFamily)
      case refreshEnds(IPFamily)
    }

    let position: Int
    let moment: Moment
  }

  /// A family that is being sent again.
  private struct Refresh: Sendable, Equatable {
    /// Whether the peer knows messages for its beginning and its end.
    let isEnhanced: Bool
    /// Whether it has been asked for once more since it began.
    var isWantedAgain = false
  }

  /// How many prefixes are looked at for one batch: so much is written before anything else gets its turn.
  static let batchSize = 4096

  private var entries = PrefixTable<AdjRIBEntry>()
  private var routes = RouteRegister()
  private var policy: ExportPolicy?
  private(set) var queue: [IPPrefix] = []
  private var head = 0
  /// The position of the first element of `queue` since the session began.
  private var base = 0
  private var marks: [Mark] = []
  private var refreshes: [IPFamily: Refresh] = [:]
  /// Those that have become oversized since somebody asked.
  private var oversizedNews: [IPPrefix] = []

  /// How many prefixes the peer should have and cannot be told.
  package private(set) var oversizedCount = 0
  /// How many prefixes the peer has.
  package private(set) var sentCount = 0
  /// How many prefixes it should have.
  package private(set) var desiredCount = 0

  package init() {}

  /// How many prefixes wait to be told, or withdrawn.
  package var pendingCount: Int { self.queue.count - self.head }

  package var hasWork: Bool { self.pendingCount > 0 || !self.marks.isEmpty }

  /// The routes that the peer should have, for status.
  package func desiredRoute(of prefix: IPPrefix) -> Route? {
    self.entries[prefix]?.desired.map { self.routes[$0] }
  }

  // MARK: - Changes

  /// Changes what the peer should have of some prefixes; nil = nothing.
  package mutating func setRoutes(_ routes: [IPPrefix: Route?]) {
    if routes.count > Self.batchSize {
      let count = routes.keys.count { $0.family == .ipv4 }
      self.entries.reserve(ipv4: count, ipv6: routes.count - count)
    }
    for (prefix, route) in routes { self.setRoute(route, for: prefix) }
  }

  /// Changes what the peer should have of a prefix; nil = nothing.
  package mutating func setRoute(_ route: Route?, for prefix: IPPrefix) {
    var entry = self.entries[prefix] ?? AdjRIBEntry()
    let old = entry.desired
    entry.desired = route.map { self.routes.retain($0) }
    if let old { self.routes.release(old) }
    self.desiredCount += (entry.desired == nil ? 0 : 1) - (old == nil ? 0 : 1)
    if entry.desired == nil { self.clearOversized(&entry) }
    self.enqueue(prefix, &entry)
    self.entries[prefix] = entry.isVacant ? nil : entry
  }

  /// A session is up: everything is to be sent, and then that it was everything.
  package mutating func sessionOpened(_ policy: ExportPolicy) {
    self.sessionClosed()
    self.policy = policy
    for family in IPFamily.allCases {
      self.updateEntries(family) { routes, prefix, entry in routes.enqueue(prefix, &entry) }
    }
    for family in policy.nextHops.keys.sorted() { self.mark(.endOfRIB(family)) }
  }

  /// The session is gone: the peer has nothing.
  package mutating func sessionClosed() {
    self.policy = nil
    self.queue = []
    (self.head, self.base) = (0, 0)
    self.marks = []
    self.refreshes = [:]
    for family in IPFamily.allCases {
      self.updateEntries(family) { routes, _, entry in
        routes.note(.nothing, in: &entry)
        routes.clearOversized(&entry)
        entry.isQueued = false
      }
    }
  }

  /// Everything of a family is to be sent again (RFC 2918), between a beginning and an end if the peer knows those
  /// (RFC 7313 section 4).
  ///
  /// One that is asked for while another is under way begins when that has ended, however often it is asked for: at the end of
  /// the first the peer would drop what only the second is still to bring. And who keeps asking costs one table at a time.
  package mutating func refresh(_ family: IPFamily, isEnhanced: Bool) {
    guard self.policy?.nextHops[family] != nil else { return }
    guard self.refreshes[family] == nil else {
      let hasBegun = !self.marks.contains { $0.moment == .refreshBegins(family) }
      if hasBegun { self.refreshes[family]?.isWantedAgain = true }
      return
    }
    self.refreshes[family] = Refresh(isEnhanced: isEnhanced)
    // Before all that waits: what is told between the two is all that the peer will keep.
    let beginning = Mark(position: self.base + self.head, moment: .refreshBegins(family))
    self.marks.insert(beginning, at: self.marks.firstIndex { $0.position > beginning.position } ?? self.marks.count)
    self.resend(family)
    self.mark(.refreshEnds(family))
  }

  /// The same routes look different from now on: those of each family that do are all sent again, or withdrawn if there is no
  /// next hop for them any more.
  package mutating func policyChanged(_ policy: ExportPolicy) {
    guard let former = self.policy else { return }
    self.policy = policy
    for family in IPFamily.allCases where former.only(family) != policy.only(family) {
      self.resend(family)
      if former.nextHops[family] == nil, policy.nextHops[family] != nil { self.mark(.endOfRIB(family)) }
    }
  }

  private mutating func resend(_ family: IPFamily) {
    self.updateEntries(family) { routes, prefix, entry in
      if entry.sent != .nothing { routes.note(.stale, in: &entry) }
      routes.enqueue(prefix, &entry)
    }
  }

  /// Shows all entries of a family to `body`; those that it leaves vacant go.
  private mutating func updateEntries(
    _ family: IPFamily, _ body: (inout AdjRIBOut, IPPrefix, inout AdjRIBEntry) -> Void
  ) {
    // Out of `self` meanwhile, so that both can be changed.
    var entries = PrefixTable<AdjRIBEntry>()
    swap(&entries, &self.entries)
    entries.update(family) { prefix, entry in
      body(&self, prefix, &entry)
      return !entry.isVacant
    }
    swap(&entries, &self.entries)
  }

  private mutating func enqueue(_ prefix: IPPrefix, _ entry: inout AdjRIBEntry) {
    guard !entry.isQueued, !entry.isCurrent, entry.sent != .nothing || self.policy?.nextHops[prefix.family] != nil
    else { return }
    entry.isQueued = true
    self.queue.append(prefix)
  }

  private mutating func mark(_ moment: Mark.Moment) {
    self.marks.append(Mark(position: self.base + self.queue.count, moment: moment))
  }

  private mutating func note(_ sent: AdjRIBEntry.Sent, in entry: inout AdjRIBEntry) {
    let old = entry.sent
    if case .route(let key) = sent { self.routes.retain(key) }
    if case .route(let key) = old { self.routes.release(key) }
    self.sentCount += (sent == .nothing ? 0 : 1) - (old == .nothing ? 0 : 1)
    entry.sent = sent
  }

  // MARK: - Sending

  /// What to send next, and from now on counted as sent; none if the peer has everything.
  package mutating func nextBatch() -> [Message] {
    guard let policy = self.policy else { return [] }
    let packer = UpdatePacker(policy: policy)
    var messages: [Message] = []
    while messages.isEmpty && self.hasWork {
      self.takeMarks(&messages)
      let end = min(self.head + Self.batchSize, self.marks.first.map { $0.position - self.base } ?? self.queue.count)
      self.send(self.queue[self.head..<min(end, self.queue.count)], packer, &messages)
      self.head = min(end, self.queue.count)
      self.takeMarks(&messages)
      self.shorten()
    }
    return messages
  }

  /// Lets go of what has been read, once it is most of the queue: under changes without end the queue is never empty.
  private mutating func shorten() {
    if self.head == self.queue.count {
      self.base += self.head
      self.queue.removeAll(keepingCapacity: self.queue.capacity <= Self.batchSize)
      self.head = 0
    } else if self.head >= Self.batchSize, self.head * 2 >= self.queue.count {
      self.base += self.head
      self.queue.removeFirst(self.head)
      self.head = 0
    }
  }

  private mutating func takeMarks(_ messages: inout [Message]) {
    while let mark = self.marks.first, mark.position <= self.base + self.head {
      self.marks.removeFirst()
      switch mark.moment {
      case .endOfRIB(let family): messages.append(.update(.endOfRIB(family)))
      case .refreshBegins(let family): self.frame(.beginning, family, &messages)
      case .refreshEnds(let family):
        self.frame(.end, family, &messages)
        guard let refresh = self.refreshes.removeValue(forKey: family), refresh.isWantedAgain else { continue }
        self.refresh(family, isEnhanced: refresh.isEnhanced)
      }
    }
  }

  private func frame(_ subtype: RouteRefresh.Subtype, _ family: IPFamily, _ messages: inout [Message]) {
    guard self.refreshes[family]?.isEnhanced == true else { return }
    messages.append(.routeRefresh(RouteRefresh(subtype, AddressFamily(family))))
  }

  private struct Group: Hashable {
    let family: IPFamily
    let key: RouteRegister.Key
  }

  private mutating func send(_ chunk: ArraySlice<IPPrefix>, _ packer: UpdatePacker, _ messages: inout [Message]) {
    var gone: [IPFamily: [IPPrefix]] = [:]
    var groups: [Group: [IPPrefix]] = [:]
    var order: [Group] = []
    for prefix in chunk {
      guard var entry = self.entries[prefix] else { continue }
      entry.isQueued = false
      if entry.isCurrent {
        self.entries[prefix] = entry.isVacant ? nil : entry
        continue
      }
      self.entries[prefix] = entry
      if let key = entry.desired, packer.policy.nextHops[prefix.family] != nil {
        let group = Group(family: prefix.family, key: key)
        if groups[group] == nil { order.append(group) }
        groups[group, default: []].append(prefix)
      } else if entry.sent != .nothing {
        gone[prefix.family, default: []].append(prefix)
      }
    }
    for group in order {
      let prefixes = groups[group] ?? []
      guard let updates = packer.announcements(of: prefixes, self.routes[group.key], group.family) else {
        // Attributes that fill a message: better no route than one that says something else.
        gone[group.family, default: []] += prefixes.filter { self.entries[$0]?.sent != .nothing }
        for prefix in prefixes { self.setOversized(true, prefix) }
        continue
      }
      messages += updates.map(Message.update)
      for prefix in prefixes { self.settle(prefix, .route(group.key)) }
    }
    for family in gone.keys.sorted() {
      let prefixes = gone[family] ?? []
      messages += packer.withdrawals(of: prefixes, family).map(Message.update)
      for prefix in prefixes { self.settle(prefix, .nothing) }
    }
  }

  private mutating func settle(_ prefix: IPPrefix, _ sent: AdjRIBEntry.Sent) {
    if sent != .nothing { self.setOversized(false, prefix) }
    guard var entry = self.entries[prefix] else { return }
    self.note(sent, in: &entry)
    self.entries[prefix] = entry.isVacant ? nil : entry
  }

  // MARK: - What cannot be sent

  private mutating func setOversized(_ isOversized: Bool, _ prefix: IPPrefix) {
    guard let entry = self.entries[prefix], entry.isOversized != isOversized else { return }
    self.entries[prefix]?.isOversized = isOversized
    self.oversizedCount += isOversized ? 1 : -1
    if isOversized { self.oversizedNews.append(prefix) }
  }

  private mutating func clearOversized(_ entry: inout AdjRIBEntry) {
    guard entry.isOversized else { return }
    entry.isOversized = false
    self.oversizedCount -= 1
  }

  /// The prefixes that have turned out to be oversized since this was asked last.
  package mutating func takeOversized() -> [IPPrefix] {
    defer { self.oversizedNews = [] }
    return self.oversizedNews
  }
}
