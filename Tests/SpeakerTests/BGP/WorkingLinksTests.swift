import Layer2
import Primitives
import Testing

@testable import Speaker

/// Whether a router is on a link that works.
@Suite struct WorkingLinksTests {
  private static let router = IPAddress.v4(IPv4Address(192, 0, 2, 1))

  private static func interface(
    _ index: Int, _ addresses: [(String, Int)], isUp: Bool = true, master: Int? = nil, kind: String? = nil
  ) -> Interface {
    Interface(
      index: index, name: "eth\(index)", flags: isUp ? [.up, .lowerUp] : [.up],
      addresses: addresses.compactMap { text, length in
        IPAddress(text).map { Interface.Address($0, prefixLength: length) }
      }, master: master, kind: kind)
  }

  private static let one = WorkingLinks([Self.interface(1, [("192.0.2.10", 24)])])

  @Test func `a link that loses its carrier leads nowhere any more, and does so again with it`() {
    let down = WorkingLinks([Self.interface(1, [("192.0.2.10", 24)], isUp: false)])
    #expect(Self.one.lead(to: Self.router, in: nil) && !down.lead(to: Self.router, in: nil))
    #expect(down.haveFailed(to: Self.router, in: nil, since: Self.one))
    #expect(!Self.one.haveFailed(to: Self.router, in: nil, since: down))
    // With its addresses, or altogether.
    #expect(WorkingLinks([Self.interface(1, [], isUp: false)]).haveFailed(to: Self.router, in: nil, since: Self.one))
    #expect(WorkingLinks([]).haveFailed(to: Self.router, in: nil, since: Self.one))
  }

  @Test func `an address that goes while its link works is no failure`() {
    let bare = WorkingLinks([Self.interface(1, [])])
    #expect(!bare.lead(to: Self.router, in: nil))
    #expect(!bare.haveFailed(to: Self.router, in: nil, since: Self.one))
  }

  @Test func `of two links to a router one is enough`() {
    let both = WorkingLinks([Self.interface(1, [("192.0.2.10", 24)]), Self.interface(2, [("192.0.2.11", 24)])])
    #expect(!Self.one.haveFailed(to: Self.router, in: nil, since: both))
    #expect(WorkingLinks([]).haveFailed(to: Self.router, in: nil, since: both))
  }

  @Test func `a router beyond other routers, or in another VRF, is on none`() throws {
    #expect(!Self.one.lead(to: try #require(IPAddress("198.51.100.1")), in: nil))
    #expect(!WorkingLinks([]).haveFailed(to: try #require(IPAddress("198.51.100.1")), in: nil, since: Self.one))
    let red = WorkingLinks([
      Self.interface(1, [("192.0.2.10", 24)], master: 9), Self.interface(9, [], kind: "vrf"),
      // An address of its own is no network.
      Self.interface(3, [("192.0.2.1", 32)]),
    ])
    #expect(red.lead(to: Self.router, in: "eth9") && !red.lead(to: Self.router, in: nil))
  }
}
