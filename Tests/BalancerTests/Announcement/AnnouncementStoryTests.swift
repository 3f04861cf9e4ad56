import Primitives
import Testing

@testable import Balancer

/// For 192.0.2.1 the order of the nodes is w3, w1, w2; for 192.0.2.8 it is w2, w1, w3.
@Suite struct AnnouncementStoryTests {
  /// Three ready nodes, one pool, one advertisement for everything; we are w1.
  private static let cluster = """
    pool main 192.0.2.0/24
    ad all
    node w1 zone=a
    node w2 zone=b
    node w3 zone=b
    interfaces eth0,eth1
    synced
    """

  private func story(gossips: Bool = false) -> AnnouncementStory {
    var story = AnnouncementStory(gossips: gossips)
    story.play(Self.cluster)
    return story
  }

  private func expect(
    _ text: String, by story: consuming AnnouncementStory, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    story.expect(text, sourceLocation: sourceLocation)
  }

  // MARK: Start

  @Test func `nothing is announced before every list has been seen`() {
    self.expect(
      """
      interfaces eth0
      pool main 192.0.2.0/24
      ad all
      node w1
      service default/web 192.0.2.1
      endpoints default/web w1
      synced services
      synced endpoints
      synced pools
      synced ads
      # Alone so far, w1 would win; w3 is about to be listed.
      node w3
      synced nodes
      service default/mail 192.0.2.8
      endpoints default/mail w3
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, by: AnnouncementStory())
  }

  @Test func `with gossip nothing is announced before the members are known`() {
    self.expect(
      """
      pool main 192.0.2.0/24
      ad all
      node w1
      node w3 notReady
      interfaces eth0
      service default/web 192.0.2.1
      endpoints default/web w1
      synced
      members w1,w3
      > watch w3
      # The readiness of nodes no longer counts: w3 gossips, so w3 is alive.
      members w1
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      node w1 notReady
      members w1,w3
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      > watch w3
      members w3
      > watch nobody
      members w1,w2
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, by: AnnouncementStory(gossips: true))
  }

  // MARK: Nodes

  @Test func `a node that is not ready loses its addresses, and takes them back when it is`() {
    self.expect(
      """
      service default/web 192.0.2.1
      endpoints default/web w1,w2
      node w3 notReady zone=b
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w3 zone=b
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      no node w3
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, by: self.story())
  }

  @Test func `this node yields while it is not ready itself`() {
    self.expect(
      """
      node w3 notReady zone=b
      service default/web 192.0.2.1
      endpoints default/web w1,w2
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w1 notReady zone=a
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      node w2 notReady zone=b
      # Nobody is ready: that is the API server's trouble, and everybody carries on. w3 comes first.
      no node w3
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, by: self.story())
  }

