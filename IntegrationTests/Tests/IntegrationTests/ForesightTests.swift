import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// `metallb check`, `explain` and `plan`: what is wrong, why it is so, and what would be.
  @Suite(.timeLimit(.minutes(2)))
  struct ForesightTests {
    private func metallb(_ arguments: String..., input: String = "") async throws -> Output {
      try await run([try Tool.metallb()] + arguments, input: input, within: .seconds(30))
    }

    private func json(_ text: String) throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func `files without a mistake are valid, those with one say where and what to do`() async throws {
      let good = try await self.metallb(
        "check", "-f", "-",
        input: [Manifest.pool("a", "10.0.0.0/24"), Manifest.advertisement("l2", pools: "a")]
          .joined(separator: "\n---\n"))
      #expect(good.code == 0 && good.out == "2 objects, all valid.\n", "\(good)")

      let directory = Workspace.current.newDirectory("check")
      for (name, text) in [
        ("a.yaml", Manifest.pool("a", "10.0.0.0/33")), ("b.yml", Manifest.pool("b", "10.0.1.0/24", extra: "cidr: x")),
        ("c.txt", "not looked at"),
      ] { try text.write(to: directory.appendingPathComponent(name), atomically: false, encoding: .utf8) }
      let bad = try await self.metallb("check", "-f", directory.path)
      #expect(bad.code == 1)
      for part in [
        "IPAddressPool metallb-system/a", "a.yaml", "spec.addresses[0]", #"invalid CIDR "10.0.0.0/33" in pool "a""#,
        "unknown field", "2 objects, 1 error, 1 warning.",
      ] { #expect(bad.out.contains(part), "\(part): \(bad.out)") }
      #expect(bad.out.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.contains(directory.path) })

      let warned = directory.appendingPathComponent("b.yml").path
      #expect(try await self.metallb("check", "-f", warned).code == 0)
      #expect(try await self.metallb("check", "-f", warned, "--strict").code == 1)
      let report = try self.json(try await self.metallb("check", "-f", warned, "-o", "json").out)
      #expect(report["valid"] as? Bool == true)
      #expect((report["problems"] as? [[String: Any]])?.first?["field"] as? String == "spec.cidr")
    }

    @Test func `what cannot be read ends with 64`() async throws {
      #expect(try await self.metallb("check", "-f", "/no/such/file").code == 64)
      #expect(try await self.metallb("check", "-f", "-", input: "{{").code == 64)
      #expect(try await self.metallb("explain", "service", "a/b/c", "--kubeconfig", "/dev/null").code == 64)
      #expect(try await self.metallb("plan").code == 64)
      #expect(try await self.metallb("plan", "--delete", "pod/a").code == 64)
    }

    @Test func `explain and plan speak of the cluster as it is and would be`() async throws {
      try await LabAPIServer.with { server in
        let kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
        let cluster = ["--kubeconfig", server.kubeconfig]
        func metallb(_ arguments: String..., input: String = "") async throws -> Output {
          try await run([try Tool.metallb()] + arguments + cluster, input: input, within: .seconds(30))
        }
        try await kubectl.apply(
          Manifest.namespace("metallb-system"), Manifest.pool("first", "192.0.2.0/31"),
          Manifest.pool("manual", "192.0.3.0/30", extra: "autoAssign: false"), Manifest.service("one"),
          Manifest.service("two"), Manifest.service("three"))
        try await Controller.with(kubeconfig: server.kubeconfig) { _ in
          try await eventually("two have addresses") {
            try await kubectl.allAddresses().count
          } isRight: {
            $0 == 2
          }
          let waiting = try await eventually("the third is told", within: .seconds(10)) { () -> String in
            for name in ["one", "two", "three"] where try await kubectl.addresses(of: name).isEmpty { return name }
            return ""
          } isRight: {
            !$0.isEmpty
          }
          let holding = try #require(["one", "two", "three"].first { $0 != waiting })

          let pending = try await metallb("explain", "service", "default/\(waiting)")
          #expect(pending.code == 0, "\(pending.error)")
          for part in ["has no address: no available IPs", "0 of 2", "no IPv4 address is free", "autoAssign is false"] {
            #expect(pending.out.contains(part), "\(part): \(pending.out)")
          }
          try await eventually("the event of \(holding) is written") {
            try await kubectl.events(about: holding).map(\.reason)
          } isRight: {
            $0.contains("IPAllocated")
          }
          let held = try await metallb("explain", "svc", holding)
          for part in ["From pool", "first", "There are none, so nobody announces the address.", "IPAllocated"] {
            #expect(held.out.contains(part), "\(part): \(held.out)")
          }
          let machine = try self.json(try await metallb("explain", "service", holding, "-o", "json").out)
          #expect((machine["allocation"] as? [String: Any])?["pool"] as? String == "first")
          let unknown = try await metallb("explain", "service", "default/none")
          #expect(unknown.code == 1 && unknown.error.contains("there is no Service default/none"))

          // Nothing changes; then each way in which something can.
          let same = try await metallb("plan", "-f", "-", input: Manifest.pool("first", "192.0.2.0/31"))
          #expect(same.code == 0, "\(same.out)\(same.error)")
          let more = try await metallb("plan", "-f", "-", input: Manifest.pool("second", "198.51.100.0/24"))
          #expect(
            more.code == 2 && more.out.contains("gains an address") && more.out.contains("198.51.100.0"), "\(more.out)")
          let gone = try await metallb("plan", "--delete", "ipaddresspool/first")
          #expect(gone.code == 2 && gone.out.contains("2 lose their addresses"), "\(gone.out)")
          let whole = try await metallb(
            "plan", "--replace", "-f", "-", "-o", "json", input: Manifest.pool("renamed", "192.0.2.0/30"))
          #expect(whole.code == 2)
          let services = try #require(try self.json(whole.out)["services"] as? [[String: Any]])
          #expect(services.compactMap { $0["fate"] as? String }.sorted() == ["gains", "keeps", "keeps"])
          let broken = try await metallb("plan", "-f", "-", input: Manifest.pool("first", "192.0.2.0/33"))
          #expect(broken.code == 1 && broken.out.contains("invalid CIDR"), "\(broken.out)")
          // Planning has not done anything.
          #expect(try await kubectl.allAddresses().count == 2)
        }
      }
    }
  }
}
