import Primitives
import Testing

@testable import Balancer

/// One owner on the wire. For 192.0.2.1 the order of the nodes is w3, w1, w2; for 192.0.2.8 it is w2, w1, w3.
@Suite struct OwnershipStoryTests {
  /// Three nodes of which w2 is down; we are w1.
  private static let cluster = """
    \(AnnouncementStory.threeNodes)
    ad all
    node w2 at=198.18.0.12 notReady
    synced
    """

  private func expect(
    _ text: String, families: Set<IPFamily> = [.ipv4], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var story = AnnouncementStory(families: families, probes: true)
    story.play(Self.cluster)
    story.expect(text, sourceLocation: sourceLocation)
  }

  // MARK: Before

  @Test func `an address that nobody has announced is looked for first`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail pending
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      # Once is enough.
      endpoints default/mail none
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      endpoints default/mail w3
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `an address that a stranger has is not announced until he gives it up`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      occupied 192.0.2.8 02:00:00:00:00:66 198.18.0.77
      > event default/mail Warning addressInUse 192.0.2.8 is already in use by 02:00:00:00:00:66 on interface "eth0" (198.18.0.77); it is announced once that host gives it up. Exclude the address from the pool, or take it from that host
      occupied 192.0.2.8 02:00:00:00:00:66 198.18.0.77
      endpoints default/mail w1
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      free 192.0.2.8
      """)
  }

  @Test func `that another speaker has the address is a matter of the election`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      occupied 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      > abandon 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `whoever takes over an address does not lose time with questions`() {
    self.expect(
      """
      endpoints default/web w3
      service default/web 192.0.2.1
      node w3 notReady
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `addresses that were there before this speaker are not looked for`() {
    var story = AnnouncementStory(probes: true)
    story.play("pool main 192.0.2.0/24\nad all\nnode w1\ninterfaces eth0\nendpoints default/web w1")
    let text = """
      service default/web 192.0.2.1
      synced
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """
    // The last list of the five opens the gates.
    #expect(story.told(text) == text)
  }

  @Test func `questions that do not matter any more are dropped`() {
    self.expect(
      """
      node w3 at=198.18.0.13 notReady
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      service default/mail 192.0.2.9
      > abandon 192.0.2.8
      > probe 192.0.2.9 on all, again after 10.0
      free 192.0.2.8
      no service default/mail
      > abandon 192.0.2.9
      free 192.0.2.9
      """)
  }

  @Test func `Services that share an address wait for one answer, and later ones for none`() {
    self.expect(
      """
      endpoints default/a w3
      endpoints default/b w3
      service default/a 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      service default/b 192.0.2.8
      no service default/a
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/b 192.0.2.8 on all
      > event default/b Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      service default/a 192.0.2.8
      > announce default/a 192.0.2.8 on all
      > event default/a Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `of two addresses the free one is announced`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8,2001:db8::8
      > probe 192.0.2.8 on all, again after 10.0
      > probe 2001:db8::8 on all, again after 10.0
      occupied 2001:db8::8 02:00:00:00:00:66
      > event default/mail Warning addressInUse 2001:db8::8 is already in use by 02:00:00:00:00:66 on interface "eth0"; it is announced once that host gives it up. Exclude the address from the pool, or take it from that host
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      free 2001:db8::8
      > claim 2001:db8::8 on all
      > announce default/mail 192.0.2.8,2001:db8::8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """, families: [.ipv4, .ipv6])
  }

  // MARK: After

  @Test func `against a stranger the address is defended, and he is named`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      contested 192.0.2.8 02:00:00:00:00:66
      > defend 192.0.2.8
      > event default/mail Warning addressContested 192.0.2.8, announced from node "w1", is also claimed by 02:00:00:00:00:66 on interface "eth0". Exclude the address from the pool, or take it from that host
      contested 192.0.2.9 02:00:00:00:00:66
      """)
  }

  @Test func `claims of strangers are counted, those of other nodes are not`() throws {
    var story = AnnouncementStory(probes: true)
    story.play(Self.cluster)
    story.play(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      free 192.0.2.8
      contested 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      """)
    #expect(story.state.strangersClaims == [:])
    story.play("contested 192.0.2.8 02:00:00:00:00:66 198.18.0.66")
    story.play("contested 192.0.2.8 02:00:00:00:00:66")
    #expect(story.state.strangersClaims == [try #require(IPAddress("192.0.2.8")): 2])
    // What is not announced here is nobody's claim against us.
    story.play("contested 192.0.2.9 02:00:00:00:00:66")
    #expect(story.state.strangersClaims.count == 1)
  }

  @Test
  func `of two speakers the one that comes later in the order yields at once, and goes on when the other is silent`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      # w2 comes first for this address; the API server still thinks that it is down.
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      wait 9
      wait 1
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > abandon 192.0.2.8
      """)
  }

  @Test func `the one that comes first tells the neighbours again`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      contested 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      > defend 192.0.2.8
      > object to w3 about default/mail
      """)
  }

  @Test func `a node that may not announce the Service is not yielded to`() {
    self.expect(
      """
      endpoints default/mail w1
      service default/mail 192.0.2.8 local
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > defend 192.0.2.8
      > object to w2 about default/mail
      """)
  }

  // MARK: Without a link

  @Test func `a node whose last link goes lets go at once, and asks before it goes on`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      interfaces eth0,eth1
      interfaces eth1
      interfaces
      > withdraw default/mail 192.0.2.8 layer2 noLink
      > release 192.0.2.8
      interfaces eth0
      > probe 192.0.2.8 on all, again after 1.0
      # w3 has taken over, but comes later: it will yield.
      occupied 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      > abandon 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }

  @Test func `a node that comes back to one that comes first leaves the address to it`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      interfaces
      > withdraw default/mail 192.0.2.8 layer2 noLink
      > release 192.0.2.8
      interfaces eth0
      > probe 192.0.2.8 on all, again after 1.0
      # Nobody can say yet who that is.
      occupied 192.0.2.8 02:00:00:00:00:99
      node w2 at=198.18.0.12
      > abandon 192.0.2.8
      """)
  }

  // MARK: Handing over

  @Test func `a node that is about to go yields to whoever claims its addresses, and defends them no more`() {
    self.expect(
      """
      endpoints default/mail w3
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      contested 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      > defend 192.0.2.8
      > object to w3 about default/mail
      handing over
      contested 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      """)
  }
}
