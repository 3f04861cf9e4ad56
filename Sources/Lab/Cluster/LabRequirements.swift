import Glibc

/// What a lab needs of the machine, and how it gets it without root.
package enum LabRequirements {
  /// Everything that is missing, each with its remedy; empty when a lab can run.
  package static func missing() -> [String] {
    let tools = [("ip", "iproute2"), ("nft", "nftables"), ("nsenter", "util-linux"), ("unshare", "util-linux")]
    var missing = tools.filter { Tool.find($0.0) == nil }
      .map { "the command \"\($0.0)\" (Debian package \($0.1))" }
    if access("/proc/self/ns/net", F_OK) != 0 { missing.append("network namespaces in the kernel") }
    if access("/proc/sys/net/ipv6", F_OK) != 0 { missing.append("IPv6 in the kernel") }
    if geteuid() != 0, !Self.hasUserNamespaces {
      missing.append(
        "root, or leave to make user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
          + "kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces above 0)")
    }
    return missing
  }

  /// What routers need beyond that.
  package static func missingForRouters() -> [String] {
    let daemons = ["zebra", "bfdd", "bgpd"].map { "\(RouterSystem.daemonDirectory)/\($0)" }
    var missing: [String] = []
    if let daemon = (daemons + ["vtysh"]).first(where: { Tool.find($0) == nil }) {
      missing.append("FRR, which the lab's routers run: \(daemon) (Debian package frr; Scripts/setup demo installs it)")
    }
    if geteuid() != 0 {
      missing.append(
        "root, for the lab's routers: FRR's daemons change their user, which only the machine's root can let them")
    }
    return missing
  }

  private static var hasUserNamespaces: Bool {
    (try? Tool.runBlocking(["unshare", "--user", "--map-root-user", "--net", "--mount", "true"], input: "")) != nil
  }

  /// The command that starts `arguments` as root of a user namespace, for those who are not root; with root, itself.
  package static func privileged(_ arguments: [String]) -> [String] {
    guard geteuid() != 0 else { return arguments }
    // Named network namespaces live in /run/netns, which belongs to root: a /run of our own takes its place. Making
    // them also takes a network of one's own to come back to, so the API server is reached from inside only.
    let script = "mount -t tmpfs tmpfs /run && ip link set lo up && exec \"$@\""
    return [
      "unshare", "--user", "--map-root-user", "--net", "--mount", "--propagation", "private", "sh", "-c", script, "lab",
    ] + arguments
  }

  /// The command that runs `arguments` where a lab's process lives, for those who are not root.
  package static func joining(_ owner: pid_t, _ arguments: [String]) -> [String] {
    guard geteuid() != 0 else { return arguments }
    return ["nsenter", "--target", String(owner), "--user", "--preserve-credentials", "--net", "--mount"] + arguments
  }
}
