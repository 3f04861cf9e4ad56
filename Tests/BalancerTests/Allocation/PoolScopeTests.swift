import KubernetesModel
import Testing

@testable import Balancer

/// Which Services a pool is for (contract section 8.3).
@Suite struct PoolScopeTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var allocation: IPAddressPool.ServiceAllocation?
    /// Whether a Service that asks for the pool, and one that does not, may have its addresses.
    var prod: (asked: Bool, unasked: Bool)
    var test: (asked: Bool, unasked: Bool)
  }

  private static func labels(_ key: String, _ value: String) -> LabelSelector {
    LabelSelector(matchLabels: [key: value])
  }

  /// The Service in `prod` (labelled `env: prod`) has the label `tier: front`, that in `test` none.
  static let rules: [Rule] = [
    Rule(testDescription: "no restriction", allocation: nil, prod: (true, true), test: (true, true)),
    Rule(
      testDescription: "an empty restriction", allocation: IPAddressPool.ServiceAllocation(priority: 5),
      prod: (true, true), test: (true, true)),
    Rule(
      testDescription: "a namespace by name", allocation: IPAddressPool.ServiceAllocation(namespaces: ["prod"]),
      prod: (true, true), test: (false, false)),
    Rule(
      testDescription: "namespaces by name are alternatives",
      allocation: IPAddressPool.ServiceAllocation(namespaces: ["prod", "test"]), prod: (true, true), test: (true, true)),
    Rule(
      testDescription: "a namespace by label",
      allocation: IPAddressPool.ServiceAllocation(namespaceSelectors: [labels("env", "prod")]),
      prod: (true, true), test: (false, false)),
    Rule(
      testDescription: "names and labels of namespaces add up",
      allocation: IPAddressPool.ServiceAllocation(
        namespaces: ["test"], namespaceSelectors: [labels("env", "prod")]), prod: (true, true), test: (true, true)),
    Rule(
      testDescription: "Services by label",
      allocation: IPAddressPool.ServiceAllocation(serviceSelectors: [labels("tier", "front")]),
      prod: (true, true), test: (false, false)),
    Rule(
      testDescription: "selectors of Services are alternatives",
      allocation: IPAddressPool.ServiceAllocation(
        serviceSelectors: [labels("tier", "back"), labels("tier", "front")]), prod: (true, true), test: (false, false)),
    Rule(
      testDescription: "namespace and Service must both fit",
      allocation: IPAddressPool.ServiceAllocation(
        namespaces: ["test"], serviceSelectors: [labels("tier", "front")]), prod: (false, false), test: (false, false)),
    Rule(
      testDescription:
        "selectors that match no namespace restrict who asks in no way, and nobody gets the pool unasked",
      allocation: IPAddressPool.ServiceAllocation(namespaceSelectors: [labels("env", "nowhere")]),
      prod: (true, false), test: (true, false)),
  ]

  @Test(arguments: rules)
  func `a pool is for the Services that its restriction says`(rule: Rule) {
    let namespaces = ["prod": ["env": "prod"], "test": [:]]
    let pool = poolObject("p", ["10.0.0.0/24"], serviceAllocation: rule.allocation)
    func outcome(_ service: AllocationRequest) -> (asked: Bool, unasked: Bool) {
      var allocator = Allocator(pool, namespaces: namespaces)
      let asked = (try? allocator.allocate(service, from: "p")) != nil
      allocator.release(service.service)
      return (asked, (try? allocator.allocate(service)) != nil)
    }
    #expect(outcome(request("prod/s", labels: ["tier": "front"])) == rule.prod)
    #expect(outcome(request("test/s")) == rule.test)
  }

  @Test func `a pool that is not assigned automatically is given only to who asks, also if it is kept for him`() throws
  {
    var allocator = Allocator(
      poolObject(
        "kept", ["10.1.0.0/24"], autoAssign: false,
        serviceAllocation: IPAddressPool.ServiceAllocation(priority: 1, namespaces: ["prod"])),
      poolObject("open", ["10.0.0.0/24"]))
    #expect(try allocator.allocate(request("prod/a")).pool == "open")
    #expect(try allocator.allocate(request("prod/b"), from: "kept").pool == "kept")
  }
}
