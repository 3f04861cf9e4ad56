import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// When a ConfigurationState is written, and when it is not (contract section 14).
@Suite struct ConfigurationStateUpkeepTests {
  typealias Upkeep = ConfigurationStateUpkeep

  static let owner = OwnerReference(apiVersion: "v1", kind: "Pod", name: "controller-0", uid: "pod-1")
  static let settings = Upkeep.Settings.controller(namespace: "metallb-system", seed: 1)

  /// An API server that does what it is asked to, and says so.
  struct Server {
    var upkeep = Upkeep(settings: settings)
    var now = t0
    var object: ConfigurationState?
    var writes: [String] = []

    mutating func handle(_ event: Upkeep.Event) {
      self.perform(self.upkeep.handle(event, at: self.now))
    }

    mutating func perform(_ actions: [Upkeep.Action]) {
      for action in actions {
        switch action {
        case .applyObject(let applied):
          self.writes.append("object")
          var new = self.object ?? ConfigurationState(metadata: ObjectMeta())
          new.metadata = applied.metadata
          self.object = new
          self.handle(.applied(.succeeded(new)))
        case .applyStatus(let applied):
          self.writes.append(applied.status?.result ?? "")
          self.object?.status = applied.status
          if let object { self.handle(.applied(.succeeded(object))) }
        case .complain(let reason):
          self.writes.append("complain: \(reason)")
        }
      }
    }

    /// Lets the time pass.
    mutating func wait(_ duration: Duration) {
      let end = self.now + duration
      while let next = self.upkeep.nextDeadline, next <= end {
        self.now = next
        self.handle(.tick)
      }
      self.now = end
    }

    mutating func begin(_ verdict: ConfigurationVerdict) {
      self.handle(.concluded(.unknown))
      self.handle(.owned(by: owner))
      if let object { self.handle(.seen(.applied(object))) }
      self.handle(.seen(.synced))
      self.handle(.concluded(verdict))
    }
  }

  static let invalid = ConfigurationVerdict([ConfigurationVerdictTests.problem("b", "parsing address pool b: bad")])

  @Test func `a missing object is made with labels and owner, then its status, and then nothing more is written`() {
    var server = Server()
    server.begin(ConfigurationVerdict([]))
    #expect(server.writes == [])
    server.wait(.seconds(3600))
    #expect(server.writes == ["object", "Valid"])
    #expect(server.object?.metadata.name == "controller")
    #expect(server.object?.metadata.labels == ["metallb.io/component-type": "controller"])
    #expect(server.object?.metadata.ownerReferences == [Self.owner])
  }

  @Test func `the speaker's object is named and labelled after its node`() {
    let settings = Upkeep.Settings.speaker(namespace: "metallb-system", node: "w1", seed: 1)
    #expect(settings.key == key("metallb-system/speaker-w1"))
    #expect(settings.labels == ["metallb.io/component-type": "speaker", "metallb.io/node-name": "w1"])
    #expect(settings.conditionType == "configReconcilerValid")
    #expect(settings.manager == "configReconciler")
    #expect(Self.settings.manager == "poolReconciler")
  }

  @Test func `a restart in the same pod that finds all as it should be writes nothing`() {
    var server = Server()
    server.begin(ConfigurationVerdict([]))
    server.wait(.seconds(10))
    server.upkeep = Upkeep(settings: Self.settings)
    server.writes = []
    server.begin(ConfigurationVerdict([]))
    server.wait(.seconds(3600))
    #expect(server.writes == [])
  }

  @Test func `verdicts that change within a moment are one write`() {
    var server = Server()
    server.begin(ConfigurationVerdict([]))
    server.wait(.seconds(10))
    server.writes = []
    server.handle(.concluded(Self.invalid))
    server.wait(.milliseconds(100))
    server.handle(.concluded(ConfigurationVerdict([])))
    server.wait(.seconds(60))
    #expect(server.writes == [])
    server.handle(.concluded(Self.invalid))
    server.wait(.milliseconds(100))
    server.handle(.concluded(ConfigurationVerdict([ConfigurationVerdictTests.problem("c", "worse")])))
    server.wait(.seconds(60))
    #expect(server.writes == ["Invalid"])
    #expect(server.object?.status?.errorSummary?.contains("worse") == true)
  }

