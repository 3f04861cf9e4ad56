import KubernetesModel
import Primitives
import TestKit

@testable import Balancer

/// The speakers of one cluster with the status objects that they write, the API server that keeps these, and the network
/// between them, in virtual time.
///
/// Everything takes a while, a different one each time: writes and their answers, watches, what the failure detectors see,
/// frames and what speakers tell each other; a tenth of frames and words is lost, and of writes one in fifty. Watches of
/// a node that was cut off stay stale for up to fifteen seconds after it has been healed. What one watch brings stays in
/// order, and an address that is new on a link is told for five seconds there.
struct OwnershipSimulation {
  private enum Occurrence {
    case event(SpeakerState.Event)
    case report(NodeReports<ServiceL2Status>.Event)
    case write(NodeReports<ServiceL2Status>.Write, of: ObjectKey)
    case seen(ObjectChange<ServiceL2Status>)
    case catchUp
    case wake
    /// A burst of frames that tell of an address, of which so many follow.
    case burst(IPAddress, fresh: Int, following: Int)
    /// A frame of another node has come in.
    case heard(IPAddress, from: String)
    /// A question on the network for an address, and the end of the time in which it is answered.
    case ask(IPAddress)
    case unanswered(IPAddress)
  }

  private struct Entry {
    var at: ContinuousClock.Instant
    var order: Int
    var node: String
    var life: Int
    var occurrence: Occurrence
  }

  private struct Node {
    var speaker: SpeakerState
    var reports: NodeReports<ServiceL2Status>
    /// How often it has started; what is under way to an earlier life is lost.
    var life: Int
    var isUp = true
    /// Which side of a split network it is on; the clients and the API server are on 0.
    var side = 0
    var members: Set<String> = []
    /// What its watch has yet to bring; nil = the watch is up to date.
    var missed: [ObjectChange<ServiceL2Status>]?
    var watchedUntil = t0
    /// The same for the watch of Nodes.
    var nodesWatchedUntil = t0
    /// Which announcement of an address is the latest: the bursts of former ones end.
    var fresh: [IPAddress: Int] = [:]
    /// When who was heard to announce an address that is announced here, too.
    var contestedAt: [IPAddress: (at: ContinuousClock.Instant, by: String)] = [:]
    /// The addresses that it asks for, with the pauses between questions while somebody has them.
    var asked: [IPAddress: Duration] = [:]
    var wakeAt: ContinuousClock.Instant?
  }

  private(set) var now = t0
  /// How often a Service has got another announcer than the one before.
  private(set) var moves = 0
  /// The longest time that clients found nobody, though somebody could have announced, and that they found two.
  private(set) var longestSilence = Duration.zero
  private(set) var longestDouble = Duration.zero
  private(set) var writes = 0
  var isServerUp = true
  private var nodes: [String: Node] = [:]
  private var barred: Set<String> = []
  private var objects: [ObjectKey: ServiceL2Status] = [:]
  private var version = 0
  private var queue: [Entry] = []
  private var order = 0
  private var silentSince: [ObjectKey: ContinuousClock.Instant] = [:]
  private var doubleSince: [ObjectKey: ContinuousClock.Instant] = [:]
  private var lastAnnouncer: [ObjectKey: String] = [:]
  private var dice: SplitMix64
  private let services: [ExposedService]
  private let policy: (kind: String, holdDown: String?)
  let names: [String]

  init(nodes: Int, services: Int, policy: String, holdDown: String? = nil, seed: UInt64) {
    self.dice = SplitMix64(seed: seed)
    self.policy = (policy, holdDown)
    self.names = (1...nodes).map { "n\($0)" }
    self.services = (0..<services).map { number in
      ExposedService(
        key: ObjectKey(namespace: "default", name: "s\(number)"),
        ingress: .addresses([.v4(IPv4Address(bits: 0xC000_0200 + UInt32(number)))]))
    }
    for name in self.names { self.start(name) }
  }

  private static func address(of node: String) -> IPAddress {
    .v4(IPv4Address(bits: 0xC612_0000 + (UInt32(node.dropFirst()) ?? 0)))
  }

  // MARK: What happens

