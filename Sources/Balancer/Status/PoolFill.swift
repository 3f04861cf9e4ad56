import KubernetesModel
import Primitives

/// How full a pool is in one family.
package struct PoolFill: Sendable, Hashable {
  package var family: IPFamily
  package var assigned: Int64
  /// `Int64.max` = 2^62 and more, which is as far as counters go.
  package var capacity: Int64
  /// The size in words where the counters do not go so far.
  package var size: String

  package var isFull: Bool { self.assigned >= self.capacity }
  package var isNearlyFull: Bool { self.assigned >= self.capacity - self.capacity / 10 }
  package var familyName: String { self.family == .ipv4 ? "IPv4" : "IPv6" }
  var use: String { "\(self.assigned) of \(self.size)" }
  var free: String { self.capacity == .max ? self.size : "\(self.capacity - self.assigned)" }

  var bar: Styled {
    Styled(
      StatusText.bar(self.assigned, of: self.capacity), self.isFull ? .bad : self.isNearlyFull ? .warning : .plain)
  }
}

extension ClusterStatus {
  /// What the controller that leads says of a pool.
  package func told(of pool: IPAddressPool) -> ControllerStatus.Pool? {
    self.controllers.compactMap(\.status).first(where: \.isLeading)?.pools.first { $0.name == pool.key.name }
  }

  /// How full a pool is in each family that it has: as the controller that leads says, else as it has written into the
  /// object; empty = not known.
  package func fills(of pool: IPAddressPool) -> [PoolFill] {
    let counters: [(IPFamily, assigned: Int64, capacity: Int64)]
    if let told = self.told(of: pool) {
      counters = [
        (.ipv4, told.ipv4.assigned, told.ipv4.capacity), (.ipv6, told.ipv6.assigned, told.ipv6.capacity),
      ]
    } else if let status = pool.status {
      func total(_ assigned: Int64, _ available: Int64) -> Int64 {
        let (sum, isOver) = assigned.addingReportingOverflow(available)
        return isOver ? .max : sum
      }
      counters = [
        (.ipv4, status.assignedIPv4, total(status.assignedIPv4, status.availableIPv4)),
        (.ipv6, status.assignedIPv6, total(status.assignedIPv6, status.availableIPv6)),
      ]
    } else {
      return []
    }
    return counters.filter { $0.capacity > 0 }.map { family, assigned, capacity in
      PoolFill(
        family: family, assigned: assigned, capacity: capacity,
        size: capacity < Int64(1) << 53 ? "\(capacity)" : Self.size(of: pool, in: family))
    }
  }

  /// `2^64` for what no counter holds; `more than 2^64` where it is no power of two.
  private static func size(of pool: IPAddressPool, in family: IPFamily) -> String {
    let count = IPRangeSet(
      pool.spec.addresses.compactMap { try? AddressBlock.parse($0) }.filter { $0.family == family }
    ).count(of: family)
    guard count > 0 else { return "very many" }
    let exponent = UInt128.bitWidth - 1 - count.leadingZeroBitCount
    return count == UInt128(1) << exponent ? "2^\(exponent)" : "more than 2^\(exponent)"
  }
}
