import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// `make demo` after the build; that it leaves nothing behind is asserted here and once more at the end of the run.
  @Suite(.timeLimit(.minutes(3)))
  struct DemoTests {
    @Test func `the demo shows the job, survives the death of a node and removes everything`() async throws {
      let before = try await Machine.lookForDemos()
      let output = try await run(
        [try Tool.metallb(), "lab", "demo"], directory: Tool.repository, within: .seconds(120))
      let text = try output.expectSuccess()
      #expect(text.contains("EXTERNAL-IP"))
      #expect(text.contains("10.0.0.35"))
      #expect(text.contains("taken over by"))
      #expect(text.contains("requests failed"))
      // Piped, it speaks in plain lines.
      #expect(!text.contains("\u{1b}"))
      #expect(!text.contains("\r"))
      #expect(try await Machine.lookForDemos().subtracting(before) == [])
    }

    @Test func `the demo of BGP loses a router, a node and a speaker under load, and removes everything`() async throws
    {
      let before = try await Machine.lookForDemos()
      let output = try await run(
        [try Tool.metallb(), "lab", "demo", "--bgp"], directory: Tool.repository, within: .seconds(120))
      let text = try output.expectSuccess()
      #expect(text.contains("EXTERNAL-IP 192.168.5.0"))
      for hop in ["198.18.0.11", "198.18.0.12", "198.18.0.13", "via 198.18.1.201", "via 198.18.1.202"] {
        #expect(text.contains(hop))
      }
      #expect(text.split(separator: "\n").filter { $0.contains("BFD noticed") }.count == 2)
      #expect(text.contains("the routers kept all"))
      #expect(try await Machine.lookForDemos().subtracting(before) == [])
    }

    @Test func `a demo that is interrupted or killed leaves nothing to the next one`() async throws {
      let before = try await Machine.lookForDemos()
      for signal in [SIGINT, SIGTERM] {
        let demo = try ChildProcess([try Tool.metallb(), "lab", "demo"], directory: Tool.repository)
        try await eventually("the cluster stands", within: .seconds(30)) {
          demo.standardOutput
        } isRight: {
          $0.contains("three nodes")
        }
        demo.signal(signal)
        let end = try await demo.output(within: .seconds(30))
        #expect(end.code != 0)
        try await eventually("everything is removed") {
          try await Machine.lookForDemos().subtracting(before)
        } isRight: {
          $0.isEmpty
        }
      }
      let demo = try ChildProcess([try Tool.metallb(), "lab", "demo"], directory: Tool.repository)
      try await eventually("the cluster stands", within: .seconds(30)) {
        demo.standardOutput
      } isRight: {
        $0.contains("three nodes")
      }
      demo.signal(SIGKILL)
      _ = try await demo.output(within: .seconds(10))
      // Nobody could clean up: the next lab does.
      try await Lab.with(nodes: 1) { _ in }
      try await eventually("everything is removed") {
        try await Machine.lookForDemos().subtracting(before)
      } isRight: {
        $0.isEmpty
      }
    }
  }
}
