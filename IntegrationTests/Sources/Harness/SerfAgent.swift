import Foundation

/// A serf agent on a host of a test's network: HashiCorp's memberlist, in a program that Debian has.
package struct SerfAgent: Sendable {
  package let host: NetworkHost
  package let name: String
  private let process: ChildProcess

  /// Starts it on an address, and waits until it answers. `key` is the key itself, of 16 or 32 bytes.
  package static func start(
    on host: NetworkHost, _ name: String, at address: String, joining others: [String] = [], key: [UInt8]? = nil
  ) async throws -> SerfAgent {
    var command = ["serf", "agent", "-node=\(name)", "-bind=\(address):7946", "-rpc-addr=127.0.0.1:7373"]
    command += others.map { "-join=\($0)" }
    if let key { command.append("-encrypt=\(Data(key).base64EncodedString())") }
    let process = try host.start(command)
    let agent = SerfAgent(host: host, name: name, process: process)
    try await eventually("the serf agent \(name) answers", within: .seconds(15)) {
      guard process.isRunning else { throw HarnessError.notReady("serf ended: \(process.standardOutput.suffix(500))") }
      return try await agent.members()
    } isRight: {
      $0[name] == "alive"
    }
    return agent
  }

  /// Everybody it knows: alive, leaving, left or failed.
  package func members() async throws -> [String: String] {
    struct Answer: Decodable {
      struct Member: Decodable { let name: String, status: String }
      let members: [Member]
    }
    let text = try await self.host.run("serf", "members", "-format=json").expectSuccess()
    let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
    return Dictionary(answer.members.map { ($0.name, $0.status) }) { $1 }
  }

  /// Has it go as a member should.
  package func leave() async throws {
    _ = try await self.host.run("serf", "leave").expectSuccess()
  }

  /// Ends it without a word.
  package func kill() {
    self.process.signal(SIGKILL)
  }

  /// What it has logged.
  package var log: String { self.process.standardOutput }
}
