import KubernetesModel
import TestKit
import Testing

@testable import Balancer

/// A small API server for reports: what is written comes back by watch, when it is asked to.
private struct Cluster {
  var keeper: NodeReports<ServiceL2Status>
  var objects: [ObjectKey: ServiceL2Status] = [:]
  var log: [String] = []
  private var version = 0
  private var undelivered: [ObjectChange<ServiceL2Status>] = []

  init(node: String = "w1", _ reports: [ServiceL2Status] = []) {
    self.keeper = NodeReports(
      .init(
        node: node, namespace: "metallb-system",
        owner: OwnerReference(apiVersion: "v1", kind: "Pod", name: "speaker-1", uid: "u-1")), seed: 1)
    for report in reports { self.objects[report.key] = report }
    self.tell(reports.map { .observed(.applied($0)) } + [.observed(.synced)])
  }

  mutating func tell(_ events: [NodeReports<ServiceL2Status>.Event]) {
    for event in events {
      for case .write(let write, let service) in self.keeper.handle(event, at: t0) {
        self.tell([.written(service, self.perform(write))])
      }
    }
  }

  mutating func perform(_ write: NodeReports<ServiceL2Status>.Write)
    -> NodeReports<ServiceL2Status>
    .Outcome
  {
    self.version += 1
    switch write {
    case .create(var report):
      report.metadata.name = (report.metadata.generateName ?? "") + "\(self.version)"
      report.metadata.resourceVersion = "\(self.version)"
      self.log.append("create \(report.key.name)")
      return self.store(report)
    case .writeStatus(var report):
      self.log.append("status \(report.key.name) \(report.status?.interfaces?.compactMap(\.name) ?? ["all"])")
      guard self.objects[report.key]?.metadata.resourceVersion == report.metadata.resourceVersion else {
        return .overtaken
      }
      report.metadata.resourceVersion = "\(self.version)"
      return self.store(report)
    case .delete(let key, _):
      self.log.append("delete \(key.name)")
      self.undelivered.append(.deleted(key))
      return self.objects.removeValue(forKey: key) == nil ? .overtaken : .succeeded(nil)
    }
  }

  private mutating func store(_ report: ServiceL2Status) -> NodeReports<ServiceL2Status>.Outcome {
    self.objects[report.key] = report
    self.undelivered.append(.applied(report))
    return .succeeded(report)
  }

  /// What the watch brings, late.
  mutating func deliver() {
    let changes = self.undelivered
    self.undelivered = []
    self.tell(changes.map { .observed($0) })
  }

  var told: [String] {
    self.objects.values.map { report in
      "\(report.key.name) \(report.status?.node ?? "?") \(report.status?.serviceName ?? "?")"
    }.sorted()
  }
}

@Suite struct NodeReportsTests {
  static let web = ObjectKey(namespace: "default", name: "web")

  static func report(_ name: String, by node: String, on service: ObjectKey = web) -> ServiceL2Status {
    var report = ServiceL2Status.new(on: service, by: node, in: "metallb-system", owner: nil)
    report.metadata.name = name
    report.metadata.resourceVersion = "0-\(name)"
    report.set(.all, node: node, subject: service)
    return report
  }

