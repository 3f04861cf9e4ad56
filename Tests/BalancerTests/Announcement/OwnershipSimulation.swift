import KubernetesModel
import Primitives
import TestKit

@testable import Balancer

/// Several speakers of one cluster, the network between them and the status objects that they write; news arrive in an
/// order of their own at each.
struct OwnershipSimulation {
  private(set) var speakers: [String: SpeakerState] = [:]
  private(set) var now = t0
  /// How often an address has had a new owner.
  private(set) var moves = 0
  private var members: Set<String> = []
  private var pending: [(node: String, event: SpeakerState.Event)] = []
  private var claims: [ObjectKey: OwnershipClaim] = [:]
  private var claimCount: Int64 = 0
  private var lastOwner: [ObjectKey: String] = [:]
  private var defences: Set<String> = []
  private var dice: SplitMix64
  private let services: [ExposedService]
  private let policy: String

  init(nodes: [String], serviceCount: Int, policy: String, seed: UInt64) {
    self.dice = SplitMix64(seed: seed)
    self.policy = policy
    self.services = (0..<serviceCount).map { number in
      ExposedService(
        key: ObjectKey(namespace: "default", name: "s\(number)"),
        ingress: .addresses([.v4(IPv4Address(bits: 0xC000_0200 + UInt32(number)))]))
    }
    for node in nodes { self.start(node) }
    self.settle()
  }

  private static func address(of node: String) -> IPAddress {
    .v4(IPv4Address(bits: 0xC612_0000 + UInt32(node.utf8.reduce(0) { ($0 * 31 + Int($1)) % 60_000 })))
  }

  // MARK: What happens

  /// A node comes, or comes back, with a speaker that knows nothing but what is written.
  mutating func start(_ node: String) {
    var speaker = SpeakerState(settings: .init(node: node, failureDetector: .gossip, families: [.ipv4]))
    var events: [SpeakerState.Event] = [
      .pools(.applied(AnnouncementStory.pool("main", ["192.0.2.0-192.0.3.255"]))), .pools(.synced),
      .l2Advertisements(
        .applied(
          L2Advertisement(
            metadata: ObjectMeta(name: "all", namespace: "metallb-system"),
            spec: .init(electionPolicy: self.policy, holdDown: "60s")))), .l2Advertisements(.synced),
      .interfaces([.ipv4: ["eth0"]]),
    ]
    events += (1...20).map { .nodes(.applied(NodeView(name: "n\($0)", addresses: [Self.address(of: "n\($0)")]))) }
    for service in self.services {
      events.append(.services(.applied(service)))
      events.append(
        .endpoints(.applied(EndpointsView(key: service.key, service: service.key, isUsable: true, nodes: ["n1"]))))
    }
    events += self.claims.values.map { .ownership(.applied($0)) }
    events += [.nodes(.synced), .services(.synced), .endpoints(.synced), .ownership(.synced)]
    for event in events { _ = speaker.handle(event, at: self.now) }
    self.speakers[node] = speaker
    self.members.insert(node)
    self.tellMembers()
  }

  /// A node is gone at once; what it has written stays.
  mutating func kill(_ node: String) {
    self.speakers[node] = nil
    self.pending.removeAll { $0.node == node }
    self.members.remove(node)
    self.tellMembers()
  }

  private mutating func tellMembers() {
    let facts = self.members.map { ($0, LiveMembers.Facts(interfaces: [.ipv4: ["eth0"]])) }
    self.tell(.members(LiveMembers(self.members, facts: Dictionary(uniqueKeysWithValues: facts))))
  }

  private mutating func tell(_ event: SpeakerState.Event, except: String? = nil) {
    for node in self.speakers.keys where node != except { self.pending.append((node, event)) }
  }

  /// Until there is nothing left to be told.
  mutating func settle() {
    var count = 0
    while !self.pending.isEmpty {
      count += 1
      // They have to come to rest.
      guard count < 50_000 else { return self.pending = [] }
      // What one speaker hears keeps its order; between speakers there is none.
      let node = self.pending[Int.random(in: self.pending.indices, using: &self.dice)].node
      guard let index = self.pending.firstIndex(where: { $0.node == node }) else { continue }
      let (_, event) = self.pending.remove(at: index)
      self.handle(event, at: node)
    }
  }

  mutating func wait(_ time: Duration) {
    let end = self.now + time
    while let (node, deadline) = self.speakers.compactMap({ node, state in state.nextDeadline.map { (node, $0) } })
      .min(by: { ($0.1, $0.0) < ($1.1, $1.0) }), deadline <= end
    {
      self.now = max(self.now, deadline)
      self.defences = []
      self.handle(.tick, at: node)
      self.settle()
    }
    self.now = end
  }

  private mutating func handle(_ event: SpeakerState.Event, at node: String) {
    guard let actions = self.speakers[node]?.handle(event, at: self.now) else { return }
    for action in actions {
      switch action {
      case .announce(.layer2(let announcement)): self.write(announcement.service, by: node)
      case .withdraw(let service, _, .layer2, _): self.erase(service) { $0.node == node }
      case .claim(let address, _): self.hear(address, from: node)
      // A speaker defends an address once a second at most.
      case .defend(let address) where self.defences.insert("\(node) \(address)").inserted:
        self.hear(address, from: node)
      default: break
      }
    }
  }

  private mutating func write(_ service: ObjectKey, by node: String) {
    if self.lastOwner[service] != node { self.moves += 1 }
    self.lastOwner[service] = node
    self.claimCount += 1
    let claim = OwnershipClaim(
      key: ObjectKey(namespace: "metallb-system", name: "l2-\(self.claimCount)"), service: service, node: node,
      createdAt: Timestamp(seconds: self.claimCount))
    self.erase(service) { _ in true }
    self.claims[claim.key] = claim
    self.tell(.ownership(.applied(claim)))
  }

  private mutating func erase(_ service: ObjectKey, where matches: (OwnershipClaim) -> Bool) {
    for claim in self.claims.values where claim.service == service && matches(claim) {
      self.claims[claim.key] = nil
      self.tell(.ownership(.deleted(claim.key)))
    }
  }

  private mutating func hear(_ address: IPAddress, from node: String) {
    let holder = AddressHolder(hardware: .broadcast, interface: "eth0", addresses: [Self.address(of: node)])
    for (other, speaker) in self.speakers where other != node && speaker.claimed[address] != nil {
      self.pending.append((other, .addressContested(address, by: holder)))
    }
  }

  // MARK: What came of it

  /// The nodes that announce each Service.
  var owners: [ObjectKey: [String]] {
    var owners = Dictionary(uniqueKeysWithValues: self.services.map { ($0.key, [String]()) })
    for (node, speaker) in self.speakers.sorted(by: { $0.key < $1.key }) {
      for service in speaker.announcements.keys { owners[service, default: []].append(node) }
    }
    return owners
  }

  var loads: [String: Int] { self.speakers.mapValues { $0.announcements.count } }
}
