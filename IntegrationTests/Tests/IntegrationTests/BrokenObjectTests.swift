import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// The controller against objects that no schema has looked at: what slips in must do no harm.
  @Suite(.timeLimit(.minutes(4)))
  struct BrokenObjectTests {
    /// Definitions of our kinds whose schema lets everything pass, as on a cluster whose definitions were edited by hand.
    private static let permissiveDefinitions = [
      ("IPAddressPool", "ipaddresspools"), ("L2Advertisement", "l2advertisements"),
      ("BGPAdvertisement", "bgpadvertisements"), ("BGPPeer", "bgppeers"), ("BFDProfile", "bfdprofiles"),
      ("Community", "communities"),
    ].map { kind, plural in
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata: {name: \(plural).metallb.io}
      spec:
        group: metallb.io
        scope: Namespaced
        names: {kind: \(kind), plural: \(plural), singular: \(kind.lowercased()), listKind: \(kind)List}
        versions:
        - name: v1beta1
          served: true
          storage: \(kind != "BGPPeer")
          schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
          subresources: {status: {}}
        - name: v1beta2
          served: true
          storage: \(kind == "BGPPeer")
          schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
          subresources: {status: {}}
      """
    }

    /// A server with those definitions, and nothing else of ours.
    private func withPermissiveServer(_ body: (LabAPIServer, Kubectl, PythonClient) async throws -> Void) async throws {
      let definitions = Workspace.current.newDirectory("permissive-definitions")
      for (index, text) in Self.permissiveDefinitions.enumerated() {
        try text.write(
          to: definitions.appendingPathComponent("\(index).yaml"), atomically: true, encoding: .utf8)
      }
      try await LabAPIServer.with(["--crds", definitions.path]) { server in
        let kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
        try await kubectl.apply(Manifest.namespace("metallb-system"))
        try await body(server, kubectl, PythonClient(kubeconfig: server.kubeconfig))
      }
    }

    @Test func `objects of every wrong shape leave the controller at work, and those that are wrong are named`()
      async throws
    {
      try await self.withPermissiveServer { server, kubectl, python in
        // Of two pools of the same second the one whose name comes first prevails.
        try await kubectl.apply(Manifest.pool("a-good-one", "192.0.2.0/28"), Manifest.service("before"))
        try await Controller.with(kubeconfig: server.kubeconfig) { controller in
          try await eventually("the first service is served", equals: ["192.0.2.0"]) {
            try await kubectl.addresses(of: "before")
          }
          // A seed of its own each day would find more and prove less: a failure has to be repeatable.
          let report = try await python(Self.generator, "20261125", "300")
          let created = report.split(separator: "\n").compactMap { Int($0.split(separator: " ").last ?? "") }
          #expect(created.count == 2 && created.allSatisfy { $0 > 50 }, "\(report)")
          try await kubectl.apply(Manifest.service("after"))
          try await eventually("a later service is served all the same", equals: ["192.0.2.1"], within: .seconds(20)) {
            try await kubectl.addresses(of: "after")
          }
          for (name, complaint) in Self.knownFaults {
            try await eventually("the problem of \(name) is told") {
              controller.log
            } isRight: { log in
              log.split(separator: "\n").contains { $0.contains(name) && $0.contains(complaint) }
            }
          }
          #expect(controller.process.isRunning)
        }
      }
    }

    @Test func `ten thousand pools do not keep a service waiting`() async throws {
      try await self.withPermissiveServer { server, kubectl, python in
        try await python(
          """
          pools = ('metallb.io', 'v1beta1', 'metallb-system', 'ipaddresspools')
          def create(number):
              # Every hundredth overlaps with the one before it.
              place = number - 1 if number % 100 == 99 else number
              custom.create_namespaced_custom_object(*pools, {
                  'apiVersion': 'metallb.io/v1beta1', 'kind': 'IPAddressPool', 'metadata': {'name': f'pool-{number:05}'},
                  'spec': {'addresses': [f'10.{place >> 8 & 255}.{place & 255}.0/24'], 'autoAssign': number == 9997}})
          with ThreadPoolExecutor(8) as hands:
              list(hands.map(create, range(10000)))
          """)
        try await kubectl.apply(Manifest.service("waiting"))
        try await Controller.with(kubeconfig: server.kubeconfig) { controller in
          try await eventually("the service is served", equals: ["10.39.13.0"], within: .seconds(30)) {
            try await kubectl.addresses(of: "waiting")
          }
          try await kubectl("delete", "ipaddresspool", "--namespace=metallb-system", "pool-00098")
          try await kubectl.apply(Manifest.service("pinned", annotations: ["metallb.io/address-pool": "pool-00099"]))
          try await eventually("the pool that overlapped takes its place", equals: ["10.0.98.0"], within: .seconds(30))
          {
            try await kubectl.addresses(of: "pinned")
          }
          #expect(controller.process.isRunning)
        }
      }
    }

    /// Names of objects that the generator always makes, with a part of what must be said of them.
    private static let knownFaults = [
      ("fault-number", "spec.addresses"), ("fault-text", "spec"), ("fault-empty", "pool has no prefixes defined"),
      ("fault-null", "spec"), ("fault-unicode", "invalid CIDR"),
      ("fault-overlap", "overlaps with already defined CIDR"),
      ("fault-selector", "is not a valid label selector operator"),
    ]

    /// Makes the known faults, then N objects with random specs of the right and of the wrong shape; prints how many of
    /// either the server took.
    private static let generator = """
      import random
      seed, count = int(sys.argv[1]), int(sys.argv[2])
      dice = random.Random(seed)
      kinds = {'IPAddressPool': 'ipaddresspools', 'L2Advertisement': 'l2advertisements', 'BGPAdvertisement': 'bgpadvertisements',
          'BGPPeer': 'bgppeers', 'BFDProfile': 'bfdprofiles', 'Community': 'communities'}
      fields = {'IPAddressPool': ['addresses', 'autoAssign', 'avoidBuggyIPs', 'serviceAllocation'],
          'L2Advertisement': ['ipAddressPools', 'ipAddressPoolSelectors', 'nodeSelectors', 'interfaces', 'serviceSelectors'],
          'BGPAdvertisement': ['aggregationLength', 'aggregationLengthV6', 'localPref', 'communities', 'ipAddressPools', 'peers'],
          'BGPPeer': ['myASN', 'peerASN', 'peerAddress', 'holdTime', 'peerPort', 'nodeSelectors', 'passwordSecret', 'bfdProfile'],
          'BFDProfile': ['receiveInterval', 'detectMultiplier', 'echoMode', 'minimumTtl'], 'Community': ['communities']}
      def leaf():
          return dice.choice([None, True, -1, 0, 1.5, 2**63, 10**30, '', 'x' * 5000, '10.0.0.0/8', '10.0.0.9-10.0.0.1', '::/0',
              '0.0.0.0-255.255.255.255', '\\u202e\\u0000\\U0001f4a9', '192.0.2.0/29', 'fe80::1-fe80::ffff', '1s', '-3h', '65000:1'])
      def tree(depth):
          roll = dice.random()
          if depth == 0 or roll < 0.5: return leaf()
          if roll < 0.75: return [tree(depth - 1) for _ in range(dice.choice([0, 1, 3, 500]) if depth == 1 else dice.randrange(4))]
          keys = ['matchLabels', 'matchExpressions', 'key', 'operator', 'values', 'priority', 'namespaces', 'name', 'value', '']
          return {dice.choice(keys): tree(depth - 1) for _ in range(dice.randrange(4))}
      def create(kind, name, spec):
          version = 'v1beta2' if kind == 'BGPPeer' else 'v1beta1'
          body = {'apiVersion': f'metallb.io/{version}', 'kind': kind, 'metadata': {'name': name}}
          if spec is not None: body['spec'] = spec
          try:
              custom.create_namespaced_custom_object('metallb.io', version, 'metallb-system', kinds[kind], body)
              return 1
          except client.ApiException as error:
              if error.status // 100 != 4: raise
              return 0
      selector = [{'matchExpressions': [{'key': 'a', 'operator': 'Near', 'values': []}]}]
      for name, spec in {'number': {'addresses': 7}, 'text': 'none', 'empty': {'addresses': []}, 'null': None,
          'unicode': {'addresses': ['\\u202e10.0.0.0/8']}, 'overlap': {'addresses': ['192.0.2.8-192.0.2.20']},
          'selector': {'addresses': ['198.51.100.0/28'], 'serviceAllocation': {'serviceSelectors': selector}}}.items():
          create('IPAddressPool', 'fault-' + name, spec)
      pools = sum(create('IPAddressPool', f'random-{n}', {'addresses': [leaf() for _ in range(dice.randrange(5))], **{
          f: tree(3) for f in ['serviceAllocation', 'autoAssign'] if dice.random() < 0.2}}) for n in range(count // 2))
      others = 0
      for n in range(count // 2):
          kind = dice.choice(list(kinds))
          others += create(kind, f'tree-{n}', tree(2) if dice.random() < 0.1 else {
              f: tree(3) for f in fields[kind] if dice.random() < 0.7})
      print('pools', pools)
      print('others', others)
      """
  }
}