  @Test func `what is announced is told once, whatever the watch brings late`() {
    var cluster = Cluster()
    cluster.tell([.decided, .wanted(Self.web, .all)])
    #expect(cluster.log == ["create l2-1", #"status l2-1 ["all"]"#])
    cluster.deliver()
    cluster.tell([.wanted(Self.web, .all)])
    #expect(cluster.log.count == 2)
    let report = cluster.objects.values.first
    #expect(
      report?.metadata.labels == [
        "metallb.io/node": "w1", "metallb.io/service-name": "web", "metallb.io/service-namespace": "default",
      ])
    #expect(report?.metadata.ownerReferences?.map(\.uid) == ["u-1"])
    #expect(report?.status == .init(node: "w1", serviceName: "web", serviceNamespace: "default"))
  }

  @Test func `other interfaces are told in the same report`() {
    var cluster = Cluster()
    cluster.tell([.decided, .wanted(Self.web, .all)])
    cluster.deliver()
    cluster.tell([.wanted(Self.web, .named(["eth1", "eth0"]))])
    #expect(cluster.log.last == #"status l2-1 ["eth0", "eth1"]"#)
    #expect(cluster.objects.count == 1)
  }

  @Test func `a restarted speaker finds its reports and writes nothing`() {
    var cluster = Cluster([Self.report("l2-a", by: "w1")])
    cluster.tell([.wanted(Self.web, .all), .decided])
    #expect(cluster.log == [])
  }

  @Test func `nothing is deleted before everything has been decided`() {
    var cluster = Cluster([Self.report("l2-a", by: "w1")])
    cluster.tell([.unwanted(Self.web)])
    #expect(cluster.log == [])
    cluster.tell([.decided])
    #expect(cluster.log == ["delete l2-a"])
  }

  @Test func `a new owner deletes what the former one has left`() {
    var cluster = Cluster([Self.report("l2-a", by: "w2"), Self.report("l2-b", by: "w3")])
    cluster.tell([.decided, .wanted(Self.web, .all)])
    #expect(cluster.told == ["l2-1 w1 web"])
  }

  @Test func `a node that lost deletes its own and leaves the new owner's`() {
    var cluster = Cluster()
    cluster.tell([.decided, .wanted(Self.web, .all)])
    cluster.deliver()
    cluster.tell([.unwanted(Self.web), .observed(.applied(Self.report("l2-b", by: "w2")))])
    #expect(cluster.objects.isEmpty)
    cluster.deliver()
    #expect(cluster.log == ["create l2-1", #"status l2-1 ["all"]"#, "delete l2-1"])
  }

  @Test func `a report that somebody deletes is written again`() {
    var cluster = Cluster()
    cluster.tell([.decided, .wanted(Self.web, .all)])
    cluster.deliver()
    cluster.objects = [:]
    cluster.tell([.observed(.deleted(ObjectKey(namespace: "metallb-system", name: "l2-1")))])
    #expect(cluster.told.count == 1)
  }

  @Test func `a write that failed is tried again after a pause`() throws {
    var keeper = NodeReports<ServiceL2Status>(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    _ = keeper.handle(.observed(.synced), at: t0)
    _ = keeper.handle(.decided, at: t0)
    let first = keeper.handle(.wanted(Self.web, .all), at: t0)
    #expect(first.count == 1)
    #expect(keeper.handle(.written(Self.web, .failed), at: t0) == [])
    let deadline = try #require(keeper.nextDeadline)
    #expect(deadline > t0 + .milliseconds(100))
    #expect(keeper.handle(.tick, at: deadline) == first)
  }

  /// The old owner goes on announcing until it sees that the new one does.
  @Test func `of two that report for a moment the newcomer is left alone, and what it took away is not made again`() {
    var old = Cluster(node: "w1")
    old.tell([.decided, .wanted(Self.web, .all)])
    old.deliver()
    let newcomer = Self.report("l2-new", by: "w2")
    old.tell([.observed(.applied(newcomer))])
    #expect(old.log == ["create l2-1", #"status l2-1 ["all"]"#])
    guard let own = old.objects.values.first?.key else {
      Issue.record("nothing was made")
      return
    }
    old.tell([.observed(.deleted(own))])
    #expect(old.log.count == 2, "\(old.log)")
    // It was a misunderstanding: the newcomer goes again.
    old.tell([.observed(.deleted(newcomer.key))])
    #expect(old.log.suffix(2) == ["create l2-3", #"status l2-3 ["all"]"#])
  }

  @Test func `of two that go on reporting each has its way now and then, and seldom`() {
    var reports = NodeReports<ServiceL2Status>(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    _ = reports.handle(.observed(.applied(Self.report("l2-1", by: "w1"))), at: t0)
    _ = reports.handle(.observed(.synced), at: t0)
    #expect(reports.handle(.wanted(Self.web, .all), at: t0) == [])
    #expect(reports.handle(.decided, at: t0) == [])
    let other = Self.report("l2-2", by: "w2")
    #expect(reports.handle(.observed(.applied(other)), at: t0) == [])
    #expect(reports.handle(.tick, at: t0 + .milliseconds(1900)) == [])
    #expect(
      reports.handle(.tick, at: t0 + .milliseconds(2100)) == [
        .write(.delete(other.key, uid: other.metadata.uid), of: Self.web)
      ])
    _ = reports.handle(.written(Self.web, .succeeded(nil)), at: t0 + .milliseconds(2100))
    _ = reports.handle(.observed(.applied(Self.report("l2-3", by: "w2"))), at: t0 + .milliseconds(2200))
    #expect(
      reports.handle(.observed(.deleted(ObjectKey(namespace: "metallb-system", name: "l2-1"))), at: t0 + .seconds(3))
        == [])
    #expect(reports.handle(.tick, at: t0 + .milliseconds(4900)) == [])
    guard case .write(.create, of: Self.web)? = reports.handle(.tick, at: t0 + .milliseconds(5100)).first else {
      Issue.record("it never comes back")
      return
    }
  }
  @Test func `a newcomer that is to go has the node awake when its time is over`() {
    var reports = NodeReports<ServiceL2Status>(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    for report in [Self.report("l2-1", by: "w1"), Self.report("l2-2", by: "w2")] {
      _ = reports.handle(.observed(.applied(report)), at: t0)
    }
    #expect(reports.nextDeadline == t0 + .seconds(2))
  }

  @Test func `what was taken away while it was wanted comes back at once when it is wanted anew`() {
    var cluster = Cluster()
    cluster.tell([.decided, .wanted(Self.web, .all)])
    cluster.deliver()
    cluster.tell([.observed(.applied(Self.report("l2-new", by: "w2")))])
    for key in cluster.objects.keys { cluster.tell([.observed(.deleted(key))]) }
    #expect(cluster.log.count == 2, "another's took its place")
    cluster.tell([.unwanted(Self.web), .wanted(Self.web, .all)])
    #expect(cluster.log.suffix(2) == ["create l2-3", #"status l2-3 ["all"]"#])
  }

  @Test func `nothing is left of a subject that came, was contested, and went`() {
    var cluster = Cluster()
    cluster.tell([.decided])
    let before = cluster.keeper
    cluster.tell([.wanted(Self.web, .all, term: 1)])
    cluster.deliver()
    let newcomer = Self.report("l2-new", by: "w2")
    cluster.tell([.observed(.applied(newcomer)), .observed(.deleted(newcomer.key)), .unwanted(Self.web)])
    cluster.deliver()
    #expect(cluster.objects.isEmpty)
    #expect(cluster.keeper.handle(.tick, at: t0 + .seconds(10)) == [])
    #expect(cluster.keeper == before)
  }
}

