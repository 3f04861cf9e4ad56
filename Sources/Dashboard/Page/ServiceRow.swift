import Balancer
import KubernetesModel

/// A Service as a row of the page.
enum ServiceRow {
  /// So many announcers are named; the rest is a number.
  private static let announcerLimit = 3

  /// What a search looks into.
  static func texts(of exposure: ClusterStatus.Exposure, _ standing: ServiceStanding) -> [String] {
    [exposure.service.description, exposure.pool ?? "", standing.rawValue] + exposure.addresses
      + exposure.announcers.flatMap { [$0.node] + $0.peers }
  }

  static func json(
    of exposure: ClusterStatus.Exposure, _ standing: ServiceStanding, in snapshot: ClusterSnapshot
  ) -> JSONValue {
    var value: JSONValue = [
      "key": .string(exposure.service.description), "namespace": .string(exposure.service.namespace),
      "name": .string(exposure.service.name), "addresses": .array(exposure.addresses.map { .string($0) }),
      "standing": .string(standing.rawValue), "sentence": .string(standing.sentence(reason: exposure.reason)),
      "announcers": .array(exposure.announcers.prefix(Self.announcerLimit).map { Self.announcer($0, in: snapshot) }),
      "more": .integer(Int64(max(0, exposure.announcers.count - Self.announcerLimit))),
    ]
    value["pool"] = exposure.pool.map { .string($0) }
    return value
  }

  static func announcer(_ announcer: ClusterStatus.Announcer, in snapshot: ClusterSnapshot) -> JSONValue {
    var value: JSONValue = [
      "node": .string(announcer.node), "via": .string(announcer.announcingProtocol.rawValue),
      "peers": .array(announcer.peers.prefix(8).map { .string($0) }),
      "unheardBy": .array(announcer.unheardBy.prefix(8).map { .string($0) }),
    ]
    value["since"] = snapshot.since(announcer.seconds)
    value["next"] = announcer.next.map { .string($0) }
    return value
  }
}