  @Test func `a node without a Ready condition yields to one that is ready, and beats one that is not`() {
    self.expect(
      """
      service default/web 192.0.2.1
      endpoints default/web w1
      node w3 unreported
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w2 notReady
      node w1 notReady
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      node w1 unreported
      node w3 notReady
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, by: self.story())
  }

  @Test func `nodes without network and excluded nodes are no candidates`() {
    self.expect(
      """
      service default/web 192.0.2.1
      endpoints default/web w1
      node w3 noNetwork
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w1 noNetwork
      > withdraw default/web 192.0.2.1 layer2 nodeNetworkUnavailable
      > release 192.0.2.1
      node w1
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w1 node.kubernetes.io/exclude-from-external-load-balancers=whatever
      wait 5
      > withdraw default/web 192.0.2.1 layer2 nodeLabeledExcludeBalancers
      > release 192.0.2.1
      """, by: self.story())
  }

  // MARK: Services

  @Test func `a Service is announced while it has an address and somebody serves it`() {
    self.expect(
      """
      node w3 notReady
      service default/web pending
      endpoints default/web w2
      service default/web 192.0.2.1
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      endpoints default/web none
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      endpoints default/web w1
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      service default/web pending
      > withdraw default/web 192.0.2.1 layer2 noIPAllocated
      > release 192.0.2.1
      """, by: self.story())
  }

  @Test(arguments: [
    ("service default/web garbage", "invalidIP"), ("service default/web pending", "noIPAllocated"),
    ("service default/web 192.0.2.1 type=ClusterIP", "notLoadBalancer"),
    ("service default/web 192.0.2.1 class=other", "notLoadBalancer"), ("no service default/web", "serviceDeleted"),
    ("service default/web 203.0.113.1", "loadBalancerIPChanged"),
    ("service default/web 192.0.2.5", "loadBalancerIPChanged"), ("no ad all", "noMatchingAdvertisement"),
    ("no endpoints default/web", "notOwner"), ("stopping", "speakerStopping"),
  ])
  func `a withdrawal has its reason`(event: String, reason: String) {
    var story = self.story()
    story.play("node w3 notReady\nservice default/web 192.0.2.1\nendpoints default/web w1")
    self.expect("\(event)\n> withdraw default/web 192.0.2.1 layer2 \(reason)\n> release 192.0.2.1", by: story)
  }

  @Test func `changed addresses are withdrawn and announced, with an event`() {
    var story = self.story()
    story.play("node w3 notReady\nservice default/web 192.0.2.1\nendpoints default/web w1")
    self.expect(
      """
      service default/web 192.0.2.2
      > withdraw default/web 192.0.2.1 layer2 loadBalancerIPChanged
      > release 192.0.2.1
      > claim 192.0.2.2 on all
      > announce default/web 192.0.2.2 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      service default/web 192.0.2.2 app=web
      """, by: story)
  }

  @Test func `the first address decides for all, and families that cannot be announced are left out`() {
    self.expect(
      """
      pool six 2001:db8::/64,198.51.100.0/24
      node w3 notReady
      service default/dual 198.51.100.5,2001:db8::1
      endpoints default/dual w1
      > claim 198.51.100.5 on all
      > announce default/dual 198.51.100.5 on all
      > event default/dual Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      no node w2
      service default/six 2001:db8::9
      endpoints default/six w1
      """, by: self.story())
  }

  // MARK: Policy Local

  @Test func `with policy Local only nodes with an endpoint compete`() {
    self.expect(
      """
      service default/web 192.0.2.1 local
      endpoints default/web w1,w2
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      endpoints default/web w2,w3
      > withdraw default/web 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      endpoints default/web w1,w2,w3
      node w3 notReady
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      service default/web 192.0.2.1
      """, by: self.story())
  }

  // MARK: Shared addresses

  @Test func `Services that share an address hold it together`() {
    self.expect(
      """
      node w3 notReady
      service default/http 192.0.2.1
      endpoints default/http w1
      > claim 192.0.2.1 on all
      > announce default/http 192.0.2.1 on all
      > event default/http Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      service default/https 192.0.2.1
      endpoints default/https w2
      > announce default/https 192.0.2.1 on all
      > event default/https Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      no service default/http
      > withdraw default/http 192.0.2.1 layer2 serviceDeleted
      no service default/https
      > withdraw default/https 192.0.2.1 layer2 serviceDeleted
      > release 192.0.2.1
      """, by: self.story())
  }

  @Test func `an address has one owner though the policies of its Services differ`() {
    let story = """
      service default/cluster 192.0.2.1
      endpoints default/cluster w1,w2,w3
      service default/local 192.0.2.1 local
      endpoints default/local w1,w2
      """
    var owners: [String: [String]] = [:]
    for node in ["w1", "w2", "w3"] {
      var teller = AnnouncementStory(node: node)
      teller.play(Self.cluster + "\n" + story)
      owners[node] = teller.state.announcements.keys.map(\.name).sorted()
    }
    // Alone, default/cluster would be w3's; w1 comes first of those that can serve both.
    #expect(owners == ["w1": ["cluster", "local"], "w2": [], "w3": []])
  }

  @Test func `of Services that no node can serve together one keeps the address`() {
    let story = """
      service default/a 192.0.2.1 local
      endpoints default/a w1
      service default/b 192.0.2.1 local
      endpoints default/b w2
      """
    var owners: [String: [String]] = [:]
    for node in ["w1", "w2", "w3"] {
      var teller = AnnouncementStory(node: node)
      teller.play(Self.cluster + "\n" + story)
      owners[node] = teller.state.announcements.keys.map(\.name).sorted()
    }
    #expect(owners == ["w1": ["a"], "w2": [], "w3": []])
  }

  @Test func `with different policies on one address, the loss of a node can move it`() {
    self.expect(
      """
      service default/cluster 192.0.2.1
      endpoints default/cluster w1,w2,w3
      service default/local 192.0.2.1 local
      endpoints default/local w2,w3
      node w3 notReady
      node w2 notReady
      > claim 192.0.2.1 on all
      > announce default/cluster 192.0.2.1 on all
      > event default/cluster Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w2
      > withdraw default/cluster 192.0.2.1 layer2 notOwner
      > release 192.0.2.1
      """, by: self.story())
  }

  // MARK: Pools and advertisements

  @Test func `an address in no pool is not announced until a pool has it`() {
    self.expect(
      """
      node w3 notReady
      service default/web 198.51.100.7
      endpoints default/web w1
      pool more 198.51.100.0/24
      > claim 198.51.100.7 on all
      > announce default/web 198.51.100.7 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, by: self.story())
  }

