import KubernetesModel
import TestKit
import Testing

@testable import Balancer

/// A small API server for reports: what is written comes back by watch, when it is asked to.
private struct Cluster {
  var keeper: AnnouncementReports<ServiceL2Status>
  var objects: [ObjectKey: ServiceL2Status] = [:]
  var log: [String] = []
  private var version = 0
  private var undelivered: [ObjectChange<ServiceL2Status>] = []

  init(node: String = "w1", _ reports: [ServiceL2Status] = []) {
    self.keeper = AnnouncementReports(
      .init(
        node: node, namespace: "metallb-system",
        owner: OwnerReference(apiVersion: "v1", kind: "Pod", name: "speaker-1", uid: "u-1")), seed: 1)
    for report in reports { self.objects[report.key] = report }
    self.tell(reports.map { .observed(.applied($0)) } + [.observed(.synced)])
  }

  mutating func tell(_ events: [AnnouncementReports<ServiceL2Status>.Event]) {
    for event in events {
      for case .write(let write, let service) in self.keeper.handle(event, at: t0) {
        self.tell([.written(service, self.perform(write))])
      }
    }
  }

  mutating func perform(_ write: AnnouncementReports<ServiceL2Status>.Write)
    -> AnnouncementReports<ServiceL2Status>
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

  private mutating func store(_ report: ServiceL2Status) -> AnnouncementReports<ServiceL2Status>.Outcome {
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

@Suite struct AnnouncementReportsTests {
  static let web = ObjectKey(namespace: "default", name: "web")

  static func report(_ name: String, by node: String, on service: ObjectKey = web) -> ServiceL2Status {
    var report = ServiceL2Status.new(on: service, by: node, in: "metallb-system", owner: nil)
    report.metadata.name = name
    report.metadata.resourceVersion = "0-\(name)"
    report.set(.all, node: node, service: service)
    return report
  }

  @Test func `what is announced is told once, whatever the watch brings late`() {
    var cluster = Cluster()
    cluster.tell([.decided, .announced(Self.web, .all)])
    #expect(cluster.log == ["create l2-1", #"status l2-1 ["all"]"#])
    cluster.deliver()
    cluster.tell([.announced(Self.web, .all)])
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
    cluster.tell([.decided, .announced(Self.web, .all)])
    cluster.deliver()
    cluster.tell([.announced(Self.web, .named(["eth1", "eth0"]))])
    #expect(cluster.log.last == #"status l2-1 ["eth0", "eth1"]"#)
    #expect(cluster.objects.count == 1)
  }

  @Test func `a restarted speaker finds its reports and writes nothing`() {
    var cluster = Cluster([Self.report("l2-a", by: "w1")])
    cluster.tell([.announced(Self.web, .all), .decided])
    #expect(cluster.log == [])
  }

  @Test func `nothing is deleted before everything has been decided`() {
    var cluster = Cluster([Self.report("l2-a", by: "w1")])
    cluster.tell([.withdrawn(Self.web)])
    #expect(cluster.log == [])
    cluster.tell([.decided])
    #expect(cluster.log == ["delete l2-a"])
  }

  @Test func `a new owner deletes what the former one has left`() {
    var cluster = Cluster([Self.report("l2-a", by: "w2"), Self.report("l2-b", by: "w3")])
    cluster.tell([.decided, .announced(Self.web, .all)])
    #expect(cluster.told == ["l2-1 w1 web"])
  }

  @Test func `a node that lost deletes its own and leaves the new owner's`() {
    var cluster = Cluster()
    cluster.tell([.decided, .announced(Self.web, .all)])
    cluster.deliver()
    cluster.tell([.withdrawn(Self.web), .observed(.applied(Self.report("l2-b", by: "w2")))])
    #expect(cluster.objects.isEmpty)
    cluster.deliver()
    #expect(cluster.log == ["create l2-1", #"status l2-1 ["all"]"#, "delete l2-1"])
  }

  @Test func `a report that somebody deletes is written again`() {
    var cluster = Cluster()
    cluster.tell([.decided, .announced(Self.web, .all)])
    cluster.deliver()
    cluster.objects = [:]
    cluster.tell([.observed(.deleted(ObjectKey(namespace: "metallb-system", name: "l2-1")))])
    #expect(cluster.told.count == 1)
  }

  @Test func `a write that failed is tried again after a pause`() throws {
    var keeper = AnnouncementReports<ServiceL2Status>(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    _ = keeper.handle(.observed(.synced), at: t0)
    _ = keeper.handle(.decided, at: t0)
    let first = keeper.handle(.announced(Self.web, .all), at: t0)
    #expect(first.count == 1)
    #expect(keeper.handle(.written(Self.web, .failed), at: t0) == [])
    let deadline = try #require(keeper.nextDeadline)
    #expect(deadline > t0 + .milliseconds(100))
    #expect(keeper.handle(.tick, at: deadline) == first)
  }
}
