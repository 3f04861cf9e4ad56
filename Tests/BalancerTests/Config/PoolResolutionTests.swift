import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct PoolResolutionTests {
  private func change(_ resolution: PoolResolution, _ change: ObjectChange<IPAddressPool>) -> PoolResolution {
    var resolution = resolution
    resolution.apply(change)
    return resolution
  }

  @Test func `of two pools of one age that overlap the later one by name is left out`() {
    let resolution = PoolResolution([
      poolObject("b", ["10.0.0.128-10.0.1.1"]), poolObject("a", ["10.1.0.0/24", "10.0.0.0/24"]),
      poolObject("c", ["10.2.0.0/24"]),
    ])
    #expect(resolution.sorted.map(\.name) == ["a", "c"])
    #expect(resolution.unusable == ["b"])
    #expect(
      resolution.problems == [
        Problem(
          kind: "IPAddressPool", key: key("metallb-system/b"), field: "spec.addresses[0]",
          message: #"CIDR "10.0.0.128/25" in pool "b" overlaps with already defined CIDR "10.0.0.0/24""#,
          remedy: "Remove the addresses from one of the two.")
      ])
  }

  @Test func `an object that becomes invalid keeps its last good form until it is valid again or gone`() {
    let good = PoolResolution([poolObject("a", ["10.0.0.0/24"]), poolObject("b", ["10.1.0.0/24"])])
    let bad = self.change(good, .applied(poolObject("a", ["10.0.0.0/99"])))
    #expect(bad.pools == good.pools)
    #expect(bad.problems.count == 1)
    let worse = self.change(bad, .malformed(key("metallb-system/a"), reason: "spec: expected an object"))
    #expect(worse.pools == good.pools)
    #expect(worse.problems.map(\.message) == ["parsing address pool a: spec: expected an object"])
    let better = self.change(worse, .applied(poolObject("a", ["10.0.2.0/24"])))
    #expect(better.pools == pools(poolObject("a", ["10.0.2.0/24"]), poolObject("b", ["10.1.0.0/24"])))
    #expect(better.problems.isEmpty)
    let gone = self.change(bad, .deleted(key("metallb-system/a")))
    #expect(gone.pools == pools(poolObject("b", ["10.1.0.0/24"])))
    #expect(gone.problems.isEmpty)
  }

  @Test func `an object that was never valid is left out and takes nothing from others`() {
    let resolution = PoolResolution([poolObject("a", ["10.0.0.0/24", "x"]), poolObject("b", ["10.0.0.0/24"])])
    #expect(resolution.sorted.map(\.name) == ["b"])
    #expect(resolution.unusable == ["a"])
  }

  @Test func `when the pool in the way goes the other one comes into force`() {
    let both = PoolResolution([poolObject("a", ["10.0.0.0/24"]), poolObject("b", ["10.0.0.0/24"])])
    let one = self.change(both, .deleted(key("metallb-system/a")))
    #expect(one.pools == pools(poolObject("b", ["10.0.0.0/24"])))
    #expect(one.problems.isEmpty)
  }

  @Test func `the form that is kept gives way to a pool that comes before it`() {
    let good = PoolResolution([poolObject("b", ["10.0.0.0/24"])])
    let kept = self.change(good, .applied(poolObject("b", ["10.0.0.0/99"])))
    let both = self.change(kept, .applied(poolObject("a", ["10.0.0.0/25"])))
    #expect(both.sorted.map(\.name) == ["a"])
    #expect(both.unusable == ["b"])
  }

  @Test func `a new pool never takes the addresses of an older one, whatever their names`() {
    func pool(_ name: String, bornAt seconds: Int64) -> IPAddressPool {
      var pool = poolObject(name, ["10.0.0.0/24"])
      pool.metadata.creationTimestamp = Timestamp(seconds: seconds)
      return pool
    }
    let old = PoolResolution([pool("b", bornAt: 1)])
    let both = self.change(old, .applied(pool("a", bornAt: 2)))
    #expect(both.pools == old.pools)
    #expect(both.unusable == ["a"])
    #expect(both.problems.map(\.key) == [key("metallb-system/a")])
  }

  @Test func `two objects of one name in two namespaces are one too many`() {
    var other = poolObject("a", ["10.1.0.0/24"])
    other.metadata.namespace = "other"
    let resolution = PoolResolution([other, poolObject("a", ["10.0.0.0/24"])])
    #expect(resolution.pools == pools(poolObject("a", ["10.0.0.0/24"])))
    #expect(resolution.problems.map(\.message) == [#"duplicate definition of pool "a""#])
  }

  @Test(arguments: 0..<4)
  func `overlaps are found as by comparing every pair`(seed: Int) {
    var dice = SplitMix64(seed: UInt64(seed))
    for _ in 0..<200 {
      let objects = (0..<8).map { number in
        let start = UInt8(dice.next() % 60)
        let end = start + UInt8(dice.next() % 6)
        return poolObject("p\(number)", ["10.0.0.\(start)-10.0.0.\(end)"])
      }
      var accepted: [PoolConfiguration] = []
      for object in objects {
        guard let pool = PoolParser.parse(object).pool else { continue }
        if !accepted.contains(where: { $0.blocks[0].overlaps(pool.blocks[0]) }) { accepted.append(pool) }
      }
      #expect(PoolResolution(objects.shuffled(using: &dice)).sorted == accepted)
    }
  }
}
