import CLinux
import Foundation
import HostNetwork
import Layer2
import Logging
import Primitives
import Runner

/// Measures how many questions a second `LinkResponder` answers by ARP and by Neighbor Discovery, with 1 and with 10,000
/// addresses, and what a flood of questions for other addresses costs it.
///
///     sudo swift run -c release arp-benchmark [SECONDS]
///
/// The asker and the responder are two threads of this process in two network namespaces, joined by a veth pair; both
/// are removed at the end. Each line is one run: how many questions are outstanding, answers a second, the round trip,
/// and the processor time of the responder's thread per answer, which does not depend on what else the machine does.
@main
struct ARPBenchmark {
  static func main() throws {
    let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 3
    let network = try Network()
    defer { network.remove() }
    for family in IPFamily.allCases {
      for count in [1, 10_000] { try Self.measure(family, count: count, for: seconds, in: network) }
    }
  }

  private static func measure(_ family: IPFamily, count: Int, for seconds: Double, in network: Network) throws {
    let thread = "\(family)-\(count)"
    let loop = try ReadinessLoop(name: thread)
    let responder = LinkResponder(
      on: loop, exclusions: .none, gratuitous: .init(refreshInterval: nil), seed: 1,
      logger: Logger(label: "arp-benchmark") { _ in SwiftLogNoOpLogHandler() })
    let targets = (0..<count).map { Network.target(family, $0) }
    // Groups are joined where the links are.
    try network.inside(network.responding) {
      responder.interfacesChanged(try NetlinkSocket(hearing: []).interfaceTable().interfaces)
      let start = Time.now
      for target in targets { responder.announce(target, on: .all) }
      print("\(family): \(count) addresses announced in \((Time.now - start).inMicroseconds)")
    }
    for window in [1, 64] {
      var asker = try network.inside(network.asking) { try Asker(interface: Network.interface, targets: targets) }
      let before = try self.processorTime(ofThread: thread)
      let result = try asker.run(window: window, for: .seconds(seconds))
      let spent = try self.processorTime(ofThread: thread) - before
      print(
        """
        \(family): \(count) addresses, \(window) outstanding: \(Int(Double(result.answers) / seconds)) answers/s, \
        round trip p50 \(result.percentile(0.5)) p99 \(result.percentile(0.99)), \
        \((spent / max(1, result.answers)).inMicroseconds) of the responder each
        """)
    }
    var asker = try network.inside(network.asking) {
      try Asker(interface: Network.interface, targets: (0..<1000).map { Network.stranger(family, $0) })
    }
    let before = try self.processorTime(ofThread: thread)
    let asked = try asker.flood(for: .seconds(seconds))
    let spent = try self.processorTime(ofThread: thread) - before
    print(
      """
      \(family): \(count) addresses, flood for others: \(Int(Double(asked) / seconds)) questions/s, \
      \(spent.inMicroseconds) of the responder for all \(asked)
      """)
    responder.interfacesChanged([])
  }

  /// How long the threads of a name have run, from `/proc`.
  private static func processorTime(ofThread name: String) throws -> Duration {
    var ticks = 0
    for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
      let line = try String(contentsOfFile: "/proc/self/task/\(thread)/stat", encoding: .utf8)
      // pid (name) state …: the times are the fields 14 and 15.
      guard line.contains("(\(name))"), let rest = line.split(separator: ")").last else { continue }
      let fields = rest.split(separator: " ")
      ticks += (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
    return .seconds(ticks) / sysconf(Int32(_SC_CLK_TCK))
  }
}

/// Two network namespaces with a veth pair between them.
struct Network {
  static let interface = "bench0"

  /// The addresses that are announced and asked for.
  static func target(_ family: IPFamily, _ number: Int) -> IPAddress {
    switch family {
    case .ipv4: .v4(IPv4Address(bits: IPv4Address(10, 8, 64, 0).bits + UInt32(number)))
    case .ipv6: .v6(IPv6Address(bits: 0x2001_0DB8 << 96 | UInt128(number + 1)))
    }
  }

  /// Addresses of others on the same network.
  static func stranger(_ family: IPFamily, _ number: Int) -> IPAddress {
    switch family {
    case .ipv4: .v4(IPv4Address(bits: IPv4Address(10, 8, 0, 0).bits + UInt32(number)))
    case .ipv6: .v6(IPv6Address(bits: 0x2001_0DB8 << 96 | 0x80_0000 | UInt128(number)))
    }
  }

  let asking = "arp-bench-ask-\(getpid())"
  let responding = "arp-bench-own-\(getpid())"

  init() throws {
    do {
      for name in [self.asking, self.responding] { try Self.ip("netns add \(name)") }
      try Self.ip(
        "link add \(Self.interface) netns \(self.asking) type veth peer name \(Self.interface) netns \(self.responding)"
      )
      for name in [self.asking, self.responding] {
        try Self.ip("-n \(name) address add fe80::1/64 dev \(Self.interface) nodad")
        try Self.ip("-n \(name) link set \(Self.interface) up")
      }
    } catch {
      self.remove()
      throw error
    }
  }

