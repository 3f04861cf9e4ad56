import KubernetesModel
import TestKit
import Testing

@testable import Balancer

@Suite struct ReportTimesTests {
  private static let (web, dns) = (
    ObjectKey(namespace: "default", name: "web"), ObjectKey(namespace: "default", name: "dns")
  )
  private static let report = ObjectKey(namespace: "metallb-system", name: "l2-1")

  @Test func `where nothing has happened, nothing has to wait`() {
    var times = ReportTimes()
    #expect(times.mayClaim(Self.web, at: t0) && times.mayClear(Self.web, at: t0) && times.mayReturn(Self.web, at: t0))
    #expect(times.mayOust(Self.report, at: t0))
    #expect(times.rest(of: Self.web, .seconds(5), at: t0) == nil)
    #expect(times.nextDeadline == nil && times.next(at: t0) == nil)
  }

  @Test func `after a claim the next is two seconds away, and those of others may go after five`() {
    var times = ReportTimes()
    times.claimed(Self.web, at: t0)
    #expect(!times.mayClaim(Self.web, at: t0 + .milliseconds(1999)))
    #expect(times.mayClaim(Self.web, at: t0 + .seconds(2)))
    #expect(!times.mayClear(Self.web, at: t0 + .milliseconds(4999)))
    #expect(times.mayClear(Self.web, at: t0 + .seconds(5)))
    #expect(times.mayClaim(Self.dns, at: t0) && times.mayClear(Self.dns, at: t0), "each subject for itself")
    #expect(times.nextDeadline == t0 + .seconds(2))
    #expect(times.next(at: t0 + .seconds(2)) == Self.web)
    #expect(times.nextDeadline == t0 + .seconds(5))
    times.claimed(Self.web, at: t0 + .seconds(3))
    #expect(!times.mayClaim(Self.web, at: t0 + .milliseconds(4999)), "the last one counts")
  }

  @Test func `a newcomer is left alone for two seconds, or until it goes`() {
    var times = ReportTimes()
    times.came(Self.report, to: Self.web, at: t0)
    #expect(!times.mayOust(Self.report, at: t0 + .milliseconds(1999)))
    #expect(times.mayOust(Self.report, at: t0 + .seconds(2)))
    #expect(times.nextDeadline == t0 + .seconds(2))
    times.went(Self.report)
    #expect(times.mayOust(Self.report, at: t0))
    #expect(times.next(at: t0 + .milliseconds(1999)) == nil)
    #expect(times.next(at: t0 + .seconds(2)) == Self.web, "the subject comes up, not the report")
  }

  @Test func `what was taken away comes back after two seconds, unless it was not wanted any more meanwhile`() {
    var times = ReportTimes()
    times.wasOusted(Self.web, at: t0)
    #expect(!times.mayReturn(Self.web, at: t0 + .milliseconds(1999)))
    #expect(times.mayReturn(Self.web, at: t0 + .seconds(2)))
    #expect(times.nextDeadline == t0 + .seconds(2))
    times.claimed(Self.web, at: t0)
    times.unwanted(Self.web)
    #expect(times.mayReturn(Self.web, at: t0))
    #expect(!times.mayClaim(Self.web, at: t0), "a claim stays one")
  }

  @Test func `nothing is left of a subject that is forgotten`() {
    var times = ReportTimes()
    times.claimed(Self.web, at: t0)
    times.wasOusted(Self.web, at: t0)
    times.claimed(Self.dns, at: t0)
    times.forget(Self.web)
    #expect(times.mayClaim(Self.web, at: t0) && times.mayReturn(Self.web, at: t0))
    #expect(!times.mayClaim(Self.dns, at: t0))
  }

  @Test func `two writes are as far apart as is asked for, unless the first has no object any more`() {
    var times = ReportTimes()
    times.wrote(Self.web, at: t0)
    #expect(times.rest(of: Self.web, .seconds(5), at: t0 + .seconds(2)) == .seconds(3))
    #expect(times.rest(of: Self.web, .seconds(5), at: t0 + .seconds(5)) == nil)
    #expect(times.rest(of: Self.dns, .seconds(5), at: t0) == nil)
    times.erased(Self.web)
    #expect(times.rest(of: Self.web, .seconds(5), at: t0) == nil)
  }
}
