import Primitives
import Testing

@testable import Balancer

/// How long an address is left to another node that was heard to announce it. For 192.0.2.8 the order is w2, w1, w3; we are
/// w1, and the gossip does not know w2 when it is heard first.
@Suite struct YieldStoryTests {
  private static let yielding = """
    \(AnnouncementStory.threeNodes)
    ad all
    endpoints default/mail w3
    service default/mail 192.0.2.8
    members w1,w3
    synced
    """

  private func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    var story = AnnouncementStory(gossips: true)
    story.play(Self.yielding)
    story.expect(text, sourceLocation: sourceLocation)
  }

  @Test func `when the gossip loses the node that was yielded to, this one goes on at once`() {
    self.expect(
      """
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      wait 1
      members w1,w2,w3
      > watch w2
      > abandon 192.0.2.8
      wait 1
      members w1,w3
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      """)
  }

  @Test func `a node is known by the hardware address that it has told of, on networks where it has no other`() {
    self.expect(
      """
      members w1:eth0@020000000011,w2:eth0@020000000012,w3:eth0@020000000013
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      members w1:eth0@020000000011,w3:eth0@020000000013
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      # It has gone, and is still who it was.
      contested 192.0.2.8 02:00:00:00:00:12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      """)
  }

  @Test func `what several nodes have, or a node that was deleted, is nobody's hardware address`() {
    for events in [
      "members w1:eth0,w2:eth0@eeeeeeeeeeee,w3:eth0@eeeeeeeeeeee\nmembers w1:eth0,w3:eth0",
      "members w1:eth0,w2:eth0@eeeeeeeeeeee,w3:eth0\nmembers w1:eth0,w3:eth0\nno node w2",
      "members w1:eth0,w2:eth0@eeeeeeeeeeee,w3:eth0\nmembers w1:eth0,w2:eth0@020000000012\nmembers w1:eth0,w3:eth0",
    ] {
      var story = AnnouncementStory(gossips: true)
      story.play(Self.yielding)
      story.play(events)
      #expect(story.told("contested 192.0.2.8 ee:ee:ee:ee:ee:ee").contains("> defend 192.0.2.8"), "\(events)")
    }
  }

  @Test func `the end of another node makes no difference`() {
    self.expect(
      """
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      members w1
      members w1,w3
      wait 9
      """)
  }

  @Test func `a node that the gossip never comes to know is yielded to for ten seconds and no longer`() {
    self.expect(
      """
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

  @Test func `once the gossip knows the node, its end counts and not the time`() {
    self.expect(
      """
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      members w1,w2,w3
      > watch w2
      > abandon 192.0.2.8
      wait 30
      members w1,w3
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > watch nobody
      """)
  }

  @Test func `a node that the gossip does not know is asked for all the while, and its silence ends the yield`() {
    self.expect(
      """
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      # It answers.
      occupied 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      wait 2
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      wait 10
      """)
  }

  @Test func `of several addresses of such a node one is asked for, and stands for all`() {
    self.expect(
      """
      endpoints default/web w3
      service default/web 192.0.2.14
      > claim 192.0.2.14 on all
      > announce default/web 192.0.2.14 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      contested 192.0.2.14 02:00:00:00:00:12 198.18.0.12
      > withdraw default/web 192.0.2.14 layer2 notOwner
      > release 192.0.2.14
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > claim 192.0.2.14 on all
      > announce default/web 192.0.2.14 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      """)
  }
}
