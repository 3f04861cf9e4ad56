import Testing

@testable import Balancer

/// Owners that stay. For 192.0.2.8 the order of the nodes is w2, w1, w3; we are w1, and w2 is away.
@Suite struct StickyStoryTests {
  private static func cluster(_ policy: String) -> String {
    """
    \(AnnouncementStory.threeNodes)
    ad all \(policy)
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
    story.expect(text, sourceLocation: sourceLocation)
  }

  private static func announced(term: Int) -> String {
    """
    > claim 192.0.2.8 on all
    > announce default/mail 192.0.2.8 on all, term \(term)
    > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
    """
  }

  private static let withdrawn = """
    > withdraw default/mail 192.0.2.8 layer2 notOwner
    > release 192.0.2.8
    """
  /// w3 is asked whether it announces what it has claimed.
  private static func asking(term: Int) -> String { "> tell w3 default/mail w1 \(term)" }

  /// For as long as this node goes on.
  private static func askingAgain(term: Int) -> String {
    Array(repeating: Self.asking(term: term), count: 19).joined(separator: "\n")
  }

  /// w3 learns that this node has let go.
  private static let leaving = "> tell w3 default/mail w1 -"

  /// Left to w3, which was not heard in the time that there was.
  private static let unheard = """
    \(Self.withdrawn)
    > watch w3
    > probe 192.0.2.8 on all, again after 0.1
    \(Self.leaving)
    """

  @Test func `a node that comes back does not take its addresses from one that goes on`() {
    self.expect(
      """
      claimed default/mail w1 1
      members w1:eth0,w2:eth0,w3:eth0
      wait 3600
      """)
  }

  @Test func `without the policy it takes them at once, whatever is claimed`() {
    self.expect(
      """
      claimed default/mail w1 1
      members w1:eth0,w2:eth0,w3:eth0
      \(Self.withdrawn)
      > watch w2
      """, with: "")
  }

  @Test func `beside a speaker that does not heed claims, all elect as upstream does`() {
    self.expect(
      """
      claimed default/mail w1 1
      members w1:eth0,w2,w3:eth0
      \(Self.withdrawn)
      > watch w2
      """)
  }

  @Test func `of several claims that with the highest term counts, and the loser goes on for a second`() {
    self.expect(
      """
      claimed default/mail w1 1
      claimed default/mail w3 2
      \(Self.asking(term: 1))
      wait 1
      \(Self.askingAgain(term: 1))
      \(Self.unheard)
      claimed default/mail w2 1
      # Of equals that of the first in the order counts, and w2 is not there.
      no claimed default/mail w3 2
      > watch nobody
      # w2 may live.
      free 192.0.2.8
      \(Self.announced(term: 0))
      wait 2
      > announce default/mail 192.0.2.8 on all, term 2
      """)
  }

  @Test func `where nobody answers for what is claimed, the claim is old, and whoever has left it has it again`() {
    self.expect(
      """
      claimed default/mail w3 2
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      wait 1
      \(Self.askingAgain(term: 0))
      \(Self.unheard)
      free 192.0.2.8
      \(Self.announced(term: 3))
      > watch nobody
      # It is there after all.
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      \(Self.withdrawn)
      > watch w3
      > probe 192.0.2.8 on all, again after 0.1
      """)
  }

  @Test func `an owner that hears the one who has claimed its address stops at once`() {
    self.expect(
      """
      claimed default/mail w1 1
      claimed default/mail w3 2
      \(Self.asking(term: 1))
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      \(Self.withdrawn)
      > watch w3
      > probe 192.0.2.8 on all, again after 0.1
      """)
  }

  @Test func `an owner tells whoever announces its address of its claim`() {
    self.expect(
      """
      members w1:eth0,w2:eth0,w3:eth0
      \(Self.withdrawn)
      > watch w2
      claimed default/mail w1 4
      \(Self.announced(term: 4))
      > watch nobody
      # In the order, w2 comes first.
      contested 192.0.2.8 02:00:00:00:00:02 198.18.0.12
      > defend 192.0.2.8
      > object to w2 about default/mail
      > tell w2 default/mail w1 4
      """)
  }

  @Test func `who is told of a later claim yields, and of an earlier one does not`() {
    self.expect(
      """
      claimed default/mail w1 3
      > announce default/mail 192.0.2.8 on all, term 3
      told default/mail w3 2
      > tell w3 default/mail w1 3
      told default/mail w3 3
      told default/mail w9 9
      told default/mail w3 4
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      \(Self.leaving)
      # What is said is believed for as long as the watch may be stale; then what is seen counts again.
      wait 29
      wait 1
      \(Self.announced(term: 3))
      > abandon 192.0.2.8
      """)
  }

  @Test func `who asks for a claim is answered, and gets nothing by it`() {
    self.expect(
      """
      told default/mail w3 0
      claimed default/mail w1 1
      told default/mail w3 0
      > tell w3 default/mail w1 1
      """)
  }

  @Test func `a node that is back is told of what was taken over from it`() {
    self.expect(
      """
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      members w1:eth0
      > announce default/mail 192.0.2.8 on all, term 2
      claimed default/mail w1 2
      no claimed default/mail w3 1
      members w1:eth0,w3:eth0
      > tell w3 default/mail w1 2
      wait 1
      \(Self.askingAgain(term: 2))
      \(Self.asking(term: 2))
      wait 5
      """)
  }

  @Test func `a node that is back is told all the while, though it has other interfaces meanwhile`() {
    self.expect(
      """
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      members w1:eth0
      > announce default/mail 192.0.2.8 on all, term 2
      claimed default/mail w1 2
      members w1:eth0,w3:eth0
      > tell w3 default/mail w1 2
      members w1:eth0,w3:eth0+eth1
      wait 1
      \(Self.askingAgain(term: 2))
      \(Self.asking(term: 2))
      """)
  }

  @Test func `a node that is back and does not announce what was taken over from it says so, and is told no more`() {
    self.expect(
      """
      claimed default/mail w1 2
      > announce default/mail 192.0.2.8 on all, term 2
      claimed default/mail w3 1
      members w1:eth0
      told default/mail w3 0
      > tell w3 default/mail w1 2
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      > defend 192.0.2.8
      > object to w3 about default/mail
      > tell w3 default/mail w1 2
      told default/mail w3 -
      wait 5
      """)
  }

  @Test func `who does not announce what others do says so to whoever says that it does`() {
    self.expect(
      """
      members w1:eth0,w2:eth0,w3:eth0
      \(Self.withdrawn)
      > watch w2
      told default/mail w3 2
      \(Self.leaving)
      told default/nothing w3 2
      > tell w3 default/nothing w1 -
      told default/mail w3 -
      """)
  }

  @Test func `who waits to hear the one that has claimed its address asks on, whatever that one lets go of`() {
    self.expect(
      """
      claimed default/mail w1 1
      claimed default/mail w3 2
      \(Self.asking(term: 1))
      told default/mail w3 -
      wait 1
      \(Self.askingAgain(term: 1))
      \(Self.unheard)
      """)
  }

  @Test func `a node is told of all Services together`() {
    self.expect(
      """
      endpoints default/web w3
      claimed default/web w3 1
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      members w1:eth0
      > announce default/mail 192.0.2.8 on all, term 2
      service default/web 192.0.2.16
      > claim 192.0.2.16 on all
      > announce default/web 192.0.2.16 on all, term 2
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      members w1:eth0,w3:eth0
      > announce default/mail 192.0.2.8 on all, term 0
      > announce default/web 192.0.2.16 on all, term 0
      > tell w3 default/mail w1 0, default/web w1 0
      """)
  }

  @Test
  func `what a node has claimed that is not known to live is not claimed from it before the gossip could find it`() {
    self.expect(
      """
      claimed default/mail w1 1
      members w1:eth0
      # w1 was cut off, and hears of the API server again before it does of w3.
      claimed default/mail w3 2
      members w1:eth0,w3:eth0
      \(Self.asking(term: 1))
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      \(Self.withdrawn)
      > watch w3
      > probe 192.0.2.8 on all, again after 0.1
      """)
    self.expect(
      """
      claimed default/mail w1 1
      members w1:eth0
      claimed default/mail w3 2
      wait 1
      # It died when it had just claimed it.
      wait 1
      > announce default/mail 192.0.2.8 on all, term 3
      wait 60
      """)
  }

  @Test func `a node that is leaving leaves to whoever says that it announces, under whatever term`() {
    self.expect(
      """
      claimed default/mail w1 3
      > announce default/mail 192.0.2.8 on all, term 3
      told default/mail w3 0
      > tell w3 default/mail w1 3
      node w1 at=198.18.0.11 node.kubernetes.io/exclude-from-external-load-balancers=metallb-drain
      told default/mail w3 0
      > withdraw default/mail 192.0.2.8 layer2 nodeLabeledExcludeBalancers
      > release 192.0.2.8
      \(Self.leaving)
      """)
  }

  @Test func `what was said of a claim counts until it is seen, whatever is heard of earlier ones`() {
    self.expect(
      """
      claimed default/mail w1 3
      > announce default/mail 192.0.2.8 on all, term 3
      told default/mail w3 5
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      \(Self.leaving)
      # What this node had written before it was told.
      claimed default/mail w1 4
      claimed default/mail w3 5
      > watch w3
      > abandon 192.0.2.8
      wait 60
      """)
  }

  @Test func `what was said of a claim counts no more once this node has a later one`() {
    self.expect(
      """
      claimed default/mail w1 3
      > announce default/mail 192.0.2.8 on all, term 3
      told default/mail w3 5
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      \(Self.leaving)
      claimed default/mail w1 6
      \(Self.announced(term: 6))
      > abandon 192.0.2.8
      """)
  }

  @Test func `what was left to a claim that is gone is had again, though the order says otherwise`() {
    self.expect(
      """
      claimed default/mail w1 1
      members w1:eth0,w2:eth0,w3:eth0
      claimed default/mail w3 2
      \(Self.asking(term: 1))
      wait 1
      \(Self.askingAgain(term: 1))
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      \(Self.leaving)
      no claimed default/mail w1 1
      no claimed default/mail w3 2
      > watch w2
      # The first in the order, w2, may not know that yet.
      free 192.0.2.8
      \(Self.announced(term: 1))
      > watch nobody
      # It did, and had not been heard.
      contested 192.0.2.8 02:00:00:00:00:02 198.18.0.12
      \(Self.withdrawn)
      > watch w2
      > probe 192.0.2.8 on all, again after 0.1
      """)
  }

  @Test func `a thousand addresses left to others are asked for some hundred times a second in all`() {
    var story = AnnouncementStory(gossips: true)
    story.play(Self.cluster("policy=Sticky"))
    var rate = 0.0
    for index in 0..<1000 {
      let name = "default/s\(index)"
      story.play("pool main 192.0.0.0/16\nservice \(name) 192.0.\(4 + index / 250).\(index % 250 + 1)")
      story.play("endpoints \(name) w3\nclaimed \(name) w1 3")
      for case .probe(_, _, let pause) in story.actions(of: "told \(name) w3 4") { rate += .seconds(1) / pause }
    }
    #expect((100...1000).contains(rate), "\(rate)")
  }

  @Test func `whoever has yielded goes on as soon as nobody answers for the address`() {
    self.expect(
      """
      claimed default/mail w1 3
      > announce default/mail 192.0.2.8 on all, term 3
      told default/mail w3 4
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      \(Self.leaving)
      free 192.0.2.8
      \(Self.announced(term: 3))
      """)
  }

  @Test
  func `the claim of a node holds for a second against one that is not known to live, which is told all the while`() {
    let reminders = [1, 4, 8, 7].map { count in
      Array(repeating: "> tell w2 default/mail w1 1", count: count).joined(separator: "\n")
    }
    self.expect(
      """
      claimed default/mail w1 1
      contested 192.0.2.8 02:00:00:00:00:02 198.18.0.12
      > defend 192.0.2.8
      > object to w2 about default/mail
      > tell w2 default/mail w1 1
      wait 2
      \(reminders.joined(separator: "\n> defend 192.0.2.8\n> object to w2 about default/mail again\n"))
      contested 192.0.2.8 02:00:00:00:00:02 198.18.0.12
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      """)
  }

  @Test func `what is gone with its owner is announced at once, and claimed above it`() {
    self.expect(
      """
      claimed default/mail w1 1
      claimed default/mail w3 7
      \(Self.asking(term: 1))
      wait 1
      \(Self.askingAgain(term: 1))
      \(Self.unheard)
      members w1:eth0
      \(Self.announced(term: 8))
      > watch nobody
      > abandon 192.0.2.8
      # Back before that was written: it is not claimed any more.
      members w1:eth0,w3:eth0
      > announce default/mail 192.0.2.8 on all, term 1
      \(Self.asking(term: 1))
      wait 1
      \(Self.askingAgain(term: 1))
      \(Self.unheard)
      """)
  }

  @Test func `the first in the order claims what another one has after the hold-down, and announces when that counts`()
  {
    self.expect(
      """
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      wait 1
      \(Self.askingAgain(term: 0))
      \(Self.unheard)
      wait 298
      > abandon 192.0.2.8
      wait 2
      > bid for default/mail on all, term 2
      claimed default/mail w1 2
      \(Self.announced(term: 2))
      > watch nobody
      """, with: "policy=Sticky hold=5m")
  }

  @Test func `who is not first in the order never claims what another one has`() {
    self.expect(
      """
      members w1:eth0,w2:eth0,w3:eth0
      \(Self.withdrawn)
      > watch w2
      claimed default/mail w2 1
      wait 3600
      claimed default/mail w3 2
      > watch nobody
      wait 3600
      """, with: "policy=Sticky hold=1s")
  }

  @Test func `a claim that has not won is kept where its owner is gone: it is this node's address then`() {
    self.expect(
      """
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      wait 1
      \(Self.askingAgain(term: 0))
      \(Self.unheard)
      wait 60
      > abandon 192.0.2.8
      > bid for default/mail on all, term 2
      members w1:eth0
      \(Self.announced(term: 2))
      > watch nobody
      wait 60
      """, with: "policy=Sticky hold=1m")
  }

  @Test func `no claim has a node announce what it has left to one that sees the cluster, where it does not itself`() {
    self.expect(
      """
      blind
      objected default/mail w3
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      claimed default/mail w1 1
      sees
      wait 1
      \(Self.announced(term: 1))
      > abandon 192.0.2.8
      """)
  }

  @Test func `against a written claim counts only one that is written, too`() {
    self.expect(
      """
      # w2 may live.
      claimed default/mail w2 5
      > announce default/mail 192.0.2.8 on all, term 0
      # It is announced, and nobody is told of a claim that there is not, but asked for his.
      contested 192.0.2.8 02:00:00:00:00:03 198.18.0.13
      > defend 192.0.2.8
      > object to w3 about default/mail
      > tell w3 default/mail w1 0
      told default/mail w3 5
      \(Self.withdrawn)
      > probe 192.0.2.8 on all, again after 0.1
      \(Self.leaving)
      """)
  }

  @Test func `a claim that is not seen to count in time is taken back, and made again later`() {
    self.expect(
      """
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      wait 1
      \(Self.askingAgain(term: 0))
      \(Self.unheard)
      wait 60
      > abandon 192.0.2.8
      > bid for default/mail on all, term 2
      wait 10
      > abandon the bid for default/mail
      wait 60
      wait 11
      > bid for default/mail on all, term 2
      # Somebody else was faster.
      claimed default/mail w3 2
      > abandon the bid for default/mail
      """, with: "policy=Sticky hold=1m")
  }

  @Test func `a claim that was made knowing less than others is taken back when that is seen, though it seemed to win`()
  {
    self.expect(
      """
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      told default/mail w3 3
      \(Self.unheard)
      wait 10
      > bid for default/mail on all, term 2
      claimed default/mail w1 2
      > watch nobody
      claimed default/mail w3 3
      > abandon the bid for default/mail
      > watch w3
      > abandon 192.0.2.8
      """, with: "policy=Sticky hold=10s")
  }

  @Test func `a node that was away waits for the hold-down again`() {
    self.expect(
      """
      claimed default/mail w3 1
      > announce default/mail 192.0.2.8 on all, term 0
      \(Self.asking(term: 0))
      wait 1
      \(Self.askingAgain(term: 0))
      \(Self.unheard)
      wait 200
      > abandon 192.0.2.8
      node w1 at=198.18.0.11 noNetwork
      > watch nobody
      wait 100
      node w1 at=198.18.0.11
      > watch w3
      wait 299
      wait 2
      > bid for default/mail on all, term 2
      """, with: "policy=Sticky hold=5m")
  }

  @Test func `claims are waited for where they decide, and nowhere else`() {
    let lists = ["services", "endpoints", "nodes", "pools", "ads"].map { "synced \($0)" }.joined(separator: "\n")
    func awaited(_ policy: String, _ more: String = "") -> Set<SpeakerState.Source> {
      var story = AnnouncementStory(gossips: true)
      story.play(Self.cluster(policy).replacing("\nsynced", with: "\n" + lists) + more)
      return story.state.awaited
    }
    #expect(awaited("policy=Sticky") == [.ownership])
    #expect(awaited("policy=Sticky", "\nsynced claims") == [])
    #expect(awaited("") == [])
  }
}
