import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// The controller behind an API server that lies, drops, stalls and dies: it recovers, no address changes, none is lost.
  @Suite(.realAPIServer, .timeLimit(.minutes(3)))
  struct FaultTests {
    let server: KubeAPIServer
    let kubectl: Kubectl

    static let services = "/api/v1/services"
    static let pools = "ipaddresspools"

    init() async throws {
      let server = try #require(KubeAPIServer.current)
      self.server = server
      self.kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
      try await PythonClient(kubeconfig: server.kubeconfig).clear()
      try await self.kubectl.apply(
        Manifest.pool("pool", "10.20.0.0-10.20.0.9"), Manifest.service("one"), Manifest.service("two"))
    }

    /// Runs the controller behind the proxy until one and two have their addresses, then `body`; afterwards both must still
    /// have them, never have had others (an event would tell), and a new Service gets the next one.
    private func survives(_ body: (FaultProxy, Controller) async throws -> Void) async throws {
      try await FaultProxy.with(kubeconfig: self.server.controllerKubeconfig) { proxy in
        try await Controller.with(kubeconfig: proxy.kubeconfig) { controller in
          let first = ["default/one=10.20.0.0", "default/two=10.20.0.1"]
          try await eventually("one and two have addresses", equals: first) { try await self.kubectl.allAddresses() }
          try await body(proxy, controller)
          #expect(controller.process.isRunning)
          try await self.kubectl.apply(Manifest.service("zz-afterwards"))
          try await eventually("a new service gets an address", within: .seconds(60)) {
            try await self.kubectl.addresses(of: "zz-afterwards")
          } isRight: {
            !$0.isEmpty
          }
          let now = try await self.kubectl.allAddresses()
          #expect(first.allSatisfy(now.contains), "\(now)")
          #expect(Set(now.compactMap { $0.split(separator: "=").last }).count == now.count)
          for service in ["one", "two"] {
            let reasons = try await self.kubectl.events(about: service).map(\.reason)
            // Nobody announces anything here, and that is said too.
            #expect(
              Set(reasons).isSubset(of: ["IPAllocated", "NoMatchingAdvertisement"]), "\(service): \(reasons)")
          }
        }
      }
    }

    private func awaitAddress(_ address: String, of service: String, within limit: Duration = .seconds(30)) async throws
    {
      try await eventually("\(service) has \(address)", equals: [address], within: limit) {
        try await self.kubectl.addresses(of: service)
      }
    }

    @Test func `watches that break all the time lose no change`() async throws {
      try await self.survives { proxy, _ in
        for round in 2...6 {
          try await proxy.endWatches()
          try await self.kubectl.apply(Manifest.service("round-\(round)"))
          try await self.awaitAddress("10.20.0.\(round)", of: "round-\(round)")
        }
        // A broken watch is taken up where it was; listing all anew each time would hurt a big cluster.
        #expect(try await proxy.count("GET", Self.services) < 20)
      }
    }

    @Test func `a resource version that is gone leads to a new list`() async throws {
      try await self.survives { proxy, _ in
        let gone =
          #"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410}}"#
        var expired = FaultProxy.Rule("status", path: Self.services, watch: true, times: 2)
        expired.code = 200
        expired.body = gone + "\n"
        try await proxy.set(expired, .status(410, reason: "Expired", path: Self.pools, watch: true, times: 2))
        try await proxy.endWatches()
        try await self.kubectl.apply(Manifest.service("meanwhile"))
        try await self.awaitAddress("10.20.0.2", of: "meanwhile")
      }
    }

    @Test func `a conflict is met with the fresh object`() async throws {
      try await self.survives { proxy, _ in
        try await proxy.set(
          .status(409, reason: "Conflict", method: "PUT", path: "services/contested/status", times: 3))
        try await self.kubectl.apply(Manifest.service("contested"))
        // The proxy's conflicts come without a newer object; one does come, as after a real conflict.
        try await Task.sleep(for: .milliseconds(300))
        try await self.kubectl("annotate", "service", "contested", "changed=yes")
        try await self.awaitAddress("10.20.0.2", of: "contested")
      }
    }

    @Test(arguments: [(429, "TooManyRequests"), (500, "InternalError"), (503, "ServiceUnavailable")])
    func `a server that has had enough is asked again later`(code: Int, reason: String) async throws {
      try await self.survives { proxy, _ in
        let headers = code == 429 ? ["Retry-After": "1"] : nil
        try await proxy.set(
          .status(code, reason: reason, method: "PUT", times: 3, headers: headers),
          .status(code, reason: reason, method: "GET", watch: true, times: 6, headers: headers),
          .status(code, reason: reason, method: "GET", watch: false, times: 3, headers: headers))
        try await proxy.endWatches()
        try await self.kubectl.apply(Manifest.service("patient"))
        try await self.awaitAddress("10.20.0.2", of: "patient", within: .seconds(60))
        let writes = try await proxy.count("PUT", "services/patient/status")
        #expect((1...5).contains(writes), "\(writes) writes: retried without pause")
      }
    }

    @Test func `half an answer counts as none`() async throws {
      try await self.survives { proxy, _ in
        try await proxy.set(
          .init("truncate", path: Self.services, watch: false, times: 2),
          .init("truncate", path: Self.pools, watch: false, times: 2),
          .init("truncate", method: "PUT", times: 2), .init("garbage", path: Self.services, watch: true, times: 2),
          .status(410, reason: "Expired", watch: true, times: 4))
        try await proxy.endWatches()
        try await self.kubectl.apply(Manifest.service("whole"))
        try await self.awaitAddress("10.20.0.2", of: "whole", within: .seconds(60))
      }
    }

    @Test func `a slow server delays and harms nothing`() async throws {
      try await self.survives { proxy, _ in
        var slow = FaultProxy.Rule()
        slow.delay = 2
        try await proxy.set(slow)
        try await proxy.endWatches()
        try await self.kubectl.apply(Manifest.service("slow-a"), Manifest.service("slow-b"))
        try await eventually("both have addresses", within: .seconds(60)) {
          try await self.kubectl.addresses(of: "slow-a") + self.kubectl.addresses(of: "slow-b")
        } isRight: {
          Set($0) == ["10.20.0.2", "10.20.0.3"]
        }
        try await proxy.set()
      }
    }

    @Test func `watches that fall silent are noticed`() async throws {
      try await self.survives { proxy, _ in
        // A live server sends a bookmark about once a minute; silence beyond that has the controller ask.
        try await proxy.freezeWatches()
        try await self.kubectl.apply(Manifest.service("unheard"))
        try await self.awaitAddress("10.20.0.2", of: "unheard", within: .seconds(120))
      }
    }

    @Test func `a server that never answers is given up and asked again`() async throws {
      try await self.survives { proxy, _ in
        try await proxy.set(
          .init("silence", method: "PUT", times: 1), .init("silence", method: "GET", watch: false, times: 2))
        try await self.kubectl.apply(Manifest.service("ignored"))
        try await self.awaitAddress("10.20.0.2", of: "ignored", within: .seconds(90))
      }
    }

    @Test func `connections that are refused for a while change nothing`() async throws {
      try await self.survives { proxy, _ in
        try await proxy.set(.init("close"))
        try await proxy.endWatches()
        try await self.kubectl.apply(Manifest.service("later"))
        try await Task.sleep(for: .seconds(5))
        #expect(try await self.kubectl.addresses(of: "later") == [])
        // It does keep asking, and with pauses.
        let asked = try await proxy.count("GET", Self.services)
        #expect((2...60).contains(asked), "\(asked) requests")
        try await proxy.set()
        try await self.awaitAddress("10.20.0.2", of: "later", within: .seconds(40))
      }
    }

    @Test func `an etcd that is put back to an earlier state costs no service its address`() async throws {
      #expect(try await self.kubectl.allAddresses() == [], "in the state that is saved nobody has an address yet")
      try await self.server.save()
      try await Controller.with(kubeconfig: self.server.controllerKubeconfig) { _ in
        let addresses = ["default/one=10.20.0.0", "default/two=10.20.0.1"]
        try await self.kubectl.apply(Manifest.service("younger"))
        try await eventually("all have addresses", equals: addresses + ["default/younger=10.20.0.2"]) {
          try await self.kubectl.allAddresses()
        }
        // A server that starts writes some hundred times; by then the versions must not have reached again those that the
        // controller has seen.
        try await PythonClient(kubeconfig: self.server.kubeconfig)(
          """
          for number in range(800):
              core.patch_namespaced_service('younger', 'default', {'metadata': {'labels': {'number': str(number)}}})
          """)
        try await self.server.restore()
        try await eventually("both have them again, and the third is no more", equals: addresses, within: .seconds(60))
        {
          try await self.kubectl.allAddresses()
        }
        try await self.kubectl.apply(Manifest.service("youngest"))
        try await self.awaitAddress("10.20.0.2", of: "youngest")
      }
    }

    @Test func `one malformed object hides no other`() async throws {
      try await self.survives { proxy, controller in
        // The server sends a Service whose ports are text, and a pool whose addresses are a number.
        try await self.kubectl.apply(
          Manifest.service("twisted", ports: [.tcp(4321)]), Manifest.pool("warped", "203.0.113.77/32"))
        try await self.awaitAddress("10.20.0.2", of: "twisted")
        var ports = FaultProxy.Rule("replace", path: Self.services)
        ports.from = #""port":4321"#
        ports.to = #""port":"many""#
        var addresses = FaultProxy.Rule("replace", path: Self.pools)
        addresses.from = #"["203.0.113.77/32"]"#
        addresses.to = "7"
        try await proxy.set(
          .status(410, reason: "Expired", path: Self.services, watch: true, times: 1),
          .status(410, reason: "Expired", path: Self.pools, watch: true, times: 1), ports, addresses)
        try await proxy.endWatches()
        try await self.kubectl.apply(Manifest.service("straight"))
        try await self.awaitAddress("10.20.0.3", of: "straight", within: .seconds(60))
        try await eventually("the log names both") {
          controller.log
        } isRight: { log in
          log.contains("twisted") && log.contains("warped")
        }
        #expect(try await self.kubectl.addresses(of: "twisted") == ["10.20.0.2"])
      }
    }

    @Test func `a server that is not there yet is waited for`() async throws {
      let port = try WebhookInstallation.freePort()
      let kubeconfig = try Workspace.current.file(
        "kubeconfig",
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "http://127.0.0.1:\(port)"}}]
        contexts: [{name: c, context: {cluster: c, user: u}}]
        users: [{name: u, user: {}}]
        current-context: c
        """)
      try await Controller.with(kubeconfig: kubeconfig) { controller in
        try await eventually("the log says where nobody answers") {
          controller.log
        } isRight: {
          $0.contains("127.0.0.1:\(port)")
        }
        try await Task.sleep(for: .seconds(2))
        #expect(controller.process.isRunning)
        let lab = try await LabAPIServer(listen: "http://127.0.0.1:\(port)")
        do {
          let kubectl = Kubectl(.current, kubeconfig: lab.kubeconfig)
          try await kubectl.apply(
            Manifest.namespace("metallb-system"), Manifest.pool("pool", "10.21.0.0/29"), Manifest.service("early"))
          try await eventually("the service gets its address", equals: ["10.21.0.0"], within: .seconds(40)) {
            try await kubectl.addresses(of: "early")
          }
        } catch {
          await lab.process.stop()
          throw error
        }
        await lab.process.stop()
      }
    }
  }
}