  /// A node comes, or comes back, with a speaker that knows nothing but what is written.
  mutating func start(_ name: String) {
    guard self.nodes[name]?.isUp != true, self.isServerUp else { return }
    let life = (self.nodes[name]?.life ?? 0) + 1
    var node = Node(
      speaker: SpeakerState(settings: .init(node: name, failureDetector: .gossip, families: [.ipv4])),
      reports: NodeReports(.init(node: name, namespace: "metallb-system"), seed: self.dice.next()), life: life)
    node.side = self.nodes[name]?.side ?? 0
    guard node.side == 0 else { return }
    self.nodes[name] = node
    for event in self.beginning { self.handle(event, by: name) }
    for object in self.objects.values.sorted(by: { $0.key < $1.key }) {
      self.handle(.ownership(.applied(OwnershipClaim(object))), by: name)
      self.report(.observed(.applied(object)), by: name)
    }
    self.handle(.ownership(.synced), by: name)
    self.report(.observed(.synced), by: name)
    self.meet(name)
    // After all that is wanted.
    self.enqueue(.report(.decided), for: name, after: .milliseconds(1))
    self.surveyAll()
  }

  private var beginning: [SpeakerState.Event] {
    let spec = L2Advertisement.Spec(electionPolicy: self.policy.kind, holdDown: self.policy.holdDown)
    var events: [SpeakerState.Event] = [
      .pools(.applied(AnnouncementStory.pool("main", ["192.0.2.0-192.0.3.255"]))), .pools(.synced),
      .l2Advertisements(
        .applied(L2Advertisement(metadata: ObjectMeta(name: "all", namespace: "metallb-system"), spec: spec))),
      .l2Advertisements(.synced), .interfaces([.ipv4: ["eth0"]]),
    ]
    events += self.names.map { .nodes(.applied(self.view(of: $0))) }
    for service in self.services {
      let endpoints = EndpointsView(key: service.key, service: service.key, isUsable: true, nodes: ["n1"])
      events += [.services(.applied(service)), .endpoints(.applied(endpoints))]
    }
    return events + [.nodes(.synced), .services(.synced), .endpoints(.synced)]
  }

  private func view(of name: String) -> NodeView {
    NodeView(
      name: name, labels: self.barred.contains(name) ? [NodeView.exclusionLabel: NodeView.drainValue] : [:],
      addresses: [Self.address(of: name)])
  }

  /// The newcomer sees whoever is there, and they see it some time later.
  private mutating func meet(_ name: String) {
    for other in self.names where other != name && self.isTogether(name, other) { self.sight(other, of: name) }
    let company = Set(self.names.filter { $0 == name || self.isTogether(name, $0) })
    self.setMembers(company, of: name)
  }

  private func isTogether(_ one: String, _ other: String) -> Bool {
    guard let one = self.nodes[one], let other = self.nodes[other] else { return false }
    return one.isUp && other.isUp && one.side == other.side
  }

  /// What one speaker learns of another: whether it is there, and when.
  private mutating func sight(_ observer: String, of name: String, within range: ClosedRange<Int> = 20...600) {
    let delay = Duration.milliseconds(Int.random(in: range, using: &self.dice))
    self.enqueue(.wake, for: observer, after: delay, then: name)
  }

  private mutating func setMembers(_ members: Set<String>, of name: String) {
    self.nodes[name]?.members = members
    let facts = members.map { ($0, LiveMembers.Facts(interfaces: [.ipv4: ["eth0"]])) }
    self.handle(.members(LiveMembers(members, facts: Dictionary(uniqueKeysWithValues: facts))), by: name)
  }

  /// A node is gone at once; what it has written stays.
  mutating func kill(_ name: String) {
    guard self.nodes[name]?.isUp == true else { return }
    self.nodes[name]?.isUp = false
    for other in self.names where other != name { self.sight(other, of: name, within: 300...600) }
    self.surveyAll()
  }

  mutating func drain(_ name: String, _ isBarred: Bool = true) {
    if isBarred { self.barred.insert(name) } else { self.barred.remove(name) }
    let view = self.view(of: name)
    for other in self.names {
      guard let node = self.nodes[other], node.isUp else { continue }
      let at = max(node.nodesWatchedUntil, self.now + self.delay(5...80))
      self.nodes[other]?.nodesWatchedUntil = at
      self.enqueue(.event(.nodes(.applied(view))), for: other, after: at - self.now)
    }
    // Whom nobody may serve any more is not without an answer for want of anybody.
    self.surveyAll()
  }

  /// A node hears nobody any more, nor the API server.
  mutating func cut(_ name: String) {
    guard self.nodes[name]?.isUp == true else { return }
    self.nodes[name]?.side = 1
    if self.nodes[name]?.missed == nil { self.nodes[name]?.missed = [] }
    for other in self.names where other != name {
      self.sight(other, of: name, within: 300...600)
      self.sight(name, of: other, within: 300...600)
    }
    self.surveyAll()
  }

