import Testing

@testable import Balancer

/// A node that is to announce nothing more leaves its addresses to others before it stops. For 192.0.2.8 the order of the
/// nodes is w2, w1, w3, for 192.0.2.1 it is w3, w1, w2; we are w1.
@Suite struct DepartureStoryTests {
  private static let barrier = "node.kubernetes.io/exclude-from-external-load-balancers"

  private static let cluster = """
    pool main 192.0.2.0/24
    ad all
    node w1 at=198.18.0.11
    node w3 at=198.18.0.13
    interfaces eth0
    endpoints default/mail w3
    service default/mail 192.0.2.8
    synced
    """

  private func expect(
    _ text: String, after prelude: String = Self.cluster, ignoresExclusion: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var story = AnnouncementStory(ignoresExclusion: ignoresExclusion)
    story.play(prelude)
    story.expect(text, sourceLocation: sourceLocation)
  }

  @Test func `a labelled node goes on until its successor is heard`() {
    self.expect(
      """
      node w1 at=198.18.0.11 \(Self.barrier)=any
      wait 4
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      > withdraw default/mail 192.0.2.8 layer2 nodeLabeledExcludeBalancers
      > release 192.0.2.8
      wait 1
      # Without the label it is the first again, and they all know.
      node w1 at=198.18.0.11
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `a successor that is never heard does not keep a labelled node for ever`() {
    self.expect(
      """
      node w1 at=198.18.0.11 \(Self.barrier)=true
      wait 4
      wait 1
      > withdraw default/mail 192.0.2.8 layer2 nodeLabeledExcludeBalancers
      > release 192.0.2.8
      """)
  }

  @Test func `what a labelled node has not announced yet it leaves alone`() {
    self.expect(
      """
      node w1 at=198.18.0.11 \(Self.barrier)=true
      endpoints default/web w3
      service default/web 192.0.2.9
      wait 5
      > withdraw default/mail 192.0.2.8 layer2 nodeLabeledExcludeBalancers
      > release 192.0.2.8
      """)
  }

  @Test func `a label that is taken back in time changes nothing`() {
    self.expect(
      """
      node w1 at=198.18.0.11 \(Self.barrier)=true
      wait 2
      node w1 at=198.18.0.11
      wait 20
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      > defend 192.0.2.8
      > object to w3 about default/mail
      """)
  }

  @Test func `the successor does not wait`() {
    self.expect(
      """
      node w3 at=198.18.0.13 \(Self.barrier)=metallb-drain
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, after: Self.cluster + "\nendpoints default/web w3\nservice default/web 192.0.2.1")
  }

  @Test func `speakers that ignore the label heed the one of a drain`() {
    self.expect(
      """
      node w1 at=198.18.0.11 \(Self.barrier)=true
      wait 20
      node w1 at=198.18.0.11 \(Self.barrier)=metallb-drain
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      > withdraw default/mail 192.0.2.8 layer2 nodeLabeledExcludeBalancers
      > release 192.0.2.8
      """, ignoresExclusion: true)
  }

  @Test func `routers are asked to prefer others before a route is withdrawn`() {
    self.expect(
      """
      node w1 at=198.18.0.11 \(Self.barrier)=metallb-drain
      > announce default/mail 192.0.2.8 to tor
      > advertise tor +192.0.2.8/32(pref=0 64512:7+65535:0)
      wait 4
      wait 1
      > withdraw default/mail 192.0.2.8 bgp nodeLabeledExcludeBalancers
      > advertise tor -192.0.2.8/32
      node w1 at=198.18.0.11
      > announce default/mail 192.0.2.8 to tor
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise tor +192.0.2.8/32(64512:7)
      """,
      after: Self.cluster.replacing("ad all", with: "peer tor 198.18.0.1\nbgpad routes communities=64512:7"))
  }
}
