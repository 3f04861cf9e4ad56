import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct L2AdvertisementConfigurationTests {
  private func problems(_ spec: L2Advertisement.Spec) -> [String] {
    L2AdvertisementConfiguration.read(L2Advertisement(metadata: ObjectMeta(name: "ad", namespace: "m"), spec: spec))
      .problems.map { "\($0.field): \($0.message)" }
  }

  @Test func `an empty object advertises every pool from everywhere`() throws {
    for spec in [nil, L2Advertisement.Spec(), L2Advertisement.Spec(ipAddressPools: [], interfaces: [])] {
      let object = L2Advertisement(metadata: ObjectMeta(name: "ad", namespace: "m"), spec: spec)
      let configuration = try #require(L2AdvertisementConfiguration.read(object).reading)
      #expect(configuration == L2AdvertisementConfiguration(key: ObjectKey(namespace: "m", name: "ad")))
      #expect(configuration.selects(pool: "any", labels: [:]))
      #expect(configuration.selects(node: [:]) && configuration.selects(service: [:]))
    }
  }

  @Test func `names and selectors of pools are alternatives`() {
    let gold = LabelSelector(matchLabels: ["tier": "gold"])
    let ad = L2AdvertisementConfiguration(key: ObjectKey(name: "ad"), pools: ["a"], poolSelectors: [gold])
    #expect(ad.selects(pool: "a", labels: [:]))
    #expect(ad.selects(pool: "b", labels: ["tier": "gold"]))
    #expect(!ad.selects(pool: "b", labels: ["tier": "silver"]))
  }

  @Test func `every duplicate is a problem of its own`() {
    let a = LabelSelector(matchLabels: ["a": "b"])
    let list = LabelSelector(matchExpressions: [.init(key: "k", operator: "In", values: ["v", "v"])])
    #expect(
      self.problems(
        L2Advertisement.Spec(
          ipAddressPools: ["p", "q", "p"], ipAddressPoolSelectors: [a, a], nodeSelectors: [a, a],
          serviceSelectors: [a, a]))
        == [
          #"spec.ipAddressPools[2]: duplicate definition of ipAddressPools "p""#,
          #"spec.ipAddressPoolSelectors[1]: duplicate definition of ipAddressPoolSelectors {map["a":"b"] []}"#,
          #"spec.nodeSelectors[1]: duplicate definition of nodeSelectors {map["a":"b"] []}"#,
          #"spec.serviceSelectors[1]: duplicate definition of serviceSelectors {map["a":"b"] []}"#,
        ])
    #expect(
      self.problems(L2Advertisement.Spec(nodeSelectors: [list])) == [
        "spec.nodeSelectors[0].matchExpressions[0].values[1]: "
          + #"duplicate definition of match expression value in label selector "v""#
      ])
  }

  @Test func `a selector that cannot be evaluated names the advertisement`() {
    let near = LabelSelector(matchExpressions: [.init(key: "k", operator: "Near", values: nil)])
    #expect(
      self.problems(L2Advertisement.Spec(nodeSelectors: [near], serviceSelectors: [near])) == [
        "spec.nodeSelectors[0].matchExpressions[0].operator: "
          + #""Near" is not a valid label selector operator"# + "\ninvalid label selector {map[] [{k Near []}]}"
          + "\nfailed to parse node selector for ad",
        "spec.serviceSelectors[0].matchExpressions[0].operator: invalid service selector {map[] [{k Near []}]}: "
          + #""Near" is not a valid label selector operator"# + "\nfailed to parse service selector for ad",
      ])
  }

  @Test func `a malformed object keeps its last good form in force`() {
    var resolution = L2AdvertisementResolution()
    let key = ObjectKey(namespace: "m", name: "ad")
    let good = L2AdvertisementConfiguration(key: key, pools: ["a"])
    let object = L2Advertisement(
      metadata: ObjectMeta(name: "ad", namespace: "m"), spec: L2Advertisement.Spec(ipAddressPools: ["a"]))
    #expect(resolution.apply(.applied(object)) == (nil, good))
    #expect(resolution.apply(.malformed(key, reason: "spec.interfaces: not a list")) == (good, good))
    #expect(resolution.advertisements(forPool: "a", labels: [:]) == [good])
    #expect(resolution.problems { $0 == "a" }.map(\.message) == ["spec.interfaces: not a list"])
    #expect(resolution.apply(.deleted(key)) == (good, nil))
    #expect(resolution == L2AdvertisementResolution())
  }

  @Test func `addresses are found in the pool that holds all of them`() throws {
    let index = PoolIndex(
      try [("a", "192.0.2.0-192.0.2.9"), ("b", "192.0.2.10-192.0.2.20"), ("b", "10.0.0.0/8"), ("c", "2001:db8::/64")]
        .map { name, text in
          PoolConfiguration(key: ObjectKey(name: name), blocks: [try AddressBlock.parse(text)])
        })
    func pool(_ texts: String...) -> String? { index.pool(ofAll: texts.compactMap { IPAddress($0) }) }
    #expect(pool("192.0.2.0") == "a")
    #expect(pool("192.0.2.9") == "a")
    #expect(pool("192.0.2.10") == "b")
    #expect(pool("192.0.2.20", "10.255.255.255") == "b")
    #expect(pool("192.0.2.9", "192.0.2.10") == nil)
    #expect(pool("2001:db8::ffff") == "c")
    #expect(pool("2001:db9::") == nil)
    #expect(pool("9.255.255.255") == nil)
    #expect(pool() == nil)
    #expect(PoolIndex().pool(of: try #require(IPAddress("192.0.2.0"))) == nil)
  }
}
