import Testing

@testable import Balancer

/// Owners that stay. For 192.0.2.8 the order of the nodes is w2, w1, w3; we are w1, and w2 is away.
@Suite struct StickyStoryTests {
  private static func cluster(_ policy: String) -> String {
    """
    pool main 192.0.2.0/24
    ad all \(policy)
    node w1 at=198.18.0.11
    node w2 at=198.18.0.12
    node w3 at=198.18.0.13
    interfaces eth0
    endpoints default/mail w3
    service default/mail 192.0.2.8
    synced
    members w1:eth0,w3:eth0
    """
  }

  private func expect(
    _ text: String, with policy: String = "policy=Sticky", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var story = AnnouncementStory(gossips: true)
    story.play(Self.cluster(policy))
    #expect(story.told(text) == text, sourceLocation: sourceLocation)
  }

  private static let announced = """
    > claim 192.0.2.8 on all
    > announce default/mail 192.0.2.8 on all
    > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
    """

  @Test func `a node that comes back does not take its addresses from one that goes on`() {
    self.expect(
      """
      owner default/mail w1
      members w1:eth0,w2:eth0,w3:eth0
      wait 3600
      """)
    // That is what the policy is for.
    self.expect(
      """
      owner default/mail w1
      members w1:eth0,w2:eth0,w3:eth0
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      """, with: "")
  }

  @Test func `beside a speaker that does not count owners, all elect as upstream does`() {
    self.expect(
      """
      owner default/mail w1
      members w1:eth0,w2,w3:eth0
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      members w1:eth0,w2:eth0,w3:eth0
      \(Self.announced)
      > watch nobody
      """)
  }

  @Test func `of two that have written that they announce it, the later one counts`() {
    self.expect(
      """
      owner default/mail w3 100
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w3
      owner default/mail w1 99
      owner default/mail w1 101
      \(Self.announced)
      > watch nobody
      """)
  }

  @Test func `a speaker that does not know the owners yet announces nothing that another could own`() {
    var story = AnnouncementStory(gossips: true)
    let synced = ["services", "endpoints", "nodes", "pools", "ads"].map { "synced \($0)" }.joined(separator: "\n")
    story.play(Self.cluster("policy=Sticky").replacing("\nsynced", with: "\n" + synced))
    let end = "owner default/mail w3\nsynced owners\n> watch w3\nmembers w1:eth0\n\(Self.announced)\n> watch nobody"
    #expect(story.state.announcements.isEmpty)
    #expect(story.told(end) == end)
  }

  @Test func `without a hold-down an address never moves back, with one its first node takes it`() {
    self.expect(
      """
      owner default/mail w3
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w3
      wait 36000
      """)
    self.expect(
      """
      owner default/mail w3
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w3
      wait 299
      wait 6
      \(Self.announced)
      > watch nobody
      # The other is to yield, and does not count meanwhile.
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      > defend 192.0.2.8
      owner default/mail w1 1
      wait 3600
      """, with: "policy=Sticky hold=5m")
  }

  @Test func `a node that was away waits for the hold-down again`() {
    self.expect(
      """
      owner default/mail w3
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w3
      wait 200
      node w1 at=198.18.0.11 noNetwork
      > watch nobody
      wait 100
      node w1 at=198.18.0.11
      > watch w3
      wait 299
      wait 6
      \(Self.announced)
      > watch nobody
      """, with: "policy=Sticky hold=5m")
  }

  @Test func `an owner yields to the node that takes, and does not come back when the yield is over`() {
    self.expect(
      """
      owner default/mail w1
      members w1:eth0,w2:eth0,w3:eth0
      contested 192.0.2.8 02:00:00:00:00:02 198.18.0.12
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      wait 60
      # Until the other is gone.
      members w1:eth0,w3:eth0
      \(Self.announced)
      > watch nobody
      """, with: "policy=Sticky hold=5m")
  }

  @Test func `the next owner is known, and watches`() {
    self.expect(
      """
      owner default/mail w3
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w3
      # w2 would come between.
      members w1:eth0,w2:eth0,w3:eth0
      > watch nobody
      members w1:eth0,w2:eth0
      > watch w2
      members w1:eth0
      \(Self.announced)
      > watch nobody
      """)
  }
}