  /// The network is whole again; unless that was a matter of switches far away, the link of the node comes up.
  mutating func heal(_ name: String, isLinkUp: Bool = true) {
    guard self.nodes[name]?.side == 1 else { return }
    self.nodes[name]?.side = 0
    for other in self.names where other != name {
      self.sight(other, of: name, within: 50...700)
      self.sight(name, of: other, within: 50...700)
    }
    self.enqueue(.catchUp, for: name, after: self.delay(10...15_000))
    // All that it announces is told anew.
    for address in isLinkUp ? self.nodes[name]?.speaker.claimed.keys.sorted() ?? [] : [] {
      self.shout(address, from: name)
    }
    self.surveyAll()
  }

  /// Somebody deletes a status object by hand.
  mutating func deleteAnyObject() {
    guard let key = self.objects.keys.sorted().randomElement(using: &self.dice) else { return }
    self.objects[key] = nil
    self.publish(.deleted(key))
  }

  // MARK: Time

  mutating func run(_ time: Duration) {
    let end = self.now + time
    while let entry = self.queue.last, entry.at <= end {
      self.queue.removeLast()
      self.now = max(self.now, entry.at)
      self.perform(entry)
    }
    self.now = end
  }

  private var sights: [Int: String] = [:]

  private mutating func enqueue(
    _ occurrence: Occurrence, for name: String, after delay: Duration, then sighted: String? = nil
  ) {
    guard let life = self.nodes[name]?.life else { return }
    self.order += 1
    if let sighted { self.sights[self.order] = sighted }
    let entry = Entry(at: self.now + delay, order: self.order, node: name, life: life, occurrence: occurrence)
    // What comes first is last; of what comes at once, what was caused first.
    var (low, high) = (0, self.queue.count)
    while low < high {
      let middle = (low + high) / 2
      if self.queue[middle].at > entry.at { low = middle + 1 } else { high = middle }
    }
    self.queue.insert(entry, at: low)
  }

  private mutating func delay(_ range: ClosedRange<Int>) -> Duration {
    .milliseconds(Int.random(in: range, using: &self.dice))
  }

