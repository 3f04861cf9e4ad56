import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// Several controllers of one cluster: one acts, and whatever becomes of it, no address is given twice and no Service lost.
  @Suite(.realAPIServer, .timeLimit(.minutes(3)))
  struct LeadershipTests {
    private let server: KubeAPIServer
    private let kubectl: Kubectl
    private let python: PythonClient

    init() async throws {
      let server = try #require(KubeAPIServer.current)
      self.server = server
      self.kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
      self.python = PythonClient(kubeconfig: server.kubeconfig)
      try await self.python.clear()
    }

    /// Starts two controllers, the first of which leads.
    private func withTwo(pods: Bool = true, _ body: (_ leader: Controller, _ standby: Controller) async throws -> Void)
      async throws
    {
      let kubeconfig = self.server.controllerKubeconfig
      let leader = try Controller(kubeconfig: kubeconfig, pods ? ["--pod-name=one"] : [])
      do {
        try await eventually("the first leads", within: .seconds(10)) {
          leader.log
        } isRight: {
          Self.leads($0)
        }
        try await Controller.with(kubeconfig: kubeconfig, pods ? ["--pod-name=two"] : []) { standby in
          try await eventually("the second follows") {
            standby.log
          } isRight: {
            $0.contains("controller starting")
          }
          try await body(leader, standby)
        }
      } catch {
        leader.process.signal(SIGCONT)
        await leader.process.stop()
        throw error
      }
      leader.process.signal(SIGCONT)
      await leader.process.stop()
    }

    private static func leads(_ log: String) -> Bool { log.contains("this controller leads\"") }

    /// Creates Services at a steady pace in the background.
    private func load(_ count: Int, pause: Double) throws -> ChildProcess {
      try self.python.start(
        """
        for number in range(int(sys.argv[1])):
            core.create_namespaced_service('default', {
                'metadata': {'name': f'load-{number}'},
                'spec': {'type': 'LoadBalancer', 'ports': [{'port': 80}]}})
            time.sleep(float(sys.argv[2]))
        """, ["\(count)", "\(pause)"])
    }

    private func addresses() async throws -> [String] {
      try await self.kubectl.allAddresses().compactMap { $0.split(separator: "=").last.map(String.init) }
    }

    /// Every Service has one address, and each address one Service.
    private func expectAllServed(_ count: Int) async throws {
      try await eventually("all \(count) have an address", within: .seconds(20)) {
        try await self.addresses().count
      } isRight: {
        $0 == count
      }
      let addresses = try await self.addresses()
      #expect(Set(addresses).count == count, "an address was given twice: \(addresses.sorted())")
    }

    /// A pod that is gone is followed sooner than a process of which nothing is known but its lease.
    @Test(arguments: [true, false])
    func `when the leader is killed under load, the standby takes over within seconds`(pods: Bool) async throws {
      try await self.kubectl.apply(Manifest.pool("load", "10.7.0.0/24"))
      try await self.withTwo(pods: pods) { leader, standby in
        let load = try self.load(80, pause: 0.05)
        try await eventually("some are served") {
          try await self.addresses().count
        } isRight: {
          $0 >= 20
        }
        leader.process.signal(SIGKILL)
        let killed = ContinuousClock.now
        try await eventually("the standby leads", within: .seconds(15), every: .milliseconds(20)) {
          standby.log
        } isRight: {
          Self.leads($0)
        }
        #expect(killed.duration(to: .now) < .seconds(12))
        _ = try await load.output(within: .seconds(60)).expectSuccess()
        try await self.expectAllServed(80)
      }
    }

    @Test func `a leader that was frozen writes nothing when it thaws`() async throws {
      try await self.kubectl.apply(Manifest.pool("load", "10.7.0.0/24"))
      try await self.withTwo { leader, standby in
        let load = try self.load(110, pause: 0.05)
        try await eventually("some are served") {
          try await self.addresses().count
        } isRight: {
          $0 >= 20
        }
        leader.process.signal(SIGSTOP)
        try await eventually("the standby leads", within: .seconds(15)) {
          standby.log
        } isRight: {
          Self.leads($0)
        }
        let frozen = leader.log.count
        let before = try await self.kubectl.allAddresses()
        leader.process.signal(SIGCONT)
        _ = try await load.output(within: .seconds(60)).expectSuccess()
        try await self.expectAllServed(110)
        try await eventually("it knows that it leads no more") {
          leader.log
        } isRight: {
          $0.contains("this controller leads no more")
        }
        // Of what was on its way when it froze it hears only now; that was there before it thawed.
        for line in leader.log.dropFirst(frozen).split(separator: "\n") where line.contains("wrote the addresses") {
          let entry = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
          let written = "\(entry["service"] ?? "")=\(entry["ips"] ?? "")"
          #expect(before.contains(written), "written after it thawed: \(written)")
        }
      }
    }

    @Test func `a leader that stops hands over at once`() async throws {
      try await self.kubectl.apply(Manifest.pool("load", "10.7.0.0/24"), Manifest.service("before"))
      try await self.withTwo { leader, standby in
        try await eventually("the first serves", equals: ["10.7.0.0"]) {
          try await self.kubectl.addresses(of: "before")
        }
        let code = await leader.process.stop()
        #expect(code == 0)
        let stopped = ContinuousClock.now
        try await eventually("the standby leads", every: .milliseconds(20)) {
          standby.log
        } isRight: {
          Self.leads($0)
        }
        #expect(stopped.duration(to: .now) < .seconds(4), "a lease that is not released is followed after five seconds")
        try await self.kubectl.apply(Manifest.service("after"))
        try await eventually("the second serves", equals: ["10.7.0.1"]) {
          try await self.kubectl.addresses(of: "after")
        }
      }
    }

    @Test func `without the permission a controller says so once and serves all the same`() async throws {
      let rules = try await self.kubectl(
        "get", "role", "controller", "--namespace=metallb-system", "--output", "jsonpath={.rules}")
      #expect(rules.contains("leases"))
      let kubeconfig = self.server.controllerKubeconfig
      try await self.kubectl.apply(Manifest.pool("alone", "10.8.0.0/24"), Manifest.service("alone"))
      try await self.kubectl(
        "patch", "role", "controller", "--namespace=metallb-system", "--type=json", "--patch",
        #"[{"op": "replace", "path": "/rules", "value": \#(Self.withoutLeases(rules))}]"#)
      try await Controller.with(kubeconfig: kubeconfig) { controller in
        try await eventually("it serves", equals: ["10.8.0.0"]) { try await self.kubectl.addresses(of: "alone") }
        try await Task.sleep(for: .seconds(1))
        #expect(controller.log.components(separatedBy: "leases are not permitted").count == 2)
      }
      try await self.kubectl(
        "patch", "role", "controller", "--namespace=metallb-system", "--type=json", "--patch",
        #"[{"op": "replace", "path": "/rules", "value": \#(rules)}]"#)
    }

    private static func withoutLeases(_ rules: String) throws -> String {
      let list = try #require(
        JSONSerialization.jsonObject(with: Data(rules.utf8)) as? [[String: Any]])
      let rest = list.filter { ($0["resources"] as? [String]) != ["leases"] }
      return String(
        decoding: try JSONSerialization.data(withJSONObject: rest, options: .withoutEscapingSlashes), as: UTF8.self)
    }
  }
}