  @Test func `a Service whose pool is gone stays announced until the controller moves it`() {
    var story = self.story()
    let told = story.told(
      """
      node w3 notReady
      service default/web 192.0.2.1
      endpoints default/web w1
      no pool main
      node w2 zone=c
      """)
    #expect(!told.contains("withdraw"))
    #expect(story.state.isStale)
    self.expect(
      """
      pool other 198.51.100.0/24
      service default/web 198.51.100.5
      > withdraw default/web 192.0.2.1 layer2 loadBalancerIPChanged
      > release 192.0.2.1
      > claim 198.51.100.5 on all
      > announce default/web 198.51.100.5 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, by: story)
  }

  @Test func `advertisements select pools by name and label, nodes and Services by label`() {
    self.expect(
      """
      node w3 notReady
      no ad all
      pool gold 198.51.100.0/24 tier=gold
      ad a pools=main on=zone=b
      ad b poolsWith=tier=gold for=app=web
      service default/web 192.0.2.1 app=web
      endpoints default/web w1
      service default/gold 198.51.100.5
      endpoints default/gold w1
      service default/gold 198.51.100.5 app=web
      > claim 198.51.100.5 on all
      > announce default/gold 198.51.100.5 on all
      > event default/gold Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      node w1 zone=b
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      pool gold 198.51.100.0/24 tier=silver
      > withdraw default/gold 198.51.100.5 layer2 noMatchingAdvertisement
      > release 198.51.100.5
      """, by: self.story())
  }

  @Test func `an advertisement that names a pool that does not exist is a problem and works otherwise`() {
    self.expect(
      """
      ad all pools=main,missing
      > problems: L2Advertisement "all" refers to pool "missing", which does not exist
      ad all pools=main
      > problems: none
      """, by: self.story())
  }

  @Test func `an invalid advertisement keeps its last good form and does not touch the others`() {
    self.expect(
      """
      node w3 notReady
      service default/web 192.0.2.1
      endpoints default/web w1
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      ad all pools=main,main
      > problems: duplicate definition of ipAddressPools "main"
      ad new on=zone=a,zone=a
      > problems: duplicate definition of ipAddressPools "main"; duplicate definition of nodeSelectors {map["zone":"a"] []}
      """.replacing("      ", with: ""), by: self.story())
  }

  // MARK: Interfaces

  @Test func `the interfaces of all advertisements for this node are announced on`() {
    self.expect(
      """
      node w3 notReady
      no ad all
      ad a interfaces=eth0 on=zone=a
      ad b interfaces=eth1
      ad c on=zone=b
      service default/web 192.0.2.1
      endpoints default/web w1
      > claim 192.0.2.1 on eth0,eth1
      > announce default/web 192.0.2.1 on eth0,eth1
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      no ad b
      > claim 192.0.2.1 on eth0
      > announce default/web 192.0.2.1 on eth0
      ad c on=zone=a
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      """, by: self.story())
  }

  @Test func `an owner without any of the listed interfaces says so and announces nothing`() {
    self.expect(
      """
      node w3 notReady
      ad all interfaces=bond0
      service default/web 192.0.2.1
      endpoints default/web w1
      > event default/web Warning announceFailed the interfaces specified by LB IP "192.0.2.1" doesn't exist in assigned node "w1" with protocol "layer2"
      endpoints default/web w1,w2
      interfaces eth0
      interfaces eth0,bond0
      > claim 192.0.2.1 on bond0
      > announce default/web 192.0.2.1 on bond0
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      interfaces eth0
      > withdraw default/web 192.0.2.1 layer2 noMatchingInterface
      > release 192.0.2.1
      > event default/web Warning announceFailed the interfaces specified by LB IP "192.0.2.1" doesn't exist in assigned node "w1" with protocol "layer2"
      service default/web 192.0.2.2
      > event default/web Warning announceFailed the interfaces specified by LB IP "192.0.2.2" doesn't exist in assigned node "w1" with protocol "layer2"
      """, by: self.story())
  }
}
