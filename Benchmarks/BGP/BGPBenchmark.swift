import BGP
import Balancer
import Glibc
import KubernetesModel
import Logging
import Primitives
import Speaker

/// The speaker's BGP as a process of its own that does as it is told: `bgp-benchmark PREFIXES ASN ROUTER...`.
///
/// It has sessions with the routers from the start. `table` on its standard input announces that many prefixes to all of
/// them, `change` gives one of the prefixes another attribute, and the end of the input ends it. What comes of it is measured
/// from outside (`bgp_benchmark.py`), as it is of other daemons.
@main
struct BGPBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 3, let count = Int(arguments[1]), let asn = UInt32(arguments[2]) else {
      print("usage: bgp-benchmark PREFIXES ASN ROUTER...")
      exit(64)
    }
    let configurations = arguments.dropFirst(2).compactMap { IPAddress($0) }.map { router in
      BGPPeerConfiguration(
        key: ObjectKey(namespace: "metallb-system", name: "\(router)"), myASN: ASN(asn), remote: .external,
        endpoint: .address(router))
    }
    let peers = Dictionary(uniqueKeysWithValues: configurations.map { ($0.name, $0) })
    let speaker = BGPSpeaker(
      node: "benchmark", seed: 1, logger: Logger(label: "bgp") { _ in SwiftLogNoOpLogHandler() })
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await speaker.run() }
      speaker.configure(peers)
      // A thread that waits for input is one less for tasks, of which there are few.
      while let order = readLine() {
        switch order {
        case "table": speaker.advertise(Self.table(count), to: Array(peers.keys))
        case "change": speaker.advertise(Self.change, to: Array(peers.keys))
        default: print("unknown order: \(order)")
        }
      }
      group.cancelAll()
    }
  }

  private static func prefix(_ number: Int) -> IPPrefix? {
    IPPrefix(.v4(IPv4Address(bits: 0x0B00_0000 + UInt32(number))), length: 32)
  }

  private static func table(_ count: Int) -> [IPPrefix: Route?] {
    let route = Route(communities: [Community(64_512, 1)])
    let prefixes = (0..<count).compactMap { Self.prefix($0) }
    return Dictionary(uniqueKeysWithValues: prefixes.map { ($0, route) })
  }

  private static var change: [IPPrefix: Route?] {
    guard let prefix = Self.prefix(0) else { return [:] }
    return [prefix: Route(multiExitDiscriminator: 1, communities: [Community(64_512, 1)])]
  }
}
