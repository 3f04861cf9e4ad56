import CLinux
import Glibc
import Primitives
import Testing

@testable import HostNetwork

/// The socket options of TCP-AO, octet by octet as linux/tcp.h of Linux 6.7 lays them out.
@Suite struct TCPAuthenticationTests {
  private static let key = TCPAuthentication.Key(
    router: .v4(IPv4Address(192, 0, 2, 1)), sendID: 5, receiveID: 6, algorithm: .aes128CMAC, secret: [1, 2, 3])

  private func octets<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

  @Test func `a key is added for one router, without a port`() {
    let option = self.octets(Self.key.added(asCurrent: true))
    #expect(option.count == 288)
    #expect(Array(option[0..<8]) == [UInt8(AF_INET), 0, 0, 0, 192, 0, 2, 1])
    #expect(String(decoding: option[128..<140], as: UTF8.self) == "cmac(aes128)" && option[140] == 0)
    // No VRF, current and next key, reserved bits, /32, IDs, 96 bits of code, no flags, the length.
    #expect(Array(option[192..<208]) == [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 32, 5, 6, 12, 0, 3])
    #expect(Array(option[208..<212]) == [1, 2, 3, 0])
    #expect(self.octets(Self.key.added(asCurrent: false))[196] == 0)
  }

  @Test func `one that goes names the one to go on with`() {
    var other = Self.key
    (other.sendID, other.receiveID) = (7, 8)
    let option = self.octets(Self.key.removed(inFavourOf: other))
    #expect(option.count == 144)
    #expect(Array(option[128..<144]) == [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 32, 5, 6, 7, 8, 0])
    #expect(Array(self.octets(Self.key.removed(inFavourOf: nil))[132..<136]) == [0, 0, 0, 0])
  }

  @Test func `a router is asked for a key by the number that it sends`() {
    let option = self.octets(Self.key.preferred())
    #expect(option.count == 48)
    #expect(Array(option[0..<8]) == [2, 0, 0, 0, 0, 0, 0, 6])
    #expect(option[8...].allSatisfy { $0 == 0 })
  }

  @Test func `IPv6 routers have a prefix of their own length`() throws {
    var key = Self.key
    key.router = try #require(IPAddress("2001:db8::1"))
    let option = self.octets(key.added(asCurrent: false))
    #expect(option[0] == UInt8(AF_INET6) && Array(option[2..<4]) == [0, 0] && option[202] == 128)
    #expect(Array(option[8..<12]) == [0x20, 1, 0x0D, 0xB8] && option[23] == 1)
  }
}
