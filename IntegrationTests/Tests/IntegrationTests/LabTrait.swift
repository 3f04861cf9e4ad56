import Harness
import Testing

/// One lab with our manifest applied, for a whole suite.
struct LabTrait: SuiteTrait, TestScoping {
  let nodes: Int

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Lab.with(nodes: self.nodes) { lab in
      try await lab.install()
      try await Lab.$current.withValue(lab) { try await function() }
    }
  }
}

extension Trait where Self == LabTrait {
  static func lab(nodes: Int) -> Self { LabTrait(nodes: nodes) }
}

extension Lab {
  /// The suite's lab without pools, advertisements, Services and workloads of an earlier test.
  static func fresh() async throws -> Lab {
    let lab = try #require(Lab.current)
    let kubectl = lab.kubectl
    try await kubectl("delete", "service,deployment,event", "--all")
    try await kubectl("delete", "ipaddresspools,l2advertisements", "--all", "--namespace=metallb-system")
    return lab
  }

  /// The node that the latest `nodeAssigned` event of a Service names, once that node alone answers for the address.
  func announcer(of address: String, service: String) async throws -> String {
    let answering = try await eventually("one node answers for \(address)", within: .seconds(20)) {
      try await self.answerers(address)
    } isRight: {
      $0.count == 1
    }
    let node = try #require(answering.first)
    try await eventually("an event names \(node)") {
      try await self.kubectl.events(about: service)
    } isRight: { events in
      events.contains(
        Event(
          type: "Normal", reason: "nodeAssigned", from: "metallb-speaker",
          message: #"announcing from node "\#(node)" with protocol "layer2""#))
    }
    return node
  }

  func awaitAddress(_ address: String, of service: String) async throws {
    let kubectl = self.kubectl
    try await eventually("\(service) has \(address)", equals: [address], within: .seconds(30)) {
      try await kubectl.addresses(of: service)
    }
  }

  func awaitAnswer(from address: String, within limit: Duration = .seconds(20)) async throws {
    try await eventually("curl http://\(address)/ answers", within: limit) {
      try await self.curl("http://\(address)/")
    } isRight: {
      $0?.isEmpty == false
    }
  }
}
