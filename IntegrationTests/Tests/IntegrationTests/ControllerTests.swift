import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// The controller against a real kube-apiserver, with the rights of its service account and none besides.
  @Suite(.realAPIServer, .timeLimit(.minutes(5)))
  struct ControllerTests {
    let server: KubeAPIServer
    let kubectl: Kubectl
    let python: PythonClient

    /// Each test starts from a cluster without pools and without Services of type LoadBalancer.
    init() async throws {
      let server = try #require(KubeAPIServer.current)
      self.server = server
      self.kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
      self.python = PythonClient(kubeconfig: server.kubeconfig)
      try await self.python.clear()
    }

    private func withController(_ extra: String..., body: (Controller) async throws -> Void) async throws {
      try await Controller.with(kubeconfig: self.server.controllerKubeconfig, extra, body: body)
    }

    /// What a write would change: resourceVersions of Services and pools, and the names and counts of events.
    private func fingerprint() async throws -> String {
      let version = #"jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion}{"\n"}{end}"#
      return try await self.kubectl("get", "services,ipaddresspools,events", "--all-namespaces", "--output", version)
    }

    private func awaitAddress(_ address: String, of service: String, within limit: Duration = .seconds(20)) async throws
    {
      try await eventually("\(service) has \(address)", equals: [address], within: limit) {
        try await self.kubectl.addresses(of: service)
      }
    }

    @Test func `services get the lowest addresses, an annotation and an event`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("first-pool", "192.168.1.240-192.168.1.250"), Manifest.service("alpha"))
      try await self.withController { _ in
        try await self.awaitAddress("192.168.1.240", of: "alpha")
        try await self.kubectl.apply(Manifest.service("beta"))
        try await self.awaitAddress("192.168.1.241", of: "beta")

        let pool = #".metadata.annotations.metallb\.io/ip-allocated-from-pool"#
        #expect(try await self.kubectl.field(pool, of: "service/beta") == "first-pool")
        try await eventually(
          "beta's event is there",
          equals: [
            Event(
              type: "Normal", reason: "IPAllocated", from: "metallb-controller",
              message: #"Assigned IP ["192.168.1.241"]"#)
          ]
        ) {
          // Nobody announces anything here, and that is said after a while.
          try await self.kubectl.events(about: "beta").filter { $0.reason != "NoMatchingAdvertisement" }
        }
        try await eventually("the pool counts them", equals: "2 9") {
          try await self.kubectl.field(
            ".status.assignedIPv4} {.status.availableIPv4", of: "ipaddresspool/first-pool", in: "metallb-system")
        }
      }
    }

    @Test func `a deleted service gives its address to the one that waits for it`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("tiny", "192.0.2.7/32"), Manifest.service("holder"))
      try await self.withController { _ in
        try await self.awaitAddress("192.0.2.7", of: "holder")
        try await self.kubectl.apply(Manifest.service("waiter"))
        try await eventually(
          "the waiter is told why",
          equals: [
            Event(
              type: "Warning", reason: "AllocationFailed", from: "metallb-controller",
              message: #"Failed to allocate IP for "default/waiter": no available IPs"#)
          ]
        ) { try await self.kubectl.events(about: "waiter") }
        try await self.kubectl("delete", "service", "holder")
        try await self.awaitAddress("192.0.2.7", of: "waiter")
      }
    }

    @Test func `both families are given to a service that requires them`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("both", "192.0.2.0/28", "2001:db8::/124"),
        Manifest.service("dual", spec: "ipFamilyPolicy: RequireDualStack"))
      try await self.withController { _ in
        try await eventually("both addresses are there", equals: ["192.0.2.0", "2001:db8::"]) {
          try await self.kubectl.addresses(of: "dual")
        }
      }
    }

    @Test func `a restart adopts all addresses and writes nothing at all`() async throws {
      try await self.kubectl.apply(Manifest.pool("many", "10.7.0.0/16"))
      try await self.createServices(620)
      try await self.withController { _ in
        try await eventually("all have addresses", within: .seconds(60), every: .seconds(1)) {
          try await self.kubectl.allAddresses()
        } isRight: {
          $0.count == 620
        }
        try await eventually("the pool counts them", equals: "620") {
          try await self.kubectl.field(".status.assignedIPv4", of: "ipaddresspool/many", in: "metallb-system")
        }
      }
      let addresses = try await self.kubectl.allAddresses()
      #expect(Set(addresses.compactMap { $0.split(separator: "=").last }).count == 620)

      let before = try await self.fingerprint()
      try await self.withController { controller in
        // Nothing to wait for but the passing of time: a controller that wrote would do so at once after its lists.
        try await stays("nothing is written", equals: before, during: .seconds(4)) { try await self.fingerprint() }
        #expect(controller.process.isRunning)
        try await self.kubectl.apply(Manifest.service("late"))
        try await eventually("it does work", within: .seconds(10)) {
          try await self.kubectl.addresses(of: "late")
        } isRight: {
          !$0.isEmpty
        }
      }
      let after = try await self.kubectl.allAddresses().filter { !$0.hasPrefix("default/late=") }
      #expect(after == addresses)
    }

    @Test func `a second client that writes all the time costs no service its address`() async throws {
      try await self.kubectl.apply(Manifest.pool("contested", "10.8.0.0/24"))
      try await self.createServices(30)
      // Six hands patch every Service again and again, so that many of the controller's writes meet a conflict.
      let rival = try self.python.start(
        """
        stop = time.time() + 8
        def patch(name, change):
            while True:  # the server itself gives up after five conflicts in a row
                try:
                    return core.patch_namespaced_service(name, 'default', change)
                except client.ApiException as error:
                    if error.status != 409:
                        raise
        def annotate(hand):
            count = 0
            while time.time() < stop:
                count += 1
                for number in range(hand, 30, 6):
                    patch(f's{number}', {'metadata': {'annotations': {'rival': str(count)}}})
            return {f's{number}': str(count) for number in range(hand, 30, 6)}
        with ThreadPoolExecutor(6) as pool:
            last = {}
            for part in pool.map(annotate, range(6)):
                last.update(part)
        for service in core.list_namespaced_service('default').items:
            if service.metadata.name in last and service.metadata.annotations['rival'] != last[service.metadata.name]:
                print(service.metadata.name, 'has the annotation', service.metadata.annotations['rival'])
        print('patched', sum(map(int, last.values())))
        """)
      try await self.withController { _ in
        // Pools come and go meanwhile, so that there is something to write all the time.
        for round in 1...5 {
          try await self.kubectl.apply(Manifest.pool("contested", "10.8.\(round).0/24"))
          try await Task.sleep(for: .seconds(1))
        }
        // Every annotation is the rival's last: a status write carries metadata, and must not carry it backwards.
        let report = try await rival.output(within: .seconds(60)).expectSuccess().split(separator: " ")
        #expect(report.first == "patched", "\(report.joined(separator: " "))")
        #expect(try #require(report.last.flatMap { Int($0) }) > 100)
        let addresses = try await eventually("all have addresses of the last pool", within: .seconds(20)) {
          try await self.kubectl.allAddresses()
        } isRight: { addresses in
          addresses.count == 30 && addresses.allSatisfy { $0.contains("=10.8.5.") }
        }
        #expect(Set(addresses.compactMap { $0.split(separator: "=").last }).count == 30)
      }
    }

    @Test func `an API server that is killed and comes back finds the controller at work`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("steady", "10.9.0.0/28"), Manifest.service("before-one"), Manifest.service("before-two"))
      try await self.withController { controller in
        let addresses = try await eventually("both have addresses") {
          try await self.kubectl.allAddresses()
        } isRight: {
          $0.count == 2
        }
        try await self.server.crash()
        try await Task.sleep(for: .seconds(2))
        try await self.server.start()
        try await self.kubectl.apply(Manifest.service("after"))
        try await self.awaitAddress("10.9.0.2", of: "after", within: .seconds(60))
        #expect(try await self.kubectl.allAddresses() == (addresses + ["default/after=10.9.0.2"]).sorted())
        #expect(controller.process.isRunning)
      }
    }

    @Test func `history that the server has forgotten is listed anew`() async throws {
      try await self.kubectl.apply(Manifest.pool("compacted", "10.10.0.0/28"), Manifest.service("known"))
      try await self.withController { controller in
        try await self.awaitAddress("10.10.0.0", of: "known")
        // While the controller stands still, the world changes, the server restarts and forgets what happened in between.
        controller.process.signal(SIGSTOP)
        try await self.kubectl("delete", "service", "known")
        try await self.kubectl.apply(Manifest.service("unseen"))
        try await self.python(
          """
          for number in range(150):
              core.create_namespaced_config_map('default', {'metadata': {'name': f'noise-{number}'}})
              core.delete_namespaced_config_map(f'noise-{number}', 'default')
          """)
        try await self.server.compact()
        try await self.server.crash()
        try await self.server.start()
        controller.process.signal(SIGCONT)
        try await self.awaitAddress("10.10.0.0", of: "unseen", within: .seconds(60))
        try await self.kubectl.apply(Manifest.service("next"))
        try await self.awaitAddress("10.10.0.1", of: "next")
      }
    }

    @Test func `another client sees the address arrive in its watch`() async throws {
      try await self.withController { _ in
        let seen = try await self.python(
          """
          custom.create_namespaced_custom_object('metallb.io', 'v1beta1', 'metallb-system', 'ipaddresspools', {
              'apiVersion': 'metallb.io/v1beta1', 'kind': 'IPAddressPool', 'metadata': {'name': 'from-python'},
              'spec': {'addresses': ['172.20.0.5-172.20.0.6']}})
          core.create_namespaced_service('default', client.V1Service(
              metadata=client.V1ObjectMeta(name='seen'),
              spec=client.V1ServiceSpec(type='LoadBalancer', ports=[client.V1ServicePort(port=80)])))
          for event in watch.Watch().stream(core.list_namespaced_service, 'default', timeout_seconds=30):
              ingress = event['object'].status.load_balancer.ingress
              if event['object'].metadata.name == 'seen' and ingress:
                  print(ingress[0].ip)
                  break
          """)
        #expect(seen == "172.20.0.5")
      }
    }

    @Test func `a client certificate is as good as a token`() async throws {
      try await self.kubectl.apply(Manifest.pool("certified", "10.11.0.0/28"), Manifest.service("certified"))
      try await Controller.with(kubeconfig: self.server.certificateKubeconfig) { _ in
        try await self.awaitAddress("10.11.0.0", of: "certified")
      }
    }

    @Test func `a shrunk pool moves only those that lost their address`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("shrinking", "10.12.0.0-10.12.0.3"), Manifest.service("keeps"))
      try await self.withController { _ in
        try await self.awaitAddress("10.12.0.0", of: "keeps")
        try await self.kubectl.apply(Manifest.service("moves"))
        try await self.awaitAddress("10.12.0.1", of: "moves")
        let kept = try await self.kubectl.field(".metadata.resourceVersion", of: "service/keeps")
        try await self.kubectl.apply(Manifest.pool("shrinking", "10.12.0.0/32", "10.12.9.0/32"))
        try await self.awaitAddress("10.12.9.0", of: "moves")
        #expect(try await self.kubectl.field(".metadata.resourceVersion", of: "service/keeps") == kept)
      }
    }

    /// Services s0, s1, ... by a client with many hands: kubectl would take a minute.
    private func createServices(_ count: Int) async throws {
      try await self.python(
        """
        def create(number):
            core.create_namespaced_service('default', client.V1Service(
                metadata=client.V1ObjectMeta(name=f's{number}'),
                spec=client.V1ServiceSpec(type='LoadBalancer', ports=[client.V1ServicePort(port=80)])))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(create, range(int(sys.argv[1]))))
        """, "\(count)")
    }
  }
}