/// Reports of which every announcing node has one.
@Suite struct ServiceBGPStatusReportTests {
  private static let web = ObjectKey(namespace: "default", name: "web")

  private static func report(_ name: String, by node: String, _ peers: [String]) -> ServiceBGPStatus {
    var report = ServiceBGPStatus.new(on: Self.web, by: node, in: "metallb-system", owner: nil)
    report.metadata.name = name
    report.metadata.resourceVersion = "1"
    report.set(peers, node: node, subject: Self.web)
    return report
  }

  private static func keeper(_ reports: ServiceBGPStatus...) -> NodeReports<ServiceBGPStatus> {
    var keeper = NodeReports<ServiceBGPStatus>(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    for report in reports { _ = keeper.handle(.observed(.applied(report)), at: t0) }
    _ = keeper.handle(.observed(.synced), at: t0)
    return keeper
  }

  @Test func `the peers are told, sorted, in an object with the Service's labels`() {
    let report = Self.report("bgp-a", by: "w1", ["a", "b"])
    #expect(report.metadata.generateName == "bgp-")
    #expect(
      report.metadata.labels == [
        "metallb.io/node": "w1", "metallb.io/service-name": "web", "metallb.io/service-namespace": "default",
      ])
    #expect(
      report.status == .init(node: "w1", serviceName: "web", serviceNamespace: "default", peers: ["a", "b"]))
    #expect(ServiceBGPStatus.selector(of: "w1") == "metallb.io/node=w1")
    #expect(ServiceL2Status.selector(of: "w1") == nil)
  }

  @Test func `other nodes' reports are left alone, whatever this node announces`() {
    var keeper = Self.keeper(Self.report("bgp-a", by: "w2", ["a"]), Self.report("bgp-b", by: "w1", ["a"]))
    #expect(keeper.handle(.decided, at: t0).map(Self.deleted) == ["bgp-b"])
    keeper = Self.keeper(Self.report("bgp-a", by: "w2", ["a"]), Self.report("bgp-b", by: "w1", ["a"]))
    _ = keeper.handle(.wanted(Self.web, ["a"]), at: t0)
    #expect(keeper.handle(.decided, at: t0) == [])
  }

  @Test func `another peer changes the report and not its name`() {
    var keeper = Self.keeper(Self.report("bgp-b", by: "w1", ["a"]))
    _ = keeper.handle(.wanted(Self.web, ["a"]), at: t0)
    _ = keeper.handle(.decided, at: t0)
    #expect(
      keeper.handle(.wanted(Self.web, ["a", "b"]), at: t0) == [
        .write(.writeStatus(Self.report("bgp-b", by: "w1", ["a", "b"])), of: Self.web)
      ])
  }

  private static func deleted(_ action: NodeReports<ServiceBGPStatus>.Action) -> String? {
    if case .write(.delete(let key, _), _) = action { key.name } else { nil }
  }
}