  @Test func `the time of a condition is that of its last change between true and false`() {
    var server = Server()
    server.begin(Self.invalid)
    server.wait(.seconds(10))
    #expect(server.object?.status?.conditions?.first?.lastTransitionTime == nil, "a nil time means now")
    server.object?.status?.conditions?[0].lastTransitionTime = Timestamp(seconds: 5)
    if let object = server.object { server.handle(.seen(.applied(object))) }
    server.handle(.concluded(ConfigurationVerdict([ConfigurationVerdictTests.problem("c", "other")])))
    server.wait(.seconds(10))
    #expect(server.object?.status?.conditions?.first?.lastTransitionTime == Timestamp(seconds: 5))
    server.handle(.concluded(ConfigurationVerdict([])))
    server.wait(.seconds(10))
    #expect(server.object?.status?.conditions?.first?.lastTransitionTime == nil)
  }

  @Test func `one that somebody deletes is made again`() {
    var server = Server()
    server.begin(ConfigurationVerdict([]))
    server.wait(.seconds(10))
    server.writes = []
    server.object = nil
    server.handle(.seen(.deleted(Self.settings.key)))
    server.wait(.seconds(10))
    #expect(server.writes == ["object", "Valid"])
  }

  @Test func `another writer who insists is corrected ever more rarely`() {
    var server = Server()
    server.begin(ConfigurationVerdict([]))
    server.wait(.seconds(10))
    server.writes = []
    for _ in 0..<3600 {
      server.object?.status?.result = "Unknown"
      if let object = server.object { server.handle(.seen(.applied(object))) }
      server.wait(.seconds(1))
    }
    #expect((8...40).contains(server.writes.count), "\(server.writes.count) writes in an hour")
    server.writes = []
    server.handle(.concluded(Self.invalid))
    server.wait(.seconds(1))
    #expect(server.writes == ["Invalid"], "what is new is told at once all the same")
  }

  @Test func `Unknown is told only when reading takes long`() {
    var server = Server()
    server.handle(.concluded(.unknown))
    server.handle(.owned(by: nil))
    server.handle(.seen(.synced))
    server.wait(.seconds(9))
    #expect(server.writes == [])
    server.wait(.seconds(60))
    #expect(server.writes == ["object", "Unknown"])
    #expect(server.object?.metadata.ownerReferences == nil)
  }

  @Test func `nothing is written before it is known what is there and who owns it`() {
    var server = Server()
    server.handle(.concluded(Self.invalid))
    server.wait(.seconds(60))
    server.handle(.owned(by: Self.owner))
    server.wait(.seconds(60))
    #expect(server.writes == [])
    server.handle(.seen(.synced))
    server.wait(.seconds(60))
    #expect(server.writes == ["object", "Invalid"])
  }

  @Test func `a refusal is said once and tried again with patience`() {
    var upkeep = Upkeep(settings: Self.settings)
    var now = t0
    for event: Upkeep.Event in [.owned(by: nil), .seen(.synced), .concluded(Self.invalid)] {
      #expect(upkeep.handle(event, at: now).isEmpty)
    }
    var (attempts, complaints) = (0, 0)
    while now < t0 + .seconds(3600), let next = upkeep.nextDeadline {
      now = next
      guard !upkeep.handle(.tick, at: now).isEmpty else { continue }
      attempts += 1
      complaints += upkeep.handle(.applied(.failed(reason: "forbidden")), at: now).count
    }
    #expect(complaints == 1)
    #expect((8...40).contains(attempts), "\(attempts)")
  }

  @Test func `an old owner's object is taken over by the new pod`() {
    var server = Server()
    server.begin(ConfigurationVerdict([]))
    server.wait(.seconds(10))
    server.writes = []
    server.upkeep = Upkeep(settings: Self.settings)
    server.handle(.owned(by: OwnerReference(apiVersion: "v1", kind: "Pod", name: "controller-1", uid: "pod-2")))
    if let object = server.object { server.handle(.seen(.applied(object))) }
    server.handle(.seen(.synced))
    server.handle(.concluded(ConfigurationVerdict([])))
    server.wait(.seconds(10))
    #expect(server.writes == ["object"])
    #expect(server.object?.metadata.ownerReferences?.map(\.uid) == ["pod-2"])
  }
}
