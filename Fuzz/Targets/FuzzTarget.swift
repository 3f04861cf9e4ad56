import Glibc

/// One way into the product for bytes of a stranger: runs them through, and stops the process if what comes of it is not
/// what must.
struct FuzzTarget: Sendable {
  let name: String
  let run: @Sendable ([UInt8]) -> Void

  init(_ name: String, _ run: @escaping @Sendable ([UInt8]) -> Void) {
    self.name = name
    self.run = run
  }

  static let all = [
    FuzzTarget("bgp-messages", BGPFuzzing.messages),
    FuzzTarget("bgp-sessions", BGPFuzzing.sessions),
    FuzzTarget("bfd-packets", BFDFuzzing.packets),
    FuzzTarget("bfd-sessions", BFDFuzzing.sessions),
    FuzzTarget("arp", NeighbourFuzzing.arp),
    FuzzTarget("ndp", NeighbourFuzzing.ndp),
    FuzzTarget("router-discovery", NeighbourFuzzing.routerDiscovery),
    FuzzTarget("gossip-sealed", GossipFuzzing.sealed),
    FuzzTarget("gossip-datagrams", GossipFuzzing.datagrams),
    FuzzTarget("gossip-streams", GossipFuzzing.streams),
    FuzzTarget("gossip-compression", GossipFuzzing.compression),
    FuzzTarget("gossip-members", GossipFuzzing.members),
    FuzzTarget("messagepack", GossipFuzzing.messagePack),
    FuzzTarget("durations", TextFuzzing.durations),
    FuzzTarget("addresses", TextFuzzing.addresses),
    FuzzTarget("ownership-notices", TextFuzzing.ownershipNotices),
    FuzzTarget("communities", TextFuzzing.communities),
    FuzzTarget("legacy-configuration", TextFuzzing.legacyConfiguration),
  ]

  /// The one that the environment names. `list` prints the names.
  static let chosen: FuzzTarget = {
    let name = getenv("METALLB_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    if let target = Self.all.first(where: { $0.name == name }) { return target }
    for target in Self.all { print(target.name) }
    // libFuzzer takes an orderly exit for a finding.
    fflush(nil)
    _exit(name == "list" ? 0 : 64)
  }()
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: data, count: size)))
  return 0
}

/// Stops the process, which is how libFuzzer learns of a finding, unless what must hold does.
func expect(_ holds: Bool, _ sentence: @autoclosure () -> String) {
  guard !holds else { return }
  let line = Array("finding: \(sentence())\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
  abort()
}
