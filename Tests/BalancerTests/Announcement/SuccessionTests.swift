import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Whose end a node watches for.
@Suite struct SuccessionTests {
  private static let key = ObjectKey(namespace: "default", name: "web")

  /// The speaker of a node in a cluster in which all gossip.
  private func speaker(_ node: String, of nodes: [String]) -> (AnnouncementStory, String) {
    (
      AnnouncementStory(node: node, gossips: true),
      """
      pool main 192.0.2.0/24
      ad all
      \(nodes.map { "node \($0)" }.joined(separator: "\n"))
      interfaces eth0
      service default/web 192.0.2.1
      endpoints default/web w1
      synced
      """
    )
  }

  @Test func `exactly one node watches the owner of an address: the one that comes next`() throws {
    let nodes = ["w1", "w2", "w3", "w4", "w5"]
    let address = try #require(IPAddress("192.0.2.1"))
    let order = nodes.sorted {
      Layer2Election.Rank(of: $0, for: address) < Layer2Election.Rank(of: $1, for: address)
    }
    var members = order
    while members.count > 1 {
      for node in nodes where members.contains(node) {
        var (story, text) = self.speaker(node, of: nodes)
        text += "\nmembers \(members.joined(separator: ","))\n"
        let told = story.told(text)
        let watches = told.split(separator: "\n").filter { $0.hasPrefix("> watch") }
        #expect(watches == (node == members[1] ? ["> watch \(members[0])"] : []), "\(node) of \(members)")
      }
      members.removeFirst()
    }
  }

  @Test func `a node that comes between takes the watch over, and gives it back when it goes`() {
    var table = SuccessionTable()
    table.put(Self.key, rivals: ["w3"])
    #expect(table.owners == ["w3"])
    #expect(Array(table.inheritances.keys) == [Self.key], "whoever comes can stand between")
    table.put(Self.key, rivals: ["w3", "w2"])
    #expect(table.owners.isEmpty)
    #expect(table.services(dependingOn: "w2") == [Self.key])
    #expect(table.services(dependingOn: "w9").isEmpty)
    table.put(Self.key, rivals: ["w2"])
    #expect(table.owners == ["w2"])
    table.put(Self.key, rivals: [])
    #expect(table == SuccessionTable())
  }
}
