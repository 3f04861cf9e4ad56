import KubernetesModel
import TestKit
import Testing

@testable import Balancer

@Suite struct ReportSightingsTests {
  private typealias Reports = NodeReports<ServiceL2Status>
  private typealias Sightings = ReportSightings<ServiceL2Status>

  private static let web = NodeReportsTests.web

  /// A report as the server has made it.
  private static func made(_ name: String = "l2-1", version: String = "10") -> ServiceL2Status {
    var report = NodeReportsTests.report(name, by: "w1")
    report.metadata.resourceVersion = version
    return report
  }

  private static func created(_ report: ServiceL2Status) -> Sightings.Event {
    .answered(.create(report), of: Self.web, .succeeded(report))
  }

  private static func told(_ report: ServiceL2Status) -> Sightings.Event {
    .answered(.writeStatus(report), of: Self.web, .succeeded(report))
  }

  /// What is said of deletions, in all.
  private static func deletions(after events: [Sightings.Event]) -> [String] {
    var sightings = Sightings()
    return events.flatMap { sightings.handle($0, at: t0) }.compactMap { event in
      if case .observed(.deleted(let key)) = event { key.name } else { nil }
    }
  }

  @Test func `what the watch and the answers tell is passed on in order`() {
    var sightings = Sightings()
    let (report, other) = (Self.made(), Self.made("l2-2", version: "12"))
    #expect(sightings.handle(.watched(.applied(other)), at: t0) == [.observed(.applied(other))])
    #expect(sightings.handle(.watched(.synced), at: t0) == [.observed(.synced)])
    #expect(sightings.handle(.listed(version: "13"), at: t0) == [])
    #expect(sightings.handle(.writeBegan, at: t0) == [])
    #expect(
      sightings.handle(.answered(.create(report), of: Self.web, .failed), at: t0) == [.written(Self.web, .failed)])
    #expect(sightings.handle(.watched(.deleted(other.key)), at: t0) == [.observed(.deleted(other.key))])
    #expect(sightings.nextDeadline == nil)
  }

  /// Another node that thinks it announces the Service deletes what this one has just made.
  @Test func `a deletion that the answer came too late for is told again after the answer`() {
    let report = Self.made()
    var sightings = Sightings()
    for event: Sightings.Event in [.writeBegan, .watched(.applied(report)), .watched(.deleted(report.key))] {
      _ = sightings.handle(event, at: t0)
    }
    #expect(
      sightings.handle(Self.created(report), at: t0) == [
        .written(Self.web, .succeeded(report)), .observed(.deleted(report.key)),
      ])
    #expect(
      Self.deletions(after: [.writeBegan, .watched(.deleted(report.key)), Self.told(report)]) == ["l2-1", "l2-1"],
      "whatever was written")
  }

  @Test func `a report that was deleted before its own answer came is made anew`() throws {
    var reports = Reports(.init(node: "w1", namespace: "metallb-system"), seed: 1)
    var sightings = Sightings()
    var writes: [Reports.Write] = []
    func hear(_ event: Sightings.Event, at now: ContinuousClock.Instant = t0) {
      for news in sightings.handle(event, at: now) {
        for case .write(let write, _) in reports.handle(news, at: now) { writes.append(write) }
      }
    }
    hear(.watched(.synced))
    _ = reports.handle(.decided, at: t0)
    guard case .write(.create(var made), of: Self.web)? = reports.handle(.wanted(Self.web, .all), at: t0).first else {
      Issue.record("nothing is made")
      return
    }
    (made.metadata.name, made.metadata.resourceVersion) = ("l2-1", "1")
    hear(.writeBegan)
    hear(.watched(.applied(made)))
    hear(.watched(.deleted(made.key)))
    #expect(writes.isEmpty, "one write at a time")
    hear(Self.created(made))
    let status = try #require(writes.first)
    hear(.writeBegan)
    hear(.answered(status, of: Self.web, .overtaken))
    guard case .write(.create, of: Self.web)? = reports.handle(.tick, at: t0 + .seconds(1)).first else {
      Issue.record("it is not made anew")
      return
    }
  }

  @Test func `deletions are remembered while writes are under way, and no longer`() {
    let (one, other) = (Self.made(), Self.made("l2-2"))
    #expect(Self.deletions(after: [.watched(.deleted(one.key)), .writeBegan, Self.told(one)]) == ["l2-1"])
    let during: [Sightings.Event] = [.writeBegan, .writeBegan, .watched(.deleted(one.key)), Self.told(other)]
    #expect(Self.deletions(after: during + [Self.told(one)]) == ["l2-1", "l2-1"])
    let failed = Sightings.Event.answered(.create(one), of: Self.web, .failed)
    #expect(
      Self.deletions(after: during + [failed, .writeBegan, Self.told(one)]) == ["l2-1"],
      "no write was under way between")
    #expect(
      Self.deletions(after: [.writeBegan, .watched(.deleted(one.key)), .watched(.applied(one)), Self.told(one)])
        == ["l2-1"], "it is there again")
  }

  // MARK: A watch that has to list anew

  @Test func `a report that was made and deleted between two lists, before its answer, is gone`() {
    let story: [Sightings.Event] = [.listed(version: "5"), .writeBegan, .listed(version: "20")]
    #expect(Self.deletions(after: story + [Self.created(Self.made(version: "10"))]) == ["l2-1"])
    #expect(Self.deletions(after: story + [Self.created(Self.made(version: "20"))]) == [], "the list cannot know it")
    #expect(
      Self.deletions(after: story + [Self.created(Self.made(version: "30"))]) == [], "it is younger than the list")
    #expect(
      Self.deletions(after: story + [Self.told(Self.made(version: "10"))]) == [], "the watch knows it from before")
  }

  @Test func `a report that was made and deleted between two lists, after its answer, is gone`() {
    let story: [Sightings.Event] = [.listed(version: "5"), .writeBegan, Self.created(Self.made(version: "10"))]
    #expect(Self.deletions(after: story) == [])
    #expect(Self.deletions(after: story + [.listed(version: "20")]) == ["l2-1"])
    #expect(Self.deletions(after: story + [.listed(version: "20"), .listed(version: "21")]) == ["l2-1"], "once")
    #expect(Self.deletions(after: story + [.listed(version: "9")]) == [], "the list was read before")
    #expect(
      Self.deletions(after: story + [.writeBegan, .listed(version: "20"), Self.told(Self.made(version: "11"))])
        == ["l2-1", "l2-1"], "the answer to the next write is as late")
  }

  @Test func `a report that the watch has told of is left to the watch`() {
    let report = Self.made(version: "10")
    #expect(
      Self.deletions(
        after: [.writeBegan, Self.created(report), .watched(.applied(report)), .listed(version: "20")]) == [])
    #expect(
      Self.deletions(
        after: [.writeBegan, .watched(.applied(report)), .listed(version: "20"), Self.created(report)]) == [])
    #expect(
      Self.deletions(
        after: [
          .writeBegan, .watched(.malformed(report.key, reason: "x")), .listed(version: "20"), Self.created(report),
        ])
        == [])
  }

  @Test func `versions that are no numbers say nothing`() {
    #expect(
      Self.deletions(after: [.writeBegan, Self.created(Self.made(version: "a")), .listed(version: "b")]) == [])
  }
}
