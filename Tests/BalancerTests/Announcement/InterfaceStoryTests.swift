import Testing

@testable import Balancer

/// Where all speakers tell of their interfaces, only nodes with one that fits are candidates. For 192.0.2.8 the order of
/// the nodes is w2, w1, w3; we are w1.
@Suite struct InterfaceStoryTests {
  private static func cluster(_ advertisement: String) -> String {
    """
    \(AnnouncementStory.threeNodes)
    \(advertisement)
    interfaces eth0,eth1
    endpoints default/mail w3
    service default/mail 192.0.2.8
    synced
    members w1:eth0+eth1,w2:eth0+eth1,w3:eth0
    """
  }

  private func expect(
    _ text: String, with advertisement: String = "ad all interfaces=eth1",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var story = AnnouncementStory(gossips: true)
    story.play(Self.cluster(advertisement))
    story.expect(text, sourceLocation: sourceLocation)
  }

  @Test func `an address goes to the first node in its order that has the interface`() {
    self.expect(
      """
      members w1:eth0+eth1,w2:eth0,w3:eth0
      > claim 192.0.2.8 on eth1
      > announce default/mail 192.0.2.8 on eth1
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      # There was nobody else whose end to watch for; now there is.
      members w1:eth0+eth1,w2:eth0+eth1,w3:eth0
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      """)
  }

  @Test func `a node that loses its last link leaves its addresses, and has them back with the link`() {
    self.expect(
      """
      members w1:eth0,w3:eth0
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      interfaces
      > withdraw default/mail 192.0.2.8 layer2 noLink
      > release 192.0.2.8
      interfaces eth0
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, with: "ad all")
  }

  @Test func `a node does not wait for one that has lost its links`() {
    self.expect(
      """
      members w1:eth0,w2:,w3:eth0
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      """, with: "ad all")
  }

  @Test func `where nobody has the interface, the owner alone tells`() {
    self.expect(
      """
      members w1:eth0,w3:eth0
      > event default/mail Warning announceFailed the interfaces specified by LB IP "192.0.2.8" doesn't exist in assigned node "w1" with protocol "layer2"
      > watch nobody
      # Now somebody has.
      members w1:eth0,w3:eth7
      members w1:eth0,w2:eth0,w3:eth0
      > watch w2
      """, with: "ad all interfaces=eth7,eth8")
  }

  @Test func `beside a speaker that does not tell, all elect as upstream does`() {
    self.expect(
      """
      members w1:eth0+eth1,w2:eth0,w3
      members w1:eth0+eth1,w2:eth0,w3:eth0
      > claim 192.0.2.8 on eth1
      > announce default/mail 192.0.2.8 on eth1
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      members w1:eth0+eth1,w2:eth0,w3:eth0,w4
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      """)
  }

  @Test func `an interface counts only where its advertisement selects the node`() {
    self.expect(
      """
      node w2 at=198.18.0.12 rack=b
      node w1 at=198.18.0.11 rack=a
      > claim 192.0.2.8 on eth1
      > announce default/mail 192.0.2.8 on eth1
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, with: "ad one interfaces=eth1 on=rack=a\nad two interfaces=eth5 on=rack=b")
  }

  @Test func `an owner that somebody comes before goes on until that one is heard, and no longer than a second`() {
    self.expect(
      """
      ad all on=zone=a
      > watch nobody
      node w1 at=198.18.0.11 zone=a
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w2 at=198.18.0.12 zone=a
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      node w2 at=198.18.0.12
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      # Once it is no matter any more that it was heard.
      wait 10
      node w2 at=198.18.0.12 zone=a
      # What happens meanwhile does not put it off.
      endpoints default/mail w1
      wait 1
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      node w2 at=198.18.0.12
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      # The other one ceases to be one before it was heard.
      node w2 at=198.18.0.12 zone=a
      node w2 at=198.18.0.12
      wait 1
      """, with: "ad all")
  }

  @Test func `a Service that comes to share an address is left together with those that have it`() {
    self.expect(
      """
      ad all on=zone=a
      > watch nobody
      node w1 at=198.18.0.11 zone=a
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w2 at=198.18.0.12 zone=a
      # It has not been heard yet.
      endpoints default/a w3
      service default/a 192.0.2.8
      > announce default/a 192.0.2.8 on all
      > event default/a Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      wait 1
      > withdraw default/a 192.0.2.8 layer2 notOwner
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      no service default/a
      node w2 at=198.18.0.12
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      # Each time it is waited for.
      node w2 at=198.18.0.12 zone=a
      """, with: "ad all")
  }

  @Test func `one that is back may have announced all the while, and is not waited for`() {
    self.expect(
      """
      members w1:eth0,w3:eth0
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      members w1:eth0,w2:eth0,w3:eth0
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      """, with: "ad all")
  }
}
