import Testing

@testable import Balancer

/// Even loads, as one speaker has a part in them. We are w1.
@Suite struct BalancedStoryTests {
  private static let cluster = """
    pool main 192.0.2.0/24
    ad all policy=Balanced hold=60s
    node w1 at=198.18.0.11
    node w2 at=198.18.0.12
    interfaces eth0
    endpoints default/a w2
    endpoints default/b w2
    endpoints default/c w2
    endpoints default/d w2
    endpoints default/e w2
    endpoints default/f w2
    service default/a 192.0.2.1
    service default/b 192.0.2.2
    service default/c 192.0.2.3
    service default/d 192.0.2.4
    service default/e 192.0.2.5
    service default/f 192.0.2.6
    synced
    claimed default/a w1 1
    claimed default/b w1 1
    claimed default/c w1 1
    claimed default/d w2 1
    claimed default/e w2 1
    claimed default/f w2 1
    members w1:eth0,w2:eth0
    wait 120
    """

  /// What this node claims of w2's Services after such events.
  private func expectClaim(
    of service: String, after events: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var story = AnnouncementStory(gossips: true)
    story.play(Self.cluster)
    story.play(events)
    story.expect("wait 5\n> bid for \(service) on all, term 2", sourceLocation: sourceLocation)
  }

  @Test func `a node takes its part of what another has when its own Services are deleted`() {
    self.expectClaim(
      of: "default/f",
      after: """
        no service default/a
        no service default/b
        no service default/c
        """)
  }

  @Test func `a Service that nobody can announce is no load`() {
    self.expectClaim(
      of: "default/f",
      after: """
        endpoints default/a none
        endpoints default/b none
        endpoints default/c none
        """)
  }

  @Test func `Services that share an address are one load, whichever comes first`() {
    self.expectClaim(
      of: "default/g",
      after: """
        no service default/a
        no service default/b
        service default/c 192.0.2.3 shared
        endpoints default/a w2
        service default/a 192.0.2.3 shared
        claimed default/a w1 1
        endpoints default/g w2
        service default/g 192.0.2.7
        claimed default/g w2 1
        wait 1
        """)
  }
}