  private mutating func isLost(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self.dice) < share }

  private mutating func perform(_ entry: Entry) {
    let sighted = self.sights.removeValue(forKey: entry.order)
    guard let node = self.nodes[entry.node], node.isUp, node.life == entry.life else { return }
    switch entry.occurrence {
    case .event(let event): self.handle(event, by: entry.node)
    case .report(let event): self.report(event, by: entry.node)
    case .write(let write, let subject): self.serve(write, of: subject, from: entry.node)
    case .seen(let change): self.see(change, by: entry.node)
    case .burst(let address, let fresh, let following):
      guard node.fresh[address] == fresh, node.speaker.claimed[address] != nil else { return }
      self.sendFrames(of: address, from: entry.node)
      guard following > 0 else { return }
      self.enqueue(
        .burst(address, fresh: fresh, following: following - 1), for: entry.node, after: .milliseconds(1100))
    case .heard(let address, let other): self.hear(address, from: other, by: entry.node)
    case .ask(let address):
      if !self.isAnswered(address, for: entry.node) {
        self.enqueue(.unanswered(address), for: entry.node, after: .milliseconds(700))
      }
    case .unanswered(let address):
      guard node.asked[address] != nil, !self.isAnswered(address, for: entry.node) else { return }
      self.nodes[entry.node]?.asked[address] = nil
      self.handle(.addressFree(address), by: entry.node)
    case .catchUp:
      guard node.side == 0, let missed = node.missed else { return }
      self.nodes[entry.node]?.missed = nil
      for change in missed { self.see(change, by: entry.node) }
    case .wake:
      if let sighted {
        var members = node.members
        if self.isTogether(entry.node, sighted) { members.insert(sighted) } else { members.remove(sighted) }
        if members != node.members { self.setMembers(members, of: entry.node) }
      } else if node.wakeAt == entry.at {
        self.nodes[entry.node]?.wakeAt = nil
        self.handle(.tick, by: entry.node)
        self.report(.tick, by: entry.node)
      }
    }
  }

  private mutating func schedule(_ name: String) {
    guard let node = self.nodes[name] else { return }
    guard let deadline = [node.speaker.nextDeadline, node.reports.nextDeadline].compactMap(\.self).min() else { return }
    let at = max(deadline, self.now)
    if let wakeAt = node.wakeAt, wakeAt <= at { return }
    self.nodes[name]?.wakeAt = at
    self.enqueue(.wake, for: name, after: at - self.now)
  }

  // MARK: Speakers

  private mutating func handle(_ event: SpeakerState.Event, by name: String) {
    guard let actions = self.nodes[name]?.speaker.handle(event, at: self.now) else { return }
    for action in actions {
      switch action {
      case .announce(.layer2(let announcement)):
        let wish = NodeReports<ServiceL2Status>.Event.wanted(
          announcement.service, announcement.interfaces, term: announcement.term)
        self.enqueue(.report(wish), for: name, after: .milliseconds(1))
      case .withdraw(let service, _, .layer2, _), .abandonBid(let service):
        self.enqueue(.report(.unwanted(service)), for: name, after: .milliseconds(1))
      case .bid(let service, let interfaces, let term):
        self.enqueue(.report(.wanted(service, interfaces, term: term)), for: name, after: .milliseconds(1))
      case .claim(let address, _):
        self.shout(address, from: name)
        self.survey(address)
      case .release(let address): self.survey(address)
      case .defend(let address):
        self.sendFrames(of: address, from: name)
      case .tell(let other, let notice):
        guard self.isTogether(name, other), !self.isLost(0.1) else { continue }
        self.enqueue(.event(.told(notice)), for: other, after: self.delay(1...50))
      case .probe(let address, _, let pause):
        self.nodes[name]?.asked[address] = pause
        self.enqueue(.ask(address), for: name, after: .zero)
      case .abandonProbe(let address): self.nodes[name]?.asked[address] = nil
      default: break
      }
    }
    self.schedule(name)
  }

  /// Whether somebody answers for an address that a node asks for, which is asked again then.
  private mutating func isAnswered(_ address: IPAddress, for name: String) -> Bool {
    guard let pause = self.nodes[name]?.asked[address],
      let other = self.names.first(where: {
        $0 != name && self.isTogether(name, $0) && self.nodes[$0]?.speaker.claimed[address] != nil
      })
    else { return false }
    let holder = AddressHolder(hardware: .broadcast, interface: "eth0", addresses: [Self.address(of: other)])
    self.enqueue(.event(.addressOccupied(address, by: holder)), for: name, after: self.delay(1...20))
    self.enqueue(.ask(address), for: name, after: pause)
    return true
  }

  /// The neighbours are told of an announcement.
  private mutating func shout(_ address: IPAddress, from name: String) {
    self.order += 1
    self.nodes[name]?.fresh[address] = self.order
    self.enqueue(.burst(address, fresh: self.order, following: 4), for: name, after: .zero)
  }

  private mutating func sendFrames(of address: IPAddress, from name: String) {
    // A burst of ARP is two frames.
    for other in self.names
    where other != name && self.isTogether(name, other) && !(self.isLost(0.1) && self.isLost(0.1)) {
      self.enqueue(.heard(address, from: name), for: other, after: self.delay(1...20))
    }
  }

  /// Of somebody who goes on a speaker is told once a second.
  private mutating func hear(_ address: IPAddress, from other: String, by name: String) {
    guard let node = self.nodes[name], node.speaker.claimed[address] != nil else { return }
    if let last = node.contestedAt[address], last.by == other, self.now - last.at < .seconds(1) { return }
    self.nodes[name]?.contestedAt[address] = (self.now, other)
    let holder = AddressHolder(hardware: .broadcast, interface: "eth0", addresses: [Self.address(of: other)])
    self.handle(.addressContested(address, by: holder), by: name)
  }

  // MARK: The API server

  private mutating func report(_ event: NodeReports<ServiceL2Status>.Event, by name: String) {
    guard let actions = self.nodes[name]?.reports.handle(event, at: self.now) else { return }
    for case .write(let write, let subject) in actions {
      self.enqueue(.write(write, of: subject), for: name, after: self.delay(2...30))
    }
    self.schedule(name)
  }

  private mutating func serve(
    _ write: NodeReports<ServiceL2Status>.Write, of subject: ObjectKey, from name: String
  ) {
    self.writes += 1
    func answer(_ outcome: NodeReports<ServiceL2Status>.Outcome, after delay: Duration) {
      if case .succeeded(let report?) = outcome {
        self.enqueue(.event(.ownership(.applied(OwnershipClaim(report)))), for: name, after: delay)
      }
      self.enqueue(.report(.written(subject, outcome)), for: name, after: delay)
    }
    guard self.isServerUp, self.nodes[name]?.side == 0, !self.isLost(0.02) else {
      return answer(.failed, after: .seconds(1))
    }
    self.version += 1
    let delay = self.delay(2...30)
    switch write {
    case .create(var report):
      report.metadata.name = (report.metadata.generateName ?? "") + "\(self.version)"
      report.metadata.resourceVersion = "\(self.version)"
      self.objects[report.key] = report
      self.publish(.applied(report))
      answer(.succeeded(report), after: delay)
    case .writeStatus(var report):
      guard self.objects[report.key]?.metadata.resourceVersion == report.metadata.resourceVersion else {
        return answer(.overtaken, after: delay)
      }
      report.metadata.resourceVersion = "\(self.version)"
      self.objects[report.key] = report
      self.publish(.applied(report))
      answer(.succeeded(report), after: delay)
    case .delete(let key, _):
      guard self.objects.removeValue(forKey: key) != nil else { return answer(.overtaken, after: delay) }
      self.publish(.deleted(key))
      answer(.succeeded(nil), after: delay)
    }
  }

  private mutating func publish(_ change: ObjectChange<ServiceL2Status>) {
    for name in self.names {
      guard let node = self.nodes[name], node.isUp else { continue }
      if node.missed != nil {
        self.nodes[name]?.missed?.append(change)
        continue
      }
      let at = max(node.watchedUntil, self.now + self.delay(2...120))
      self.nodes[name]?.watchedUntil = at
      self.enqueue(.seen(change), for: name, after: at - self.now)
    }
  }

  private mutating func see(_ change: ObjectChange<ServiceL2Status>, by name: String) {
    if self.nodes[name]?.missed != nil {
      self.nodes[name]?.missed?.append(change)
      return
    }
    self.handle(.ownership(change.map(OwnershipClaim.init)), by: name)
    self.report(.observed(change), by: name)
  }

  // MARK: What came of it

  private func announcers(of service: ExposedService) -> [String] {
    guard let address = service.addresses.first else { return [] }
    return self.names.filter { name in
      guard let node = self.nodes[name] else { return false }
      return node.isUp && node.side == 0 && node.speaker.claimed[address] != nil
    }
  }

  private mutating func survey(_ address: IPAddress) {
    for service in self.services where service.addresses.first == address { self.survey(service) }
  }

  private mutating func surveyAll() {
    for service in self.services { self.survey(service) }
  }

  private mutating func survey(_ service: ExposedService) {
    let (key, announcers) = (service.key, self.announcers(of: service))
    let couldBe = self.names.contains {
      self.nodes[$0]?.isUp == true && self.nodes[$0]?.side == 0 && !self.barred.contains($0)
    }
    if announcers.isEmpty && couldBe {
      self.silentSince[key] = self.silentSince[key] ?? self.now
    } else if let since = self.silentSince.removeValue(forKey: key), self.lastAnnouncer[key] != nil {
      self.longestSilence = max(self.longestSilence, self.now - since)
    }
    if announcers.count > 1 {
      self.doubleSince[key] = self.doubleSince[key] ?? self.now
    } else if let since = self.doubleSince.removeValue(forKey: key) {
      self.longestDouble = max(self.longestDouble, self.now - since)
    }
    guard announcers.count == 1, let announcer = announcers.first, self.lastAnnouncer[key] != announcer else { return }
    if self.lastAnnouncer[key] != nil { self.moves += 1 }
    self.lastAnnouncer[key] = announcer
  }

  /// The nodes that announce each Service, by its name, for the clients.
  var owners: [String: [String]] {
    Dictionary(uniqueKeysWithValues: self.services.map { ($0.key.name, self.announcers(of: $0)) })
  }

  var loads: [Int] {
    let counts = Dictionary(grouping: self.owners.values.flatMap(\.self)) { $0 }.mapValues(\.count)
    return self.names.filter { self.nodes[$0]?.isUp == true && !self.barred.contains($0) }.map { counts[$0] ?? 0 }
  }

  /// What has been counted so far is forgotten.
  mutating func openBooks() {
    (self.longestSilence, self.longestDouble) = (.zero, .zero)
  }

  /// The longest of what is still going on.
  mutating func closeBooks() {
    for since in self.silentSince.values { self.longestSilence = max(self.longestSilence, self.now - since) }
    for since in self.doubleSince.values { self.longestDouble = max(self.longestDouble, self.now - since) }
  }

  var objectCount: Int { self.objects.count }
}
