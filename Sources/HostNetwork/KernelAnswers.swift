import Glibc
import Layer2
import Primitives

/// The addresses for which this machine's kernel answers ARP by itself, whatever interface they are on (`arp_ignore` 0).
///
/// That is how a node in kube-proxy's IPVS mode comes to answer for the addresses of all Services, which it has on
/// `kube-ipvs0`. That is a dummy, which kube-proxy never sets up: an address that an interface gets while it is down is in the
/// table of local routes all the same. Neighbor Discovery is not concerned: for IPv6 the kernel answers only where it is asked.
package enum KernelAnswers {
  /// The addresses with their interfaces; none if no link lets the kernel answer for other interfaces than the asked one.
  package static func addresses(of interfaces: [Interface], on links: [Link]) -> [IPAddress: String] {
    let everywhere = self.setting("all")
    guard links.contains(where: { max(everywhere, self.setting($0.name)) == 0 }) else { return [:] }
    var found: [IPAddress: String] = [:]
    for interface in interfaces
    where !interface.flags.isDisjoint(with: [.up, .noARP]) && !interface.flags.contains(.loopback) {
      for address in interface.addresses where address.address.family == .ipv4 {
        found[address.address] = interface.name
      }
    }
    return found
  }

  /// The kernel takes the greater of the setting for all interfaces and that of the one that was asked on. What cannot be
  /// read is taken to be strict.
  private static func setting(_ interface: String) -> Int {
    let file = open("/proc/sys/net/ipv4/conf/\(interface)/arp_ignore", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 1 }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = read(file, &buffer, buffer.count)
    let digits = buffer[..<max(0, count)].prefix { $0 != UInt8(ascii: "\n") }
    return Int(String(decoding: digits, as: UTF8.self)) ?? 1
  }
}
