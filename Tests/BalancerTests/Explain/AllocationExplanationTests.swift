import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct AllocationExplanationTests {
  private func verdicts(_ explanation: AllocationExplanation) -> [String: AllocationExplanation.Verdict] {
    Dictionary(uniqueKeysWithValues: explanation.candidates.map { ($0.pool, $0.verdict) })
  }

  private static let restricted = IPAddressPool.ServiceAllocation(priority: 5, namespaces: ["other"])

  @Test func `each pool says why it is or is not the one, in the order in which they are tried`() {
    var allocator = Allocator(
      poolObject("c-open", ["10.0.2.0/30"]), poolObject("b-open", ["10.0.1.0/32"]),
      poolObject("d-manual", ["10.0.3.0/30"], autoAssign: false),
      poolObject("e-pinned", ["10.0.4.0/30"], serviceAllocation: Self.restricted),
      poolObject("f-v6", ["2001:db8::/120"]), poolObject("g-last", ["10.0.5.0/30"]))
    _ = try? allocator.allocate(request("default/first"))
    let explanation = allocator.explanation(of: request("default/second"), asking: .any)
    #expect(explanation.candidates.map(\.pool) == ["e-pinned", "b-open", "c-open", "f-v6", "g-last", "d-manual"])
    #expect(
      self.verdicts(explanation) == [
        "e-pinned": .restricted, "b-open": .exhausted([.ipv4]), "c-open": .chosen([ip("10.0.2.0")]),
        "f-v6": .lacksFamily(.ipv6.other), "g-last": .notReached, "d-manual": .manual,
      ])
    #expect(explanation.failure == nil)
  }

  @Test func `the Service's own address counts as free`() throws {
    var allocator = Allocator(poolObject("only", ["10.0.0.7/32"]))
    try allocator.allocate(request("default/web"))
    let explanation = allocator.explanation(of: request("default/web"), asking: .any)
    #expect(explanation.chosen?.verdict == .chosen([ip("10.0.0.7")]))
    #expect(allocator.addresses(of: "default/web") == ["10.0.0.7"])
  }

  @Test func `a requested address names who has it`() throws {
    var allocator = Allocator(poolObject("a", ["10.0.0.0/30"]), poolObject("b", ["10.0.1.0/30"]))
    try allocator.assign([ip("10.0.0.1")], to: request("default/holder"))
    let explanation = allocator.explanation(
      of: request("default/web"), asking: .addresses([ip("10.0.0.1")], pool: nil))
    let error = AllocationError.otherSharingKey(service: key("default/web"), users: [key("default/holder")])
    #expect(explanation.failure == error)
    #expect(self.verdicts(explanation) == ["a": .refused(error), "b": .lacksAddresses])
  }

  @Test func `an address from another pool than the requested one is refused with both`() {
    let allocator = Allocator(poolObject("a", ["10.0.0.0/30"]), poolObject("b", ["10.0.1.0/30"]))
    let explanation = allocator.explanation(
      of: request("default/web"), asking: .addresses([ip("10.0.0.1")], pool: "b"))
    #expect(explanation.failure == .otherPool([ip("10.0.0.1")], requested: "b"))
  }

  @Test func `a requested pool is the only one that is asked, autoAssign or not`() {
    let allocator = Allocator(
      poolObject("a", ["10.0.0.0/30"]), poolObject("b", ["10.0.1.0/30"], autoAssign: false))
    let explanation = allocator.explanation(of: request("default/web"), asking: .pool("b"))
    #expect(self.verdicts(explanation) == ["a": .notRequested, "b": .chosen([ip("10.0.1.0")])])
  }

  @Test func `a pool whose namespace selectors match nothing is dormant`() {
    let allocator = Allocator(
      poolObject(
        "a", ["10.0.0.0/30"],
        serviceAllocation: .init(namespaceSelectors: [LabelSelector(matchLabels: ["team": "x"])])))
    let explanation = allocator.explanation(of: request("default/web"), asking: .any)
    #expect(self.verdicts(explanation) == ["a": .dormant])
    #expect(explanation.failure == .noneAvailable)
  }

  @Test func `two families from one pool, or the one that is missing`() {
    let allocator = Allocator(
      poolObject("v4", ["10.0.0.0/30"]), poolObject("z-both", ["10.0.1.0/30", "2001:db8::/126"]))
    let dual = request("default/web", families: .dual, policy: .requireDualStack)
    let explanation = allocator.explanation(of: dual, asking: .any)
    #expect(
      self.verdicts(explanation) == [
        "v4": .lacksFamily(.ipv6), "z-both": .chosen([ip("10.0.1.0"), ip("2001:db8::")]),
      ])
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7])
  func `whatever is explained is what the allocator then does`(seed: UInt64) {
    var dice = SplitMix64(seed: seed)
    var allocator = Allocator(
      poolObject("a", ["10.0.0.0/30"]), poolObject("b", ["10.0.1.0/31", "2001:db8::/127"]),
      poolObject("c", ["10.0.2.0/31"], serviceAllocation: .init(priority: 1, namespaces: ["x", "default"])),
      poolObject("d", ["10.0.3.0/30"], autoAssign: false))
    for number in 0..<40 {
      let families: ServiceFamilies = [.single(.ipv4), .single(.ipv6), .dual].randomElement(using: &dice) ?? .dual
      let policy: FamilyPolicy = families == .dual ? .preferDualStack : .singleStack
      let sharing: String? = Bool.random(using: &dice) ? "key" : nil
      let wanted = request(
        "\(Bool.random(using: &dice) ? "default" : "y")/s\(number)", port: number, sharing: sharing, families: families,
        policy: policy)
      let wish: AllocationExplanation.Wish = Bool.random(using: &dice) ? .any : .pool("d")
      let explanation = allocator.explanation(of: wanted, asking: wish)
      let result: Result<Allocation, AllocationError> = Result { () throws(AllocationError) in
        if case .pool(let pool) = wish { return try allocator.allocate(wanted, from: pool) }
        return try allocator.allocate(wanted)
      }
      switch result {
      case .success(let allocation):
        #expect(explanation.chosen?.pool == allocation.pool)
        #expect(explanation.chosen?.verdict == .chosen(allocation.addresses))
      case .failure(let error):
        #expect(explanation.failure == error)
        #expect(explanation.chosen == nil)
        #expect(!explanation.candidates.contains { $0.verdict == .notReached })
      }
      if Bool.random(using: &dice) { allocator.release(wanted.service) }
    }
  }
}
