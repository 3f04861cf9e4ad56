import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Two nodes announce a Service with policy `Local`, as one of them has not seen that it may not any more. For 192.0.2.8 the
/// order of the nodes is w2, w1, w3; we are w1.
@Suite struct ObjectionStoryTests {
  private func expect(
    _ text: String, endpoints: String = "w1,w3", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var story = AnnouncementStory(gossips: true)
    story.play(
      """
      \(AnnouncementStory.threeNodes)
      ad all
      endpoints default/mail \(endpoints)
      service default/mail 192.0.2.8 local
      members w1,w2,w3
      synced
      """)
    story.expect(text, sourceLocation: sourceLocation)
  }

  // MARK: Who sees

  @Test func `a node that may not announce is told so, a few times, and the neighbours with it`() {
    self.expect(
      """
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > defend 192.0.2.8
      > object to w2 about default/mail
      wait 2
      > defend 192.0.2.8
      > object to w2 about default/mail again
      > defend 192.0.2.8
      > object to w2 about default/mail again
      > defend 192.0.2.8
      > object to w2 about default/mail again
      """)
  }

  @Test func `one that has not been found by the gossip yet is told as soon as it is`() {
    self.expect(
      """
      members w1,w3
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > defend 192.0.2.8
      > object to w2 about default/mail
      members w1,w2,w3
      > object to w2 about default/mail
      """)
  }

  @Test func `a node that merely comes later is told, too, as it may not know who has endpoints`() {
    self.expect(
      """
      contested 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      > defend 192.0.2.8
      > object to w3 about default/mail
      """)
  }

  @Test func `nobody objects while it does not see the cluster itself`() {
    self.expect(
      """
      blind
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > defend 192.0.2.8
      """)
  }

  @Test func `nobody objects any more once things are different`() {
    self.expect(
      """
      contested 192.0.2.8 02:00:00:00:00:12 198.18.0.12
      > defend 192.0.2.8
      > object to w2 about default/mail
      endpoints default/mail w1,w2
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > watch w2
      wait 2
      """)
  }

  // MARK: Who does not

  @Test func `a node that does not see the cluster leaves an address to one that objects, until it sees again`() {
    self.expect(
      """
      blind
      objected default/mail w2
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      wait 120
      sees
      wait 1
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > abandon 192.0.2.8
      """)
  }

  @Test func `what was missed decides as soon as it comes`() {
    self.expect(
      """
      blind
      objected default/mail w2
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      sees
      endpoints default/mail w2
      wait 1
      > abandon 192.0.2.8
      """)
  }

  @Test func `the address is taken up again when nobody answers for it, or the one that objected is gone`() {
    self.expect(
      """
      blind
      objected default/mail w2
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      objected default/mail w2
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      > probe 192.0.2.8 on all, again after 0.1
      members w1,w3
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      > abandon 192.0.2.8
      """)
  }

  @Test func `a node that is leaving has waited for somebody to say that he announces`() {
    self.expect(
      """
      # It hears the next one before it sees its label.
      contested 192.0.2.8 02:00:00:00:00:13 198.18.0.13
      > defend 192.0.2.8
      > object to w3 about default/mail
      node w1 at=198.18.0.11 node.kubernetes.io/exclude-from-external-load-balancers=true
      objected default/mail w3
      > withdraw default/mail 192.0.2.8 layer2 nodeLabeledExcludeBalancers
      > release 192.0.2.8
      """)
  }

  @Test func `one that is leaving and does not see the cluster leaves to whoever objects`() {
    self.expect(
      """
      blind
      handing over
      objected default/mail w2
      > withdraw default/mail 192.0.2.8 layer2 notOwner
      > release 192.0.2.8
      """)
  }

  @Test func `a node that sees the cluster, or does not announce, gives nothing on objections`() {
    self.expect(
      """
      objected default/mail w2
      blind
      objected default/mail w1
      objected default/mail nobody
      objected default/other w2
      blind
      sees
      wait 1
      objected default/mail w2
      """)
    self.expect(
      """
      blind
      objected default/mail w3
      """, endpoints: "w3")
  }

  @Test func `an objection survives the gossip, and garbage is none`() {
    let keys = ["mail", "web"].map { ObjectKey(namespace: "default", name: $0) }
    let notice = ObjectionNotice(node: "w1", services: keys)
    #expect(String(decoding: notice.bytes, as: UTF8.self) == "metallb-swift objects w1 default/mail default/web")
    #expect(ObjectionNotice(notice.bytes) == notice)
    #expect(OwnershipNotice(notice.bytes) == nil)
    for text in ["", "metallb-swift objects w1", "metallb-swift objects w1 mail", "x objects w1 default/mail"] {
      #expect(ObjectionNotice(Array(text.utf8)) == nil)
    }
  }

  @Test func `objections to a thousand announcements take few notices`() {
    let keys = (0..<1000).map { ObjectKey(namespace: "default", name: "s\($0)") }
    let notices = ObjectionNotice.notices(from: "w1", about: keys)
    #expect(notices.count < 60, "\(notices.count)")
    #expect(notices.allSatisfy { $0.bytes.count <= 400 && ObjectionNotice($0.bytes) == $0 })
    #expect(notices.flatMap(\.services) == keys)
  }
}
