import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// A node whose addresses are announced on bonds, on bridges, and on VLANs of either, and on no member of them.
  @Suite(.enabled(if: GuestKernel.isRunning, "Scripts/kernel-tests runs these"), .timeLimit(.minutes(30)))
  struct KernelLinkTests {
    private static let (address, addressV6) = ("192.168.5.0", "2001:db8:5::1")

    /// A segment with a client on it, once plain and once in VLAN 7.
    private struct Wire {
      let segment: NetworkSegment
      let client: NetworkHost

      init(_ network: TestNetwork, _ name: String, subnet: Int) async throws {
        self.segment = try await network.addSegment(name)
        self.client = try await network.addHost("client-\(name)")
        try await self.segment.plug(self.client, "198.18.\(subnet).9/24", "2001:db8:\(subnet)::9/64")
        try await self.client.ip(
          "link add link eth0 name eth0.7 type vlan id 7", "link set eth0.7 up",
          "address add 198.18.1\(subnet).9/24 dev eth0.7")
      }

      /// Who answers one ARP request for the address: the hardware address of each answer.
      func answers(on interface: String) async throws -> [String] {
        let output = try await self.client.run(
          "arping", "-b", "-c", "1", "-w", "2", "-I", interface, KernelLinkTests.address)
        return output.out.split(separator: "\n").compactMap { line in
          guard line.contains("reply from"), let start = line.firstIndex(of: "["), let end = line.firstIndex(of: "]")
          else { return nil }
          return line[line.index(after: start)..<end].lowercased()
        }
      }

      func answersV6(on interface: String) async throws -> [String] {
        let output = try await self.client.run(
          "ndisc6", "-m", "-r", "1", "-w", "2000", KernelLinkTests.addressV6, interface)
        return output.out.split(separator: "\n").compactMap { line in
          line.hasPrefix("Target link-layer address:") ? line.split(separator: " ").last.map { $0.lowercased() } : nil
        }
      }

      /// The hardware address that the client has for the Service, without asking for it.
      func known() async throws -> String {
        let words = try await self.client.run("ip", "neigh", "show", KernelLinkTests.address).expectSuccess()
          .split(separator: " ")
        return words.firstIndex(of: "lladdr").map { String(words[$0 + 1]) } ?? ""
      }
    }

    private func hardware(_ node: NetworkHost, _ interface: String) async throws -> String {
      try await node.run("cat", "/sys/class/net/\(interface)/address").expectSuccess()
    }

    @Test func `bonds, bridges and their VLANs answer once, members never, and a bond that fails over goes on`()
      async throws
    {
      try await TestNetwork.with { network in
        let node = try await network.addHost("node")
        // bond0: two cables to one switch. bond1: the same, but each cable has a hardware address of its own. br0: one port.
        let wires = [
          try await Wire(network, "bond", subnet: 1), try await Wire(network, "own", subnet: 2),
          try await Wire(network, "bridge", subnet: 3),
        ]
        try await node.ip(
          "link add bond0 type bond mode active-backup miimon 50",
          "link add bond1 type bond mode active-backup miimon 50 fail_over_mac active",
          "link add br0 type bridge forward_delay 0")
        var cables: [String: [NetworkPort]] = [:]
        for (wire, (master, names)) in zip(
          wires, [("bond0", ["m0", "m1"]), ("bond1", ["n0", "n1"]), ("br0", ["p0"])])
        {
          for name in names {
            let port = try await wire.segment.plug(node, interface: name)
            // A bond takes nothing in that is up.
            try await node.ip("link set \(name) down", "link set \(name) master \(master)", "link set \(name) up")
            cables[master, default: []].append(port)
          }
          try await node.ip("link set \(master) up")
        }
        for (index, master) in ["bond0", "bond1", "br0"].enumerated() {
          try await node.ip(
            "address add 198.18.\(index + 1).1/24 dev \(master)",
            "link add link \(master) name \(master).7 type vlan id 7", "link set \(master).7 up")
        }
        // The VLAN of the second bond is not to be announced on.
        let exclusions = try Workspace.current.file(
          "excludel2.yaml", "announcedInterfacesToExclude: [\"^lo$\", \"^bond1\\\\.7$\"]\n")

        let cluster = try await BGPCluster.start(on: node)
        try await cluster.apply(
          Manifest.pool("pool", "192.168.5.0/24", "2001:db8:5::/120"), Manifest.advertisement("l2", pools: "pool"))
        try await cluster.expose("web", "\(Self.address),\(Self.addressV6)")
        let speaker = try cluster.startSpeaker("--excludel2-file=\(exclusions)")
        for (wire, master) in zip(wires, ["bond0", "bond1", "br0"]) {
          let hardware = try await self.hardware(node, master)
          for (interface, expected) in [("eth0", [hardware]), ("eth0.7", master == "bond1" ? [] : [hardware])] {
            try await eventually("\(master) answers once on \(interface)", equals: expected) {
              try await wire.answers(on: interface)
            }
            try await eventually("\(master) answers once on \(interface), for IPv6", equals: expected) {
              try await wire.answersV6(on: interface)
            }
          }
        }
        let log = speaker.standardOutput + speaker.standardError
        for name in ["m0", "m1", "n0", "n1", "p0", "lo", "bond1.7"] {
          #expect(!log.contains("\"interface\":\"\(name)\"") && !log.contains("interface=\(name) "), "\(name)")
        }

        // The cable in use is cut: the other one carries the same address, at once.
        let shared = try await self.hardware(node, "bond0")
        try await self.cutActive(of: "bond0", node, cables["bond0"] ?? [])
        try await eventually("bond0 answers on the other cable", equals: [shared], within: .seconds(2)) {
          try await wires[0].answers(on: "eth0")
        }
        #expect(try await wires[0].answers(on: "eth0.7") == [shared])

        // A bond that changes its hardware address tells everybody, unasked.
        let old = try await self.hardware(node, "bond1")
        try await wires[1].client.ip("neigh replace \(Self.address) lladdr \(old) nud stale dev eth0")
        try await self.cutActive(of: "bond1", node, cables["bond1"] ?? [])
        try await eventually("the client learns the other address", within: .seconds(5)) {
          [try await wires[1].known(), try await self.hardware(node, "bond1")]
        } isRight: {
          $0[0] == $0[1] && $0[0] != old
        }
        #expect(try await wires[1].answers(on: "eth0") == [try await self.hardware(node, "bond1")])

        // One that leaves its master answers for itself.
        try await node.ip("link set p0 nomaster")
        let freed = try await self.hardware(node, "p0")
        try await eventually("p0 answers by itself", equals: [freed]) { try await wires[2].answers(on: "eth0") }
      }
    }

    private func cutActive(of bond: String, _ node: NetworkHost, _ cables: [NetworkPort]) async throws {
      let active = try await node.run("cat", "/sys/class/net/\(bond)/bonding/active_slave").expectSuccess()
      try await cables.first { $0.interface == active }?.cut()
      try await eventually("\(bond) has gone over to its other cable", every: .milliseconds(10)) {
        try await node.run("cat", "/sys/class/net/\(bond)/bonding/active_slave").out
      } isRight: {
        !$0.isEmpty && !$0.contains(active)
      }
    }
  }
}
