import Balancer
import KubernetesModel
import Primitives

/// How long it takes to resolve many pools: all at once, as at a start, one after the other, as when somebody applies
/// them, and one change among all of them.
enum PoolBenchmark {
  static func run() {
    for count in [1_000, 10_000] {
      let pools = (0..<count).map { Self.pool($0, length: 28) }
      AllocatorBenchmark.report("\(count) pools resolved at once", count) { _ in _ = PoolResolution(pools) }
      AllocatorBenchmark.report("\(count) pools resolved one by one", count) { _ in
        var resolution = PoolResolution()
        for pool in pools { resolution.apply(.applied(pool)) }
      }
      var resolution = PoolResolution(pools)
      AllocatorBenchmark.report("1,000 changes of one of \(count) pools", 1_000) { rounds in
        for round in 0..<rounds {
          resolution.apply(.applied(Self.pool(round * 7 % count, length: round % 2 == 0 ? 29 : 28)))
        }
      }
    }
  }

  private static func pool(_ number: Int, length: Int) -> IPAddressPool {
    let address = IPAddress(.ipv4, bits: UInt128(0x0A00_0000 + number * 16))
    return IPAddressPool(
      metadata: ObjectMeta(name: "pool-\(number)", namespace: "metallb-system"),
      spec: IPAddressPool.Spec(addresses: ["\(address?.description ?? "")/\(length)"]))
  }
}
