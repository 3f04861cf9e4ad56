import Balancer
import KubernetesModel

/// A pool, and how full it is.
struct PoolRow {
  enum State: String {
    case roomy, tight, full
    /// Nobody says how full it is.
    case unknown
  }

  private static let addressLimit = 4

  let name: String
  let addresses: [String]
  let isAutomatic: Bool
  /// Those that have addresses.
  let families: [PoolFill]
  /// How many Services have addresses of it; nil = nobody says.
  let services: Int?

  /// The state of its fullest family.
  var state: State {
    let states = self.families.map(Self.state)
    if states.isEmpty { return .unknown }
    return states.contains(.full) ? .full : states.contains(.tight) ? .tight : .roomy
  }

  var texts: [String] { [self.name, self.state.rawValue] + self.addresses }

  var json: JSONValue {
    var value: JSONValue = [
      "name": .string(self.name), "addresses": .array(self.addresses.prefix(Self.addressLimit).map { .string($0) }),
      "more": .integer(Int64(max(0, self.addresses.count - Self.addressLimit))),
      "automatic": .bool(self.isAutomatic), "state": .string(self.state.rawValue),
      "families": .array(self.families.map(Self.json)),
    ]
    value["services"] = self.services.map { .integer(Int64($0)) }
    return value
  }

  private static func json(_ fill: PoolFill) -> JSONValue {
    [
      "family": .string(fill.familyName), "assigned": .string("\(fill.assigned)"), "capacity": .string(fill.size),
      "share": .number(self.share(fill)), "state": .string(Self.state(of: fill).rawValue),
    ]
  }

  /// Between 0 and 1.
  static func share(_ fill: PoolFill) -> Double {
    guard fill.capacity > 0 else { return 0 }
    return (min(1, Double(fill.assigned) / Double(fill.capacity)) * 10_000).rounded() / 10_000
  }

  private static func state(of fill: PoolFill) -> State {
    fill.isFull ? .full : fill.isNearlyFull ? .tight : .roomy
  }

  static func rows(of snapshot: ClusterSnapshot) -> [PoolRow] {
    snapshot.status.pools.map { pool in
      PoolRow(
        name: pool.key.name, addresses: pool.spec.addresses, isAutomatic: pool.spec.autoAssign ?? true,
        families: snapshot.status.fills(of: pool), services: snapshot.status.told(of: pool)?.services)
    }
  }
}
