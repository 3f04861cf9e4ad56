import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// Random clusters: what incremental decisions come to, against a fresh look and against the rules written down plainly.
@Suite struct SpeakerAgreementTests {
  private static let nodes = ["w1", "w2", "w3", "w4", "w5"]

  /// A cluster as the API server has it; random lines change it.
  fileprivate struct Cluster {
    var dice: SplitMix64
    var lines: [String: String] = [:]

    init(seed: UInt64) {
      self.dice = SplitMix64(seed: seed)
      self.change("pool a", to: "192.0.2.0/25 tier=gold")
      self.change("pool b", to: "192.0.2.128/25")
      self.change("ad all", to: "")
      for node in SpeakerAgreementTests.nodes { self.change("node \(node)", to: "zone=x") }
    }

    /// The events that build the cluster from nothing.
    var story: String {
      self.lines.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "\n")
        + "\ninterfaces eth0\nsynced"
    }

    mutating func change(_ subject: String, to value: String?) {
      self.lines[subject] = value
    }

    /// Changes one object at random; returns the event.
    mutating func next() -> String {
      let (subject, value) = self.random()
      let isRemoval = value == nil && self.lines[subject] != nil
      self.lines[subject] = value
      return isRemoval ? "no \(subject)" : value.map { "\(subject) \($0)" } ?? ""
    }

    private mutating func random() -> (String, String?) {
      switch Int.random(in: 0..<20, using: &self.dice) {
      case 0: return ("ad all", self.one(of: ["", "on=zone=x", "pools=a", "interfaces=eth0", "interfaces=eth9", nil]))
      case 1:
        return ("ad gold", self.one(of: ["poolsWith=tier=gold on=zone=y", "for=app=web", "interfaces=eth1", nil]))
      case 2: return ("pool a", self.one(of: ["192.0.2.0/25 tier=gold", "192.0.2.0/25"]))
      case 3...6:
        let states = ["zone=x", "zone=y", "notReady zone=x", "unreported", "noNetwork zone=x", "notReady zone=y", nil]
        return ("node \(self.one(of: SpeakerAgreementTests.nodes))", self.one(of: states))
      case 7...12:
        return ("endpoints default/s\(self.number)", self.one(of: [self.nodeList, self.nodeList, "none", nil]))
      default:
        let options = self.one(of: ["", "", "local", "app=web", "local app=web"])
        return ("service default/s\(self.number)", self.one(of: ["\(self.address) \(options)", "pending", nil]))
      }
    }

    private var number: Int {
      mutating get { Int.random(in: 0..<12, using: &self.dice) }
    }

    /// From few, so that Services share some.
    private var address: String {
      mutating get {
        self.one(of: ["192.0.2.1", "192.0.2.2", "192.0.2.60", "192.0.2.100", "192.0.2.200", "203.0.113.1"])
      }
    }

    private var nodeList: String {
      mutating get {
        let some = SpeakerAgreementTests.nodes.filter { _ in Bool.random(using: &self.dice) }
        return some.isEmpty ? "w1" : some.joined(separator: ",")
      }
    }

    private mutating func one<Value>(of values: [Value]) -> Value {
      values[Int.random(in: values.indices, using: &self.dice)]
    }
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `after any number of changes a speaker announces what a fresh one would`(seed: UInt64) {
    var cluster = Cluster(seed: seed)
    var old = AnnouncementStory(node: "w1")
    old.play(cluster.story)
    for step in 0..<120 {
      old.play(cluster.next())
      var fresh = AnnouncementStory(node: "w1")
      fresh.play(cluster.story)
      #expect(old.state.announcements == fresh.state.announcements, "step \(step) of seed \(seed)")
      let told = old.state.reading().announced
      #expect(told.map(\.service) == old.state.announcements.keys.sorted(), "step \(step) of seed \(seed)")
      #expect(told.allSatisfy { old.state.announcements[$0.service]?.addresses == $0.addresses })
      #expect(old.state.claimed == fresh.state.claimed, "step \(step) of seed \(seed)")
    }
  }

