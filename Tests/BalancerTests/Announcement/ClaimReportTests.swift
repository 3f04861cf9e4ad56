import KubernetesModel
import Testing
import TestKit

@testable import Balancer

/// Reports that are claims, under a term.
@Suite struct ClaimReportTests {
  private typealias Keeper = NodeReports<ServiceL2Status>

  private static let web = ObjectKey(namespace: "default", name: "web")

  private static func claim(_ name: String, by node: String, term: Int?) -> ServiceL2Status {
    var report = ServiceL2Status.new(on: Self.web, by: node, in: "metallb-system", owner: nil, term: term)
    report.metadata.name = name
    report.metadata.resourceVersion = "1"
    report.set(.all, node: node, subject: Self.web)
    return report
  }

  private static func keeper(_ reports: ServiceL2Status...) -> Keeper {
    var keeper = Keeper(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    for report in reports { _ = keeper.handle(.observed(.applied(report)), at: t0) }
    _ = keeper.handle(.observed(.synced), at: t0)
    _ = keeper.handle(.decided, at: t0)
    return keeper
  }

  private static func text(_ actions: [Keeper.Action]) -> [String] {
    actions.map { action in
      switch action {
      case .write(.create(let report), _): "create \(report.metadata.annotations ?? [:])"
      case .write(.writeStatus(let report), _): "status \(report.key.name)"
      case .write(.delete(let key, _), _): "delete \(key.name)"
      }
    }
  }

  @Test func `a claim bears its term, and without one there is no annotation`() {
    var keeper = Self.keeper()
    #expect(Self.text(keeper.handle(.wanted(Self.web, .all, term: 3), at: t0)) == [#"create ["metallb.io/term": "3"]"#])
    keeper = Self.keeper()
    #expect(Self.text(keeper.handle(.wanted(Self.web, .all), at: t0)) == ["create [:]"])
  }

  @Test func `a claim with a lower term is left for a while, and one with a higher term for good`() {
    var keeper = Self.keeper(Self.claim("l2-old", by: "w2", term: 2), Self.claim("l2-new", by: "w3", term: 4))
    #expect(keeper.handle(.wanted(Self.web, .all, term: 3), at: t0).count == 1)
    let own = Self.claim("l2-own", by: "w1", term: 3)
    #expect(keeper.handle(.written(Self.web, .succeeded(own)), at: t0) == [])
    #expect(keeper.handle(.tick, at: t0 + .seconds(4)) == [])
    #expect(Self.text(keeper.handle(.tick, at: t0 + .seconds(5))) == ["delete l2-old"])
    #expect(keeper.handle(.written(Self.web, .succeeded(nil)), at: t0 + .seconds(5)) == [])
  }

  @Test func `a claim that could not be written is not made any more once it is to claim nothing`() {
    var keeper = Self.keeper()
    #expect(keeper.handle(.wanted(Self.web, .all, term: 2), at: t0).count == 1)
    #expect(keeper.handle(.wanted(Self.web, .all, term: 0), at: t0) == [])
    #expect(keeper.handle(.written(Self.web, .failed), at: t0) == [])
    #expect(keeper.handle(.tick, at: t0 + .seconds(60)) == [])
    // What is written already stays, and tells how things stand.
    keeper = Keeper(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    _ = keeper.handle(.observed(.applied(Self.claim("l2-own", by: "w1", term: 1))), at: t0)
    _ = keeper.handle(.observed(.synced), at: t0)
    #expect(keeper.handle(.wanted(Self.web, .all, term: 0), at: t0) == [])
    #expect(keeper.handle(.decided, at: t0) == [])
    #expect(Self.text(keeper.handle(.wanted(Self.web, .named(["eth0"]), term: 0), at: t0)) == ["status l2-own"])
  }

  @Test func `what could not be claimed is reported first, and claimed a moment later if it is still to be`() {
    var keeper = Self.keeper()
    #expect(keeper.handle(.wanted(Self.web, .all, term: 2), at: t0).count == 1)
    #expect(keeper.handle(.written(Self.web, .failed), at: t0) == [])
    #expect(Self.text(keeper.handle(.tick, at: t0 + .seconds(1))) == ["create [:]"])
    let report = Self.claim("l2-report", by: "w1", term: nil)
    #expect(keeper.handle(.written(Self.web, .succeeded(report)), at: t0 + .seconds(1)) == [])
    var (ousted, now) = (keeper, t0 + .seconds(3))
    #expect(Self.text(keeper.handle(.tick, at: now)) == [#"create ["metallb.io/term": "2"]"#])
    let claim = Self.claim("l2-claim", by: "w1", term: 2)
    #expect(Self.text(keeper.handle(.written(Self.web, .succeeded(claim)), at: now)) == ["delete l2-report"])
    // Meanwhile it has learned better.
    #expect(Self.text(ousted.handle(.unwanted(Self.web), at: t0 + .seconds(2))) == ["delete l2-report"])
    now += .seconds(60)
    #expect(ousted.handle(.written(Self.web, .succeeded(nil)), at: now) == [])
    #expect(ousted.handle(.tick, at: now) == [])
  }

  @Test func `a later claim stands beside the earlier one until it is there, but not at once`() {
    var keeper = Self.keeper()
    _ = keeper.handle(.wanted(Self.web, .all, term: 1), at: t0)
    let first = Self.claim("l2-1", by: "w1", term: 1)
    _ = keeper.handle(.written(Self.web, .succeeded(first)), at: t0)
    // Two nodes that do not see each other shall not outbid each other without pause.
    #expect(keeper.handle(.wanted(Self.web, .all, term: 3), at: t0 + .seconds(1)) == [])
    #expect(Self.text(keeper.handle(.tick, at: t0 + .seconds(2))) == [#"create ["metallb.io/term": "3"]"#])
    let second = Self.claim("l2-2", by: "w1", term: 3)
    #expect(
      Self.text(keeper.handle(.written(Self.web, .succeeded(second)), at: t0 + .seconds(2))) == ["delete l2-1"])
  }

  @Test func `a restarted speaker goes on under the claim that it finds`() {
    var keeper = Keeper(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    _ = keeper.handle(.observed(.applied(Self.claim("l2-own", by: "w1", term: 5))), at: t0)
    _ = keeper.handle(.observed(.synced), at: t0)
    #expect(keeper.handle(.wanted(Self.web, .all, term: 5), at: t0) == [])
    #expect(keeper.handle(.decided, at: t0) == [])
    #expect(Self.text(keeper.handle(.unwanted(Self.web), at: t0)) == ["delete l2-own"])
  }

  @Test func `a term that is no number of ours is none`() {
    for text in ["", "x", "-1", "99999999999999999999", "4503599627370496"] {
      var report = Self.claim("l2-a", by: "w1", term: 1)
      report.metadata.annotations = ["metallb.io/term": text]
      #expect(report.term == nil)
      #expect(OwnershipClaim(report).term == 0)
    }
  }
}
