import Testing

@testable import Balancer

/// Preferred nodes (contract section 19). For 192.0.2.1 the order of the nodes is w3, w1, w2; we are w1.
@Suite struct PreferenceStoryTests {
  private func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    var story = AnnouncementStory()
    story.play(
      """
      pool main 192.0.2.0/24
      node w1 zone=a disk=fast
      node w2 zone=b
      node w3 zone=b
      interfaces eth0
      synced
      endpoints default/web w3
      """)
    story.expect(text, sourceLocation: sourceLocation)
  }

  @Test func `a preferred node comes before the order, and the order decides among equals`() {
    self.expect(
      """
      ad all
      service default/web 192.0.2.1
      ad all prefer=10:zone=b
      ad all prefer=10:zone=a
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      ad all prefer=10:zone=a,10:zone=b
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      """)
  }

  @Test func `weights of all that match add up, over all advertisements`() {
    self.expect(
      """
      ad all prefer=60:zone=b,50:zone=a,20:disk=fast
      service default/web 192.0.2.1
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      ad more prefer=11:zone=b
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      no ad more
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `an advertisement counts only for the nodes that it selects`() {
    self.expect(
      """
      ad all
      ad b prefer=100:disk=fast on=zone=b
      service default/web 192.0.2.1
      ad b prefer=100:disk=fast on=zone=a
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `a preferred node that is down is passed over, and takes over when its labels change`() {
    self.expect(
      """
      ad all prefer=10:zone=c
      service default/web 192.0.2.1
      node w2 zone=c notReady
      node w3 zone=b notReady
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w2 zone=c
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      node w2 zone=b
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `a Service that may share its address is not announced by an advertisement that selects Services`() {
    self.expect(
      """
      ad all on=zone=a for=app=web
      service default/web 192.0.2.1 shared app=web
      service default/web 192.0.2.1 app=web
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      service default/web 192.0.2.1 shared app=web
      > withdraw default/web 192.0.2.1 layer2 sharedIPWithServiceSelector
      > release 192.0.2.1
      """)
  }
}
