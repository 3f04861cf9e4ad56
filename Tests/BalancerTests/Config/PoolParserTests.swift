import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct PoolParserTests {
  @Test(arguments: [
    ("192.168.10.0/24", "192.168.10.0-192.168.10.255"),
    ("192.168.10.77/24", "192.168.10.0-192.168.10.255"),
    ("10.0.0.1/32", "10.0.0.1-10.0.0.1"),
    ("192.0.2.9-192.0.2.12", "192.0.2.9-192.0.2.12"),
    (" 192.0.2.9 - 192.0.2.12 ", "192.0.2.9-192.0.2.12"),
    ("2001:db8::/64", "2001:db8::-2001:db8::ffff:ffff:ffff:ffff"),
    ("2001:db8::1-2001:db8::3", "2001:db8::1-2001:db8::3"),
    ("::ffff:10.0.0.0/120", "10.0.0.0-10.0.0.255"),
    ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
  ])
  func `a CIDR and a range are read as upstream reads them`(text: String, expected: String) throws {
    #expect(try AddressBlock.parse(text).description == expected)
  }

  @Test(arguments: [
    ("10.0.0.0", #"invalid CIDR "10.0.0.0""#),
    ("10.0.0.0/33", #"invalid CIDR "10.0.0.0/33""#),
    ("10.0.0.01/24", #"invalid CIDR "10.0.0.01/24""#),
    (" 10.0.0.0/24", #"invalid CIDR " 10.0.0.0/24""#),
    ("", #"invalid CIDR """#),
    ("x-10.0.0.1", #"invalid IP range "x-10.0.0.1": invalid start IP "x""#),
    ("10.0.0.1- y", #"invalid IP range "10.0.0.1- y": invalid end IP " y""#),
    (
      "10.0.0.1-10.0.0.2-10.0.0.3",
      #"invalid IP range "10.0.0.1-10.0.0.2-10.0.0.3": invalid end IP "10.0.0.2-10.0.0.3""#
    ),
    ("10.0.0.2-10.0.0.1", #"invalid IP range "10.0.0.2-10.0.0.1": start IP "10.0.0.2" is after the end IP "10.0.0.1""#),
    (
      "192.0.2.9-2001:db8::1",
      #"invalid IP range "192.0.2.9-2001:db8::1": start IP "192.0.2.9" and end IP "2001:db8::1" are of different families"#
    ),
    (
      "2001:db8::1-192.0.2.9",
      #"invalid IP range "2001:db8::1-192.0.2.9": start IP "2001:db8::1" and end IP "192.0.2.9" are of different families"#
    ),
  ])
  func `what is neither is refused with its sentence`(text: String, sentence: String) {
    let problems = PoolParser.parse(poolObject("p", [text])).problems
    #expect(
      problems.map(\.message) == [
        #"parsing address pool p: invalid CIDR \#(GoText.quoted(text)) in pool "p": \#(sentence)"#
      ])
    #expect(problems.map(\.field) == ["spec.addresses[0]"])
  }

  @Test func `an object gives all its problems at once, each with its field`() {
    let object = poolObject(
      "p", ["10.0.0.0/24", "nonsense", "10.0.0.128-10.0.1.1"],
      serviceAllocation: IPAddressPool.ServiceAllocation(
        namespaces: ["a", "b", "a"],
        namespaceSelectors: [LabelSelector(matchLabels: ["x": "y"]), LabelSelector(matchLabels: ["x": "y"])],
        serviceSelectors: [
          LabelSelector(matchExpressions: [
            LabelSelector.Requirement(key: "k", operator: "In", values: ["v", "v"]),
            LabelSelector.Requirement(key: "k", operator: "Near", values: ["v"]),
            LabelSelector.Requirement(key: "k", operator: "NotIn", values: nil),
            LabelSelector.Requirement(key: "k", operator: "Exists", values: ["v"]),
          ])
        ]))
    let (pool, problems) = PoolParser.parse(object)
    let inPool =
      "\ninvalid service label selector {map[] [{k In [v v]} {k Near [v]} {k NotIn []} {k Exists [v]}]} in ip pool p"
    #expect(pool == nil)
    #expect(
      problems.map { "\($0.field): \($0.message)" } == [
        #"spec.addresses[1]: parsing address pool p: invalid CIDR "nonsense" in pool "p": invalid CIDR "nonsense""#,
        #"spec.addresses[2]: CIDR "10.0.0.128/25" in pool "p" overlaps with already defined CIDR "10.0.0.0/24""#,
        "spec.serviceAllocation.namespaces[2]: parsing address pool p: duplicate definition in namespaces field",
        "spec.serviceAllocation.namespaceSelectors[1]: parsing address pool p: "
          + #"duplicate definition of namespaceSelectors {map["x":"y"] []}"#,
        "spec.serviceAllocation.serviceSelectors[0].matchExpressions[0].values[1]: parsing address pool p: "
          + #"duplicate definition of match expression value in label selector "v""#,
        "spec.serviceAllocation.serviceSelectors[0].matchExpressions[1].operator: parsing address pool p: "
          + #""Near" is not a valid label selector operator"# + inPool,
        "spec.serviceAllocation.serviceSelectors[0].matchExpressions[2].values: parsing address pool p: "
          + "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty" + inPool,
        "spec.serviceAllocation.serviceSelectors[0].matchExpressions[3].values: parsing address pool p: "
          + #"values: Invalid value: ["v"]: values set must be empty for exists and does not exist"# + inPool,
      ])
    #expect(problems.allSatisfy { !$0.remedy.isEmpty && $0.key == key("metallb-system/p") })
  }

  @Test func `a pool needs a name and an address`() {
    var object = poolObject("p", [])
    #expect(
      PoolParser.parse(object).problems.map(\.message) == ["parsing address pool p: pool has no prefixes defined"])
    object.metadata.name = nil
    object.spec.addresses = ["10.0.0.0/24"]
    #expect(PoolParser.parse(object).problems.map(\.message) == ["parsing address pool : missing pool name"])
  }

  @Test func `what is absent has upstream's defaults`() {
    let pool = PoolParser.parse(poolObject("p", ["10.0.0.0/24"])).pool
    #expect(pool?.autoAssign == true)
    #expect(pool?.avoidBuggyIPs == false)
    #expect(pool?.restriction == nil)
  }
}
