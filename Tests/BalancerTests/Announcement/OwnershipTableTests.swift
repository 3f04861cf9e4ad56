import KubernetesModel
import TestKit
import Testing

@testable import Balancer

/// What is filed of the status objects that all speakers write.
@Suite struct OwnershipTableTests {
  private static let web = ObjectKey(namespace: "default", name: "web")

  private static func claim(_ name: String, by node: String, term: Int) -> ObjectChange<OwnershipClaim> {
    .applied(
      OwnershipClaim(
        key: ObjectKey(namespace: "metallb-system", name: name), service: Self.web, node: node, term: term))
  }

  @Test func `a status object without a term claims nothing and costs nothing`() {
    var table = OwnershipTable()
    #expect(table.apply(Self.claim("l2-a", by: "w1", term: 0)) == [])
    #expect(table == OwnershipTable())
    #expect(table.apply(.deleted(ObjectKey(namespace: "metallb-system", name: "l2-a"))) == [])
  }

  @Test func `a claim that loses its term is none any more`() {
    var table = OwnershipTable()
    #expect(table.apply(Self.claim("l2-a", by: "w1", term: 3)) == [Self.web])
    #expect(table.term(of: Self.web, by: "w1") == 3)
    #expect(table.apply(Self.claim("l2-a", by: "w1", term: 0)) == [Self.web])
    #expect(table == OwnershipTable())
  }

  @Test func `of several claims of a node its highest term counts`() {
    var table = OwnershipTable()
    _ = table.apply(Self.claim("l2-a", by: "w1", term: 3))
    _ = table.apply(Self.claim("l2-b", by: "w1", term: 5))
    _ = table.apply(Self.claim("l2-c", by: "w2", term: 6))
    #expect(table.term(of: Self.web, by: "w1") == 5)
    #expect(table.term(of: Self.web, by: "w3") == nil)
    #expect(table.nextTerm(of: Self.web) == 7)
    #expect(table.services(claimedBy: "w1") == [Self.web])
  }

  @Test func `a speaker by whose configuration no claims decide files none of upstream's objects`() {
    var story = AnnouncementStory(gossips: true)
    story.play(
      """
      pool main 192.0.2.0/24
      ad all
      node w1 at=198.18.0.11
      interfaces eth0
      synced
      members w1:eth0
      endpoints default/web w1
      service default/web 192.0.2.1
      """)
    let before = story.state
    story.play("claimed default/web w2 0")
    #expect(story.state.ownership == before.ownership)
    #expect(story.state.decisions == before.decisions)
  }
}
