import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// Our resource definitions in the API servers: what they accept, what they refuse and with which sentence, what they
  /// fill in (contract section 3).
  @Suite(.bothAPIServers, .timeLimit(.minutes(5)))
  struct DefinitionTests {
    struct Sample: Sendable, CustomTestStringConvertible {
      let kind: String
      let version: String
      let spec: String
      /// Nil = it is accepted.
      let refusal: String?

      var testDescription: String { "\(self.kind) \(self.spec)" }

      init(_ kind: String, version: String = "v1beta1", _ spec: String, refused refusal: String? = nil) {
        self.kind = kind
        self.version = version
        self.spec = spec
        self.refusal = refusal
      }

      func document(named name: String) -> String {
        """
        apiVersion: metallb.io/\(self.version)
        kind: \(self.kind)
        metadata:
          name: \(name)
        spec: \(self.spec)
        """
      }
    }

    private static let peer = "myASN: 64512, peerASN: 64513, peerAddress: 192.0.2.1"

    private static func peer(_ fields: String, refused refusal: String? = nil) -> Sample {
      Sample("BGPPeer", version: "v1beta2", "{\(Self.peer), \(fields)}", refused: refusal)
    }

    private static let good = [
      Sample("IPAddressPool", "{addresses: [192.0.2.0/24, 2001:db8::1-2001:db8::9], autoAssign: false}"),
      Sample(
        "L2Advertisement",
        "{nodeSelectors: [{matchExpressions: [{key: a, operator: In, values: [b]}]}], interfaces: [eth0], "
          + "preferredNodeSelectors: [{weight: 100, preference: {matchLabels: {a: b}}}]}"),
      Sample(
        "BGPAdvertisement",
        "{aggregationLength: 24, localPref: 100, communities: ['65535:65281', 'large:1:2:3', alias], med: 4294967295, "
          + "asPathPrepend: 10, linkBandwidth: true}"),
      Self.peer(
        "localASN: 4294967295, holdTime: 90s, keepaliveTime: 30s, connectTime: 10s, enableGracefulRestart: true, "
          + "passwordSecret: {name: s}, vrf: red, dualStackAddressFamily: true, "
          + "passiveMode: true, ttlSecurityHops: 254"),
      Self.peer(
        "tcpAO: {keys: [{sendID: 0, secret: {name: s}}, "
          + "{sendID: 255, recvID: 1, algorithm: aes-128-cmac-96, secret: {name: t}}]}"),
      Sample("BFDProfile", "{receiveInterval: 10, transmitInterval: 60000, detectMultiplier: 255, minimumTtl: 254}"),
      Sample("Community", "{communities: [{name: quiet, value: '65535:65281'}]}"),
    ]

    /// What every API server sees, however old.
    private static let bad = [
      Sample("IPAddressPool", "{autoAssign: true}", refused: #"missing required field "addresses""#),
      Sample(
        "L2Advertisement", "{preferredNodeSelectors: [{weight: 101, preference: {}}]}",
        refused: "should be less than or equal to 100"),
      Sample(
        "L2Advertisement", "{preferredNodeSelectors: [{weight: 0, preference: {}}]}",
        refused: "should be greater than or equal to 1"),
      Sample(
        "BGPAdvertisement", "{aggregationLength: 0}",
        refused: "spec.aggregationLength in body should be greater than or equal to 1"),
      Sample(
        "BGPAdvertisement", "{asPathPrepend: 11}",
        refused: "spec.asPathPrepend in body should be less than or equal to 10"),
      Sample("BGPAdvertisement", "{med: -1}", refused: "spec.med in body should be greater than or equal to 0"),
      Sample("BGPPeer", version: "v1beta2", "{peerASN: 1}", refused: #"missing required field "myASN""#),
      Self.peer("peerPort: 0", refused: "spec.peerPort in body should be greater than or equal to 1"),
      Self.peer("peerPort: 16385", refused: "spec.peerPort in body should be less than or equal to 16384"),
      Self.peer("localASN: 0", refused: "spec.localASN in body should be greater than or equal to 1"),
      Self.peer("localASN: 4294967296", refused: "spec.localASN in body should be less than or equal to 4294967295"),
      Self.peer(
        "ttlSecurityHops: 255", refused: "spec.ttlSecurityHops in body should be less than or equal to 254"),
      Self.peer(
        "tcpAO: {keys: [{sendID: 256, secret: {name: s}}]}", refused: "should be less than or equal to 255"),
      Self.peer("tcpAO: {keys: [{sendID: 1}]}", refused: #"missing required field "secret""#),
      Self.peer("dynamicASN: any", refused: #"Unsupported value: "any": supported values: "internal", "external""#),
      Sample(
        "BFDProfile", "{receiveInterval: 9}",
        refused: "spec.receiveInterval in body should be greater than or equal to 10"),
      Sample(
        "BFDProfile", "{echoInterval: 60001}",
        refused: "spec.echoInterval in body should be less than or equal to 60000"),
      Sample(
        "BFDProfile", "{detectMultiplier: 256}",
        refused: "spec.detectMultiplier in body should be less than or equal to 255"),
      Sample("BFDProfile", "{minimumTtl: 0}", refused: "spec.minimumTtl in body should be greater than or equal to 1"),
    ]

    /// What takes rules in CEL.
    private static let ruled = [
      Sample(
        "BGPAdvertisement", "{serviceSelectors: [{}], aggregationLength: 24}",
        refused:
          "serviceSelectors and aggregationLength are mutually exclusive, can only be used together with default "
          + "aggregationLength (32) and aggregationLengthV6 (128)"),
      Self.peer("connectTime: 0s", refused: "connect time should be between 1 seconds to 65535"),
      Self.peer("connectTime: 1500ms", refused: "connect time should contain a whole number of seconds"),
    ]

    /// The lab's server does, and real ones since Kubernetes 1.25.
    private func knowsRules(_ kubectl: Kubectl) async throws -> Bool {
      struct Version: Decodable { var minor: String }
      let text = try await kubectl("get", "--raw", "/version")
      let minor = try JSONDecoder().decode(Version.self, from: Data(text.utf8)).minor
      return try #require(Int(minor.filter(\.isNumber))) >= 25
    }

    @Test(arguments: Pairing.Server.allCases)
    func `the definitions accept what is right and refuse what is wrong, in upstream's words`(
      _ server: Pairing.Server
    ) async throws {
      let kubectl = try await Pairing(server: server, release: .current).enter()
      for (number, sample) in Self.good.enumerated() {
        let output = try await kubectl.run("create", "-f", "-", input: sample.document(named: "good-\(number)"))
        #expect(output.code == 0, "\(sample): \(output.error)")
      }
      for sample in Self.bad + (try await self.knowsRules(kubectl) ? Self.ruled : []) {
        let output = try await kubectl.run(
          "create", "--validate=false", "-f", "-", input: sample.document(named: "bad"))
        #expect(output.code == 1, "\(sample) is accepted")
        let refusal = sample.refusal ?? ""
        // kubectl finds what is missing by itself, or the server does.
        let isMissing = refusal.hasPrefix("missing") && output.error.contains("Required value")
        #expect(output.error.contains(refusal) || isMissing, "\(sample): \(output.error)")
      }
    }

    @Test(arguments: Pairing.Server.allCases)
    func `what is left out is filled in`(_ server: Pairing.Server) async throws {
      let kubectl = try await Pairing(server: server, release: .current).enter()
      try await kubectl.apply(
        Sample("IPAddressPool", "{addresses: [192.0.2.0/24]}").document(named: "a"),
        Sample("BGPAdvertisement", "{}").document(named: "a"),
        Sample("BGPPeer", version: "v1beta2", "{\(Self.peer)}").document(named: "a"))
      func spec(_ object: String) async throws -> String {
        try await kubectl("get", object, "--output", "jsonpath={.spec}")
      }
      #expect(
        try await spec("ipaddresspool/a") == #"{"addresses":["192.0.2.0/24"],"autoAssign":true,"avoidBuggyIPs":false}"#)
      #expect(try await spec("bgpadvertisement/a") == #"{"aggregationLength":32,"aggregationLengthV6":128}"#)
      let peer = try await spec("bgppeer/a")
      #expect(peer.contains(#""peerPort":179"#) && !peer.contains("holdTime"), "\(peer)")
    }

    @Test(arguments: Pairing.Server.allCases)
    func `kubectl shows the columns that upstream shows`(_ server: Pairing.Server) async throws {
      let kubectl = try await Pairing(server: server, release: .current).enter()
      try await kubectl.apply(
        Self.peer("bfdProfile: fast, ebgpMultiHop: true").document(named: "tor"),
        Sample("BFDProfile", "{receiveInterval: 20, detectMultiplier: 3, passiveMode: true}").document(named: "fast"),
        Sample("L2Advertisement", "{ipAddressPools: [a], interfaces: [eth0]}").document(named: "l2"),
        Sample("BGPAdvertisement", "{ipAddressPools: [a], peers: [tor]}").document(named: "bgp"))
      func words(_ kind: String) async throws -> [String] {
        let table = try await kubectl("get", kind)
        return table.split(separator: "\n").map { line in
          line.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            .joined(separator: "|")
        }
      }
      #expect(
        try await words("bgppeer") == [
          "NAME|ADDRESS|ASN|BFD PROFILE|MULTI HOPS", "tor|192.0.2.1|64513|fast|true",
        ])
      #expect(
        try await words("bfdprofile") == [
          "NAME|PASSIVE MODE|TRANSMIT INTERVAL|RECEIVE INTERVAL|MULTIPLIER", "fast|true|20|3",
        ])
      #expect(
        try await words("l2advertisement") == [
          "NAME|IPADDRESSPOOLS|IPADDRESSPOOL SELECTORS|INTERFACES", #"l2|["a"]|["eth0"]"#,
        ])
      #expect(
        try await words("bgpadvertisement") == [
          "NAME|IPADDRESSPOOLS|IPADDRESSPOOL SELECTORS|PEERS", #"bgp|["a"]|["tor"]"#,
        ])
    }

    @Test(arguments: Pairing.Server.allCases)
    func `graceful restart is chosen once and for all`(_ server: Pairing.Server) async throws {
      let kubectl = try await Pairing(server: server, release: .current).enter()
      guard try await self.knowsRules(kubectl) else { return }
      try await kubectl.apply(Self.peer("enableGracefulRestart: true").document(named: "a"))
      let changed = try await kubectl.run(
        "patch", "bgppeer/a", "--type=merge", "-p", #"{"spec":{"enableGracefulRestart":false}}"#)
      #expect(changed.code == 1)
      #expect(changed.error.contains("EnableGracefulRestart cannot be changed after creation"), "\(changed.error)")
    }
  }
}