  @Test(arguments: 100..<125 as Range<UInt64>)
  func `no address has two owners, and every Service that somebody can announce alone is announced`(seed: UInt64) {
    var cluster = Cluster(seed: seed)
    for _ in 0..<200 { _ = cluster.next() }
    var owners: [IPAddress: Set<String>] = [:]
    var announced: Set<ObjectKey> = []
    var willing: Set<ObjectKey> = []
    for node in Self.nodes {
      var speaker = AnnouncementStory(node: node)
      speaker.play(cluster.story)
      for address in speaker.state.claimed.keys { owners[address, default: []].insert(node) }
      announced.formUnion(speaker.state.announcements.keys)
      for (key, verdict) in speaker.state.verdicts where verdict == .withhold(.noMatchingInterface) {
        willing.insert(key)
      }
    }
    #expect(owners.values.allSatisfy { $0.count == 1 }, "\(owners)")
    let expected = self.plainOwners(cluster)
    for (key, owner) in expected.alone {
      #expect(announced.contains(key) || willing.contains(key), "\(key) is \(owner)'s")
    }
    for (address, owner) in expected.owners where owners[address] != nil { #expect(owners[address] == [owner]) }
  }

  /// The rules of contract section 11.1 with the readiness of nodes, for Services that share their address with nobody.
  private func plainOwners(_ cluster: Cluster) -> (alone: [ObjectKey: String], owners: [IPAddress: String]) {
    var alone: [ObjectKey: String] = [:]
    var owners: [IPAddress: String] = [:]
    func words(_ subject: String) -> [String]? {
      cluster.lines[subject]?.split(separator: " ").map(String.init)
    }
    let services = (0..<12).compactMap { number in words("service default/s\(number)").map { (number, $0) } }
    for (number, service) in services {
      guard let text = service.first, let address = IPAddress(text),
        services.filter({ $0.1.first == text }).count == 1,
        let endpoints = words("endpoints default/s\(number)")?.first, endpoints != "none"
      else { continue }
      let pool = cluster.pool(of: text)
      let candidates = Self.nodes.filter { node in
        guard let state = words("node \(node)"), !state.contains("noNetwork"), let pool else { return false }
        let isLocal = !service.contains("local") || endpoints.split(separator: ",").contains { $0 == node }
        return isLocal && cluster.isCovered(state, pool: pool, service: service)
      }
      let best = candidates.map { cluster.readiness($0) }.max()
      guard let owner = Layer2Election.owner(of: address, among: candidates.filter { cluster.readiness($0) == best })
      else { continue }
      alone[ObjectKey(namespace: "default", name: "s\(number)")] = owner
      owners[address] = owner
    }
    return (alone, owners)
  }
}

extension SpeakerAgreementTests.Cluster {
  fileprivate func readiness(_ node: String) -> Int {
    let state = self.lines["node \(node)"] ?? ""
    return state.contains("notReady") ? 0 : state.contains("unreported") ? 1 : 2
  }

  /// The words of the pool that an address is in.
  fileprivate func pool(of address: String) -> (name: String, isGold: Bool)? {
    guard address.hasPrefix("192.0.2."), let last = address.split(separator: ".").last.flatMap({ Int($0) }) else {
      return nil
    }
    if last >= 128 { return ("b", false) }
    return ("a", self.lines["pool a"]?.contains("gold") ?? false)
  }

  fileprivate func isCovered(_ node: [String], pool: (name: String, isGold: Bool), service: [String]) -> Bool {
    ["ad all", "ad gold"].contains { name in
      guard let ad = self.lines[name] else { return false }
      if ad.contains("pools=a"), pool.name != "a" { return false }
      if ad.contains("poolsWith=tier=gold"), !pool.isGold { return false }
      if ad.contains("for=app=web"), !service.contains("app=web") { return false }
      if ad.contains("on=zone=x"), !node.contains("zone=x") { return false }
      if ad.contains("on=zone=y"), !node.contains("zone=y") { return false }
      return true
    }
  }
}

extension SpeakerState {
  fileprivate var verdicts: [ObjectKey: Verdict<Layer2Announcement>] {
    self.services.records.compactMapValues(\.verdict)
  }
}
