import Gossip
import Testing

@testable import Speaker

/// The settings file of contract section 12.
@Suite struct GossipFilesTests {
  private static let complete = """
    {"TCPTimeout": "10s", "IndirectChecks": 3, "RetransmitMult": 4, "SuspicionMult": 4, "SuspicionMaxTimeoutMult": 6,
     "PushPullInterval": "30s", "ProbeTimeout": "500ms", "ProbeInterval": "1s", "DisableTcpPings": false,
     "AwarenessMaxMultiplier": 8, "GossipNodes": 3, "GossipInterval": "200ms", "GossipToTheDeadTime": "30s",
     "GossipVerifyIncoming": true, "GossipVerifyOutgoing": true, "EnableCompression": true, "HandoffQueueDepth": 1024,
     "UDPBufferSize": 1400, "QueueCheckInterval": "30s"}
    """

  private func parse(_ text: String) throws -> Settings {
    try GossipFiles.parse(Array(text.utf8), path: "config.json")
  }

  @Test func `a file with memberlist's own values is what holds without one`() throws {
    #expect(try self.parse(Self.complete) == .lan)
  }

  @Test func `a duration that is missing or none is named`() {
    #expect(
      throws: GossipFiles.Failure.field(
        path: "config.json", name: "ProbeInterval", problem: "is missing: give a duration such as \"500ms\"")
    ) { try self.parse(Self.complete.replacing("\"ProbeInterval\": \"1s\",", with: "")) }
    #expect(
      throws: GossipFiles.Failure.field(
        path: "config.json", name: "GossipInterval",
        problem: "is \"fast\", which is no duration such as \"500ms\" or \"1m30s\"")
    ) { try self.parse(Self.complete.replacing("200ms", with: "fast")) }
  }

  @Test func `switches that are missing are off, and numbers out of bounds are refused`() throws {
    let text = Self.complete.replacing("\"GossipVerifyIncoming\": true,", with: "")
    #expect(try self.parse(text).verifiesIncoming == false)
    #expect(
      throws: GossipFiles.Failure.field(
        path: "config.json", name: "UDPBufferSize", problem: "is 0: it must lie between 512 and 65000")
    ) { try self.parse(Self.complete.replacing("1400", with: "0")) }
  }

  @Test func `without a file there are no settings, without a key there is a reason`() throws {
    #expect(try GossipFiles.settings("/nonexistent/config.json") == nil)
    #expect(
      throws: GossipFiles.Failure.unreadable(path: "/nonexistent/secretkey", reason: "there is no such file")
    ) { try GossipFiles.key(in: "/nonexistent") }
  }
}
