import BGP
import Balancer
import Glibc
import HostNetwork
import KubernetesModel
import Logging
import Primitives
import Runner
import Speaker

/// How long it takes until routers have a table, and one change on top of it: `bgp-benchmark PREFIXES ASN ROUTER...`.
///
/// Run it in a network namespace of its own, with a router that takes the routes (`Benchmarks/README.md`). Time, processor
/// time and memory are of this process; what the router makes of it is read there.
@main
struct BGPBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 3, let count = Int(arguments[1]), let asn = UInt32(arguments[2]) else {
      print("usage: bgp-benchmark PREFIXES ASN ROUTER...")
      exit(64)
    }
    let routers = arguments.dropFirst(2).compactMap { IPAddress($0) }
    let speaker = BGPSpeaker(node: "benchmark", seed: 1, logger: Logger(label: "bgp"))
    let configurations = routers.map { router in
      BGPPeerConfiguration(
        key: ObjectKey(namespace: "metallb-system", name: "\(router)"), myASN: ASN(asn), remote: .external,
        endpoint: .address(router))
    }
    let peers = Dictionary(uniqueKeysWithValues: configurations.map { ($0.name, $0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await speaker.run() }
      speaker.configure(peers)
      await self.measure("sessions up") {
        speaker.readings().values.allSatisfy { $0.state == .established }
      } work: {
      }
      var table: [IPPrefix: Route?] = [:]
      for number in 0..<count {
        let address = IPAddress.v4(IPv4Address(bits: 0x0B00_0000 + UInt32(number)))
        if let prefix = IPPrefix(address, length: 32) { table[prefix] = Route(communities: [Community(64_512, 1)]) }
      }
      let whole = table
      await self.measure("\(count) prefixes to \(peers.count) routers") {
        speaker.readings().values.allSatisfy { $0.sentPrefixes == count && $0.pendingPrefixes == 0 }
      } work: {
        speaker.advertise(peers.mapValues { _ in whole })
      }
      guard let one = table.keys.min() else { return }
      let before = self.updates(speaker)
      await self.measure("one change on top") {
        self.updates(speaker) >= before + peers.count
      } work: {
        speaker.advertise(peers.mapValues { _ in [one: Route(multiExitDiscriminator: 1)] })
      }
      if arguments.last == "hold" { try await ContinuousClock().sleep(for: .seconds(600)) }
      group.cancelAll()
    }
  }

  private static func updates(_ speaker: BGPSpeaker) -> Int {
    speaker.readings().values.reduce(0) { $0 + Int($1.counters.sent.updates) }
  }

  private static func measure(_ name: String, until isDone: @Sendable () -> Bool, work: @Sendable () -> Void) async {
    let (start, processor) = (ContinuousClock.now, self.processorTime())
    work()
    while !isDone() { try? await ContinuousClock().sleep(for: .microseconds(200)) }
    let elapsed = ContinuousClock.now - start
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print("\(name): \(elapsed), processor \(self.processorTime() - processor), peak \(usage.ru_maxrss / 1024) MB")
  }

  private static func processorTime() -> Duration {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    return .seconds(seconds) + .microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
  }
}
