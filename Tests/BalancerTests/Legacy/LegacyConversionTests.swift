import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Contract section 17: what the ConfigMap of MetalLB 0.8 to 0.12 stands for.
@Suite struct LegacyConversionTests {
  private func conversion(_ tree: JSONValue, naming: LegacyConversion.Naming = .fitting) -> LegacyConversion {
    LegacyConversion(LegacyDocument(tree), namespace: "metallb-system", naming: naming)
  }

  private func metadata(_ name: String) -> ObjectMeta { ObjectMeta(name: name, namespace: "metallb-system") }

  @Test func `the walkthrough of the old days is one pool and one layer 2 advertisement`() {
    let result = self.conversion([
      "address-pools": [
        ["name": "default", "protocol": "layer2", "addresses": ["192.168.92.200-192.168.92.210"]]
      ]
    ])
    #expect(
      result.pools == [
        IPAddressPool(
          metadata: self.metadata("default"), spec: .init(addresses: ["192.168.92.200-192.168.92.210"]))
      ])
    #expect(
      result.l2Advertisements == [
        L2Advertisement(metadata: self.metadata("l2advertisement1"), spec: .init(ipAddressPools: ["default"]))
      ])
    #expect(result.bgpAdvertisements.isEmpty && result.peers.isEmpty && result.findings.isEmpty)
  }

  @Test func `a peer becomes a BGPPeer, numbered in order, with every field in its place`() {
    let result = self.conversion([
      "peers": [
        ["my-asn": 64512, "peer-asn": 64513, "peer-address": "10.96.0.100"],
        [
          "my-asn": 64512, "peer-asn": 64512, "peer-address": "10.0.0.1", "peer-port": 1179,
          "source-address": "10.0.0.2",
          "hold-time": "120s", "keepalive-time": "30s", "router-id": "1.2.3.4", "password": 12345,
          "bfd-profile": "fast", "ebgp-multihop": true,
          "node-selectors": [
            [
              "match-labels": ["kubernetes.io/hostname": "prod-01"],
              "match-expressions": [["key": "arch", "operator": "In", "values": ["amd64", "arm"]]],
            ]
          ],
        ],
      ]
    ])
    #expect(
      result.peers == [
        BGPPeer(
          metadata: self.metadata("peer1"),
          spec: .init(myASN: 64512, peerASN: 64513, peerAddress: "10.96.0.100", holdTime: "1m30s")),
        BGPPeer(
          metadata: self.metadata("peer2"),
          spec: .init(
            myASN: 64512, peerASN: 64512, peerAddress: "10.0.0.1", sourceAddress: "10.0.0.2", peerPort: 1179,
            holdTime: "2m0s", keepaliveTime: "30s", routerID: "1.2.3.4",
            nodeSelectors: [
              LabelSelector(
                matchLabels: ["kubernetes.io/hostname": "prod-01"],
                matchExpressions: [.init(key: "arch", operator: "In", values: ["amd64", "arm"])])
            ], password: "12345", bfdProfile: "fast", ebgpMultiHop: true)),
      ])
    #expect(result.findings.isEmpty)
  }

  @Test func `advertisements are numbered over all pools, and a bgp pool without any gets an empty one`() {
    let result = self.conversion([
      "address-pools": [
        [
          "name": "first", "protocol": "bgp", "addresses": ["10.0.0.0/24"],
          "bgp-advertisements": [
            ["aggregation-length": 32, "localpref": 100, "communities": ["64512:1", "no-export"]],
            ["aggregation-length": 24, "aggregation-length-v6": 64],
          ],
        ],
        ["name": "second", "protocol": "bgp", "addresses": ["10.0.1.0/24"], "auto-assign": false],
        ["name": "third", "protocol": "layer2", "addresses": ["10.0.2.0/24"], "avoid-buggy-ips": true],
      ],
      "bgp-communities": ["no-export": "65535:65281", "a": "1:2"],
    ])
    #expect(
      result.bgpAdvertisements == [
        BGPAdvertisement(
          metadata: self.metadata("bgpadvertisement1"),
          spec: .init(
            aggregationLength: 32, localPref: 100, communities: ["64512:1", "no-export"], ipAddressPools: ["first"])),
        BGPAdvertisement(
          metadata: self.metadata("bgpadvertisement2"),
          spec: .init(aggregationLength: 24, aggregationLengthV6: 64, ipAddressPools: ["first"])),
        BGPAdvertisement(metadata: self.metadata("bgpadvertisement3"), spec: .init(ipAddressPools: ["second"])),
      ])
    #expect(result.l2Advertisements.map(\.metadata.name) == ["l2advertisement1"])
    #expect(result.pools.map(\.spec.autoAssign) == [nil, false, nil])
    #expect(result.pools.map(\.spec.avoidBuggyIPs) == [nil, nil, true])
    #expect(
      result.communities == [
        CommunityAliases(
          metadata: self.metadata("communities"),
          spec: .init(communities: [.init(name: "a", value: "1:2"), .init(name: "no-export", value: "65535:65281")]))
      ])
  }

  @Test(arguments: [
    ("my-pool", "my-pool"), ("01-numbered-addresspool", "numbered-addresspool"),
    ("Capitalized-AddressPool", "capitalized-addresspool"), ("underscored_bfd_profile", "underscored-bfd-profile"),
    (
      "tooLongBFDProfileName01-tooLongBFDProfileName02-tooLongBFDProfileName03-tooLongBFDProfileName04",
      "toolongbfdprofilename01-toolongbfdprofilename02-toolongbfdprofi"
    ), ("a", "a"), ("x-", "x-"), ("dot.ted", "dot.ted"),
  ])
  func `names that no object may bear are changed as upstream changes them`(name: String, fitting: String) throws {
    #expect(try LegacyName.fitting(name, kind: "IpAddressPool") == fitting)
  }

  @Test func `a name without a letter is an error, and a changed name is told`() {
    let tree: JSONValue = [
      "address-pools": [
        ["name": "0815", "protocol": "layer2", "addresses": ["10.0.0.0/24"]],
        ["name": "My_Pool", "protocol": "layer2", "addresses": ["10.0.1.0/24"]],
      ]
    ]
    let result = self.conversion(tree)
    #expect(
      result.findings.map(\.message) == [
        "failed to make IpAddressPool K8S compatible: 0815", "Changing IpAddressPool name from: My_Pool to: my-pool",
      ])
    #expect(result.findings.map(\.isWarning) == [false, true])
    #expect(result.l2Advertisements.last?.spec?.ipAddressPools == ["my-pool"])
    // In a running cluster the names stay, as annotations of Services name the pools.
    let running = self.conversion(tree, naming: .asWritten)
    #expect(running.pools.map(\.metadata.name) == ["0815", "My_Pool"])
    #expect(running.findings.isEmpty)
  }

  @Test(arguments: [
    ("hold-time", "abc", #"invalid hold time "abc": time: invalid duration "abc""#),
    ("hold-time", "90", #"invalid hold time "90": time: missing unit in duration "90""#),
    ("hold-time", "2s", #"invalid hold time "2s": must be 0 or >=3s"#),
    ("hold-time", "3x", #"invalid hold time "3x": time: unknown unit "x" in duration "3x""#),
    ("keepalive-time", "x", #"invalid keepalive time "x": time: invalid duration "x""#),
  ])
  func `times that make no sense are refused to the letter`(field: String, text: String, message: String) {
    let result = self.conversion([
      "peers": [["my-asn": 1, "peer-asn": 2, "peer-address": "10.0.0.1", "\(field)": .string(text)]]
    ])
    #expect(result.findings.map(\.message) == [message])
    #expect(result.findings.map(\.field) == ["peers[0].\(field)"])
  }

  @Test func `what does not have its shape is told with its place, and nothing crashes`() {
    let result = self.conversion([
      "peers": "none", "address-pools": [["name": ["a"], "addresses": "10.0.0.0/24", "auto-assign": "maybe"], 7],
      "bgp-communities": ["x": [1]], "bfd-profiles": [["name": "p", "receive-interval": -1]],
    ])
    let places = result.findings.filter { !$0.isWarning }.map(\.field)
    for place in [
      "peers", "address-pools[0].name", "address-pools[0].addresses", "address-pools[0].auto-assign",
      "address-pools[1]", "bgp-communities.x", "bfd-profiles[0].receive-interval",
    ] { #expect(places.contains(place), "\(place)") }
    #expect(
      result.findings.contains {
        $0.message
          == #"bfd-profiles[0].receive-interval must be a whole number from 0 to 4294967295, but is -1"#
      })
  }

  @Test func `unknown fields and protocols are warnings`() {
    let result = self.conversion([
      "adress-pools": [],
      "address-pools": [["name": "a", "protocol": "l2", "addresses": ["10.0.0.0/24"], "cidr": "x"]],
    ])
    #expect(
      result.findings.map(\.field) == ["address-pools[0].protocol", "address-pools[0].cidr", "adress-pools"])
    #expect(result.findings.map(\.isWarning) == [true, true, true])
    #expect(result.pools.count == 1 && result.l2Advertisements.isEmpty)
  }

  @Test func `problems of the objects are told at their place in the text`() {
    let result = self.conversion(
      [
        "address-pools": [
          ["name": "good", "protocol": "layer2", "addresses": ["10.0.0.0/24"]],
          ["name": "bad", "protocol": "layer2", "addresses": ["10.0.1.0/33"]],
        ]
      ])
    let problems = result.problems(of: key("metallb-system/config"))
    #expect(problems.map(\.kind) == ["ConfigMap"])
    #expect(problems.map(\.field) == ["address-pools[1]"])
    #expect(problems.first?.message.contains(#"invalid CIDR "10.0.1.0/33" in pool "bad""#) == true)
  }
}

@Suite struct GoDurationFailureTests {
  @Test(arguments: [
    ("", #"time: invalid duration """#), ("s", #"time: invalid duration "s""#),
    ("3", #"time: missing unit in duration "3""#), ("1h3", #"time: missing unit in duration "1h3""#),
    ("3d", #"time: unknown unit "d" in duration "3d""#), ("-", #"time: invalid duration "-""#),
    ("9999999999h", #"time: invalid duration "9999999999h""#), ("1s ", #"time: unknown unit "s " in duration "1s ""#),
  ])
  func `what is no duration is refused in Go's words`(text: String, message: String) {
    #expect(GoDuration.parse(text) == nil)
    #expect(GoDurationFailure(of: text).description == message)
  }
}
