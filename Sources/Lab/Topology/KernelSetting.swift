import Glibc

/// One setting under `/proc/sys` of the network namespace that the calling thread is in.
struct KernelSetting: Hashable {
  let path: String
  let value: String
  /// Whether a kernel without the setting will do.
  var optional = false

  /// Hosts forward, do not filter by reverse path, answer ARP only for addresses of the interface that is asked, and
  /// take no address from router advertisements. Their own addresses are unique, so nobody waits for the detection of
  /// duplicates.
  static let forHosts = [
    KernelSetting(path: "net/ipv4/ip_forward", value: "1"),
    KernelSetting(path: "net/ipv4/conf/all/rp_filter", value: "0"),
    KernelSetting(path: "net/ipv4/conf/default/rp_filter", value: "0"),
    KernelSetting(path: "net/ipv4/conf/eth0/rp_filter", value: "0", optional: true),
    KernelSetting(path: "net/ipv4/conf/all/arp_ignore", value: "1"),
    KernelSetting(path: "net/ipv4/conf/all/arp_announce", value: "2"),
    KernelSetting(path: "net/ipv4/conf/all/send_redirects", value: "0"),
    KernelSetting(path: "net/ipv4/conf/default/send_redirects", value: "0"),
    KernelSetting(path: "net/ipv4/conf/eth0/send_redirects", value: "0", optional: true),
    KernelSetting(path: "net/ipv4/ip_unprivileged_port_start", value: "0"),
    KernelSetting(path: "net/ipv6/conf/all/accept_ra", value: "0", optional: true),
    KernelSetting(path: "net/ipv6/conf/all/accept_dad", value: "0", optional: true),
    KernelSetting(path: "net/ipv6/conf/default/accept_dad", value: "0", optional: true),
    KernelSetting(path: "net/ipv6/conf/eth0/accept_dad", value: "0", optional: true),
    KernelSetting(path: "net/ipv6/conf/br0/accept_dad", value: "0", optional: true),
    KernelSetting(path: "net/ipv6/conf/all/forwarding", value: "1"),
    KernelSetting(path: "net/ipv6/conf/all/accept_redirects", value: "0"),
  ]

  /// Routers with several next hops choose by ports as well as addresses, so that the connections of one client spread.
  static let forRouters = [
    KernelSetting(path: "net/ipv4/fib_multipath_hash_policy", value: "1"),
    KernelSetting(path: "net/ipv6/fib_multipath_hash_policy", value: "1"),
  ]

  /// Pods may listen on any port without privileges, as container runtimes set it up.
  static let forPods = [
    KernelSetting(path: "net/ipv4/ip_unprivileged_port_start", value: "0"),
    KernelSetting(path: "net/ipv4/conf/all/rp_filter", value: "0"),
    KernelSetting(path: "net/ipv6/conf/all/accept_dad", value: "0"),
    KernelSetting(path: "net/ipv6/conf/eth0/accept_dad", value: "0"),
  ]

  /// Writes them, for the namespace that the calling thread is in.
  static func applyAll(_ settings: [KernelSetting]) throws(ToolFailure) {
    for setting in settings {
      let descriptor = open("/proc/sys/\(setting.path)", O_WRONLY | O_CLOEXEC)
      defer { if descriptor >= 0 { close(descriptor) } }
      let written = descriptor < 0 ? -1 : setting.value.withCString { write(descriptor, $0, setting.value.utf8.count) }
      if written < 0, !setting.optional {
        throw ToolFailure(tool: "/proc/sys/\(setting.path)", reason: String(cString: strerror(errno)))
      }
    }
  }
}
