import Testing

@testable import Balancer

/// A node whose first endpoint of a Service with policy `Local` has just become ready leaves it to others for two seconds,
/// until its service proxy knows. For 192.0.2.8 the order of the nodes is w2, w1, w3; we are w1.
@Suite struct NewcomerStoryTests {
  private func expect(
    _ text: String, policy: String = "local", endpoints: String, members: String = "w1:eth0,w2:eth0,w3:eth0",
    more: String = "ad all", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var story = AnnouncementStory(gossips: true, settleTime: .seconds(2))
    story.play(
      """
      \(AnnouncementStory.threeNodes)
      \(more)
      endpoints default/web \(endpoints)
      service default/web 192.0.2.8 \(policy)
      synced
      members \(members)
      """)
    story.expect(text, sourceLocation: sourceLocation)
  }

  @Test func `a node that comes first takes an address when it has settled`() {
    self.expect(
      """
      endpoints default/web w1,w3
      > watch w3
      wait 1
      wait 1
      > claim 192.0.2.8 on all
      > announce default/web 192.0.2.8 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      """, endpoints: "w3")
  }

  @Test func `the owner goes on until the node that comes first has settled`() {
    self.expect(
      """
      endpoints default/web w1,w2
      wait 2
      # It is to be heard first.
      wait 1
      > withdraw default/web 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      """, endpoints: "w1")
  }

  @Test func `a preferred node waits, too`() {
    self.expect(
      """
      endpoints default/web w1,w3
      wait 2
      # It is to be heard first.
      wait 1
      > withdraw default/web 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w3
      """, endpoints: "w1", more: "ad all prefer=10:zone=b\nnode w3 zone=b")
  }

  @Test func `whoever is the only one left announces at once`() {
    self.expect(
      """
      endpoints default/web w1,w3
      > watch w3
      members w1:eth0,w2:eth0
      > claim 192.0.2.8 on all
      > announce default/web 192.0.2.8 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      """, endpoints: "w3")
  }

  @Test func `where traffic goes on to other nodes nobody waits`() {
    self.expect(
      """
      endpoints default/web w1,w3
      members w1:eth0,w3:eth0
      > claim 192.0.2.8 on all
      > announce default/web 192.0.2.8 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      """, policy: "", endpoints: "w3")
  }

  @Test func `beside a speaker that does not wait nobody does`() {
    self.expect(
      """
      endpoints default/web w1,w3
      > claim 192.0.2.8 on all
      > announce default/web 192.0.2.8 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, endpoints: "w3", members: "w1:eth0,w2:eth0,w3")
  }

  @Test func `routers hear of a node when it has settled, and at once where there is no other`() {
    self.expect(
      """
      endpoints default/web w1,w3
      wait 1
      wait 1
      > announce default/web 192.0.2.8 to tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise tor +192.0.2.8/32
      endpoints default/web none
      > withdraw default/web 192.0.2.8 bgp noLocalEndpoints
      > advertise tor -192.0.2.8/32
      endpoints default/web w1
      > announce default/web 192.0.2.8 to tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise tor +192.0.2.8/32
      """, endpoints: "w3", more: "bgpad all\npeer tor 10.0.0.1")
  }
}
