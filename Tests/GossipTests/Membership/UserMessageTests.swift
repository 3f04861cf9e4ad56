import Gossip
import TestKit
import Testing

/// What speakers say to each other beside the gossip itself.
@Suite struct UserMessageTests {
  @Test func `what is said to a node goes to it alone, and to nobody who is not known`() {
    var node = Node(knowing: ["beta", "gamma"])
    #expect(
      node.handle(.tell("gamma", [1, 2, 3])).messages.filter { $0.message == .user([1, 2, 3]) }.map(\.to) == [gamma])
    #expect(node.handle(.tell("nobody", [1])).messages.isEmpty)
    #expect(node.handle(.tell("alpha", [1])).messages.isEmpty)
    // What no datagram can hold is not said.
    #expect(node.handle(.tell("gamma", [UInt8](repeating: 0, count: 4000))).messages.isEmpty)
  }

  @Test func `what another one says is handed on, and nothing else comes of it`() {
    var node = Node(knowing: ["beta"])
    let before = node.membership.known
    #expect(node.hear(.user([7, 8])).contains(.deliver([7, 8])))
    #expect(node.membership.known == before)
  }
}
