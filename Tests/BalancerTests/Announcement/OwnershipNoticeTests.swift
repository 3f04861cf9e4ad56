import KubernetesModel
import Testing

@testable import Balancer

@Suite struct OwnershipNoticeTests {
  private static func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

  @Test func `a notice is read as it was written, and nothing else is`() {
    let notice = OwnershipNotice(
      node: "w1", stances: [Self.key("mail"): .announces(term: 12), Self.key("web"): .leaves])
    #expect(String(decoding: notice.bytes, as: UTF8.self) == "metallb-swift stands w1 default/mail=12 default/web=-")
    #expect(OwnershipNotice(notice.bytes) == notice)
    for text in [
      "", "metallb-swift stands w1", "metallb-swift stands w1 default/mail", "metallb-swift stands w1 default/mail=-1",
      "metallb-swift stands w1 mail=1", "metallb-swift stands w1 a/b=1 =", "other stands w1 default/mail=1",
    ] {
      #expect(OwnershipNotice(Array(text.utf8)) == nil, "\(text)")
    }
    #expect(OwnershipNotice(notice.bytes + [UInt8](repeating: 0x31, count: 2000)) == nil)
  }

  @Test func `what is said of a thousand Services takes few notices, each of which fits any datagram of the gossip`() {
    let stances = Dictionary(
      uniqueKeysWithValues: (0..<1000).map { (Self.key("s\($0)"), OwnershipNotice.Stance.announces(term: $0)) })
    let notices = OwnershipNotice.notices(from: "w1", of: stances)
    #expect(notices.count < 60, "\(notices.count)")
    #expect(notices.allSatisfy { $0.bytes.count <= 400 })
    #expect(notices.reduce(into: [:]) { $0.merge($1.stances) { $1 } } == stances)
    #expect(OwnershipNotice.notices(from: "w1", of: [:]) == [])
  }

  @Test func `names of any length are told of one by one`() {
    let long = [ObjectKey(namespace: String(repeating: "a", count: 63), name: String(repeating: "b", count: 253))]
    let keys = long + [Self.key("mail"), ObjectKey(namespace: "z", name: String(repeating: "c", count: 253))]
    let notices = OwnershipNotice.notices(
      from: String(repeating: "w", count: 253), of: Dictionary(uniqueKeysWithValues: keys.map { ($0, .leaves) }))
    #expect(notices.map(\.stances.count) == [1, 1, 1])
    #expect(notices.allSatisfy { OwnershipNotice($0.bytes) == $0 })
  }
}