  func remove() {
    for name in [self.asking, self.responding] { try? Self.ip("netns del \(name)") }
  }

  /// Creates something that stays in a namespace: a socket.
  func inside<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    let home = try Descriptor(owning: open("/proc/thread-self/ns/net", O_RDONLY), "open the own namespace")
    let target = try Descriptor(owning: open("/run/netns/\(name)", O_RDONLY), "open the namespace \(name)")
    guard setns(target.number, CLONE_NEWNET) == 0 else { throw SystemError("enter the namespace \(name)") }
    defer { setns(home.number, CLONE_NEWNET) }
    return try body()
  }

  private static func ip(_ arguments: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ip"] + arguments.split(separator: " ").map(String.init)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "ip \(arguments) failed; run as root") }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}

/// A neighbour that asks one question after the other.
struct Asker {
  struct Result {
    var answers = 0
    /// Sorted; only with one question outstanding.
    var roundTrips: [Duration] = []

    func percentile(_ part: Double) -> String {
      guard !self.roundTrips.isEmpty else { return "-" }
      return self.roundTrips[Int(Double(self.roundTrips.count - 1) * part)].inMicroseconds
    }
  }

  private let descriptor: Descriptor
  private let family: IPFamily
  private let questions: [[UInt8]]
  private var next = 0

  private static let hardware = MACAddress(bits: 0x0200_0000_0009)

  init(interface: String, targets: [IPAddress]) throws {
    self.family = targets.first?.family ?? .ipv4
    self.questions = targets.map { Self.question(for: $0).bytes }
    let etherType = UInt16(self.family == .ipv4 ? ETH_P_ARP : ETH_P_IPV6).bigEndian
    self.descriptor = try Descriptor(
      owning: socket(AF_PACKET, Int32(SOCK_RAW.rawValue), Int32(etherType)), "open a packet socket")
    try self.descriptor.setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "ignore own frames")
    try self.descriptor.setOption(SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22, "enlarge the buffer")
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = etherType
    address.sll_ifindex = Int32(if_nametoindex(interface))
    let bound = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(self.descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    // A lost question must not end the run.
    var patience = timeval(tv_sec: 0, tv_usec: 100_000)
    guard bound == 0,
      setsockopt(
        self.descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size)) == 0
    else { throw SystemError("prepare a packet socket") }
  }

  private static func question(for target: IPAddress) -> LinkFrame {
    switch target {
    case .v4(let target):
      .arp(
        ARPFrame(
          destination: .broadcast, source: self.hardware, operation: .request, senderHardware: self.hardware,
          sender: IPv4Address(10, 8, 0, 1), targetHardware: MACAddress(bits: 0), target: target))
    case .v6(let target):
      .neighbor(
        NeighborFrame(
          destination: target.solicitedNodeGroup.groupHardware, source: self.hardware,
          sender: IPv6Address(bits: 0xFE80 << 112 | 9), receiver: target.solicitedNodeGroup, target: target,
          message: .solicitation(senderHardware: self.hardware)))
    }
  }

  /// Asks as fast as the link takes it, and waits for no answer; returns how often.
  mutating func flood(for duration: Duration) throws -> Int {
    var asked = 0
    let end = Time.now + duration
    while Time.now < end {
      for bytes in self.questions where send(self.descriptor.number, bytes, bytes.count, 0) == bytes.count {
        asked += 1
      }
    }
    return asked
  }

  mutating func run(window: Int, for duration: Duration) throws -> Result {
    var result = Result()
    var outstanding = 0
    var buffer = [UInt8](repeating: 0, count: 128)
    var asked = Time.now
    let end = asked + duration
    while asked < end {
      while outstanding < window {
        // A step that is coprime to the number of addresses visits them all, in no order that a cache likes.
        self.next = (self.next + 7919) % self.questions.count
        let bytes = self.questions[self.next]
        asked = Time.now
        guard send(self.descriptor.number, bytes, bytes.count, 0) == bytes.count else { break }
        outstanding += 1
      }
      let count = recv(self.descriptor.number, &buffer, buffer.count, 0)
      guard count > 0 else {
        outstanding = 0
        continue
      }
      let received = Array(buffer[..<count])
      let frame = LinkFrame(decoding: received.span.bytes, family: self.family)
      guard frame?.claim != nil, MACAddress(octets: received[..<6]) == Self.hardware else { continue }
      outstanding -= 1
      result.answers += 1
      if window == 1 { result.roundTrips.append(Time.now - asked) }
    }
    result.roundTrips.sort()
    return result
  }
}

extension Duration {
  fileprivate var inMicroseconds: String {
    "\((self / .microseconds(1)).formatted(.number.precision(.fractionLength(1)))) µs"
  }
}
