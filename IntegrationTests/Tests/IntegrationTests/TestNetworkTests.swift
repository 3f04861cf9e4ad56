import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// The network that other tests stand on: it carries what it should, and stops carrying it when told to.
  @Suite(.timeLimit(.minutes(1)))
  struct TestNetworkTests {
    @Test func `hosts of a segment and hosts behind a router reach each other`() async throws {
      try await TestNetwork.with { network in
        let left = try await network.addHost("left")
        let right = try await network.addHost("right")
        let router = try await network.addHost("router", forwards: true)
        let (near, far) = (try await network.addSegment("near"), try await network.addSegment("far"))
        try await near.plug(left, "198.18.1.1/24", "2001:db8:1::1/64")
        let port = try await near.plug(router, "198.18.1.254/24", "2001:db8:1::fe/64")
        try await far.plug(router, "198.18.2.254/24", "2001:db8:2::fe/64")
        try await far.plug(right, "198.18.2.1/24", "2001:db8:2::1/64", interface: "lan")
        try await left.ip("route add default via 198.18.1.254", "route add default via 2001:db8:1::fe")
        try await right.ip("route add default via 198.18.2.254", "route add default via 2001:db8:2::fe dev lan")
        for address in ["198.18.1.254", "2001:db8:1::fe", "198.18.2.1", "2001:db8:2::1"] {
          #expect(try await self.reaches(address, from: left), "\(address)")
        }
        #expect(try await self.reaches("\(try await port.linkLocalAddress())%eth0", from: left))
      }
    }

    @Test func `a silent port keeps its carrier, a cut one loses it, a healed one carries again`() async throws {
      try await TestNetwork.with { network in
        let left = try await network.addHost("left")
        let right = try await network.addHost("right")
        let segment = try await network.addSegment("wire")
        try await segment.plug(left, "198.18.1.1/24")
        let port = try await segment.plug(right, "198.18.1.2/24")
        func carrier() async throws -> String {
          try await right.run("cat", "/sys/class/net/eth0/operstate").expectSuccess()
        }
        #expect(try await self.reaches("198.18.1.2", from: left))
        try await port.silence()
        #expect(try await self.reaches("198.18.1.2", from: left) == false)
        #expect(try await carrier() == "up")
        try await port.heal()
        try await left.awaitReach("198.18.1.2")
        try await port.cut()
        #expect(try await self.reaches("198.18.1.2", from: left) == false)
        try await eventually("the carrier is gone", equals: "down") { try await carrier() }
        try await port.heal()
        try await left.awaitReach("198.18.1.2")
        try await port.lose(percent: 100)
        #expect(try await self.reaches("198.18.1.2", from: left) == false)
        try await port.lose(percent: 0)
        #expect(try await self.reaches("198.18.1.2", from: left))
      }
    }

    @Test func `a daemon that outlives its test ends with the network`() async throws {
      let process = try await TestNetwork.with { network in
        let host = try await network.addHost("host")
        // A child that leaves the session, as a daemon does.
        let pid = try await host.run("sh", "-c", "setsid sleep 300 >/dev/null 2>&1 & echo $!").expectSuccess()
        #expect(FileManager.default.fileExists(atPath: "/proc/\(pid)"))
        return pid
      }
      try await eventually("process \(process) is gone", equals: false) {
        let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return state.map { !$0.contains(") Z ") } ?? false
      }
    }

    private func reaches(_ address: String, from host: NetworkHost) async throws -> Bool {
      try await host.run("ping", "-n", "-c", "1", "-W", "1", address).code == 0
    }
  }
}
