import CLinux
import Glibc
import KubernetesModel

/// What a container with a root file system of its own may do: as whom it runs, what root keeps, what it can write
/// (`securityContext`, and where that is silent, what container runtimes do).
package struct Confinement: Codable, Sendable, Hashable {
  package var user: UInt32
  package var group: UInt32
  /// Of what root may do, what is left, by the numbers of linux/capability.h.
  package var capabilities: Set<Int32>
  package var hasReadOnlyRoot: Bool
  package var mayGainPrivileges: Bool

  package init(bundle: OCIBundle, pod: JSONValue, container: JSONValue) throws(ContainerPlanner.Missing) {
    let own = container["securityContext"]
    let shared = pod["securityContext"]
    func number(_ name: String) -> UInt32? {
      (own?[name] ?? shared?[name])?.integer.map { UInt32(clamping: $0) }
    }
    self.user = number("runAsUser") ?? bundle.user
    self.group = number("runAsGroup") ?? (number("runAsUser") == nil ? bundle.group : 0)
    if (own?["runAsNonRoot"] ?? shared?["runAsNonRoot"])?.bool == true, self.user == 0 {
      throw ContainerPlanner.Missing(description: "container has runAsNonRoot and image will run as root")
    }
    self.hasReadOnlyRoot = own?["readOnlyRootFilesystem"]?.bool ?? false
    self.mayGainPrivileges = own?["allowPrivilegeEscalation"]?.bool ?? true
    var names = Self.usual
    for name in (own?[path: "capabilities", "drop"]?.array ?? []).compactMap(\.string) {
      if name.uppercased() == "ALL" { names = [] } else { names.remove(Self.bare(name)) }
    }
    for name in (own?[path: "capabilities", "add"]?.array ?? []).compactMap(\.string) { names.insert(Self.bare(name)) }
    self.capabilities = []
    for name in names {
      guard let number = Self.names.firstIndex(of: name) else {
        throw ContainerPlanner.Missing(description: "invalid capability \"\(name)\"")
      }
      self.capabilities.insert(Int32(number))
    }
  }

  private static func bare(_ name: String) -> String {
    let upper = name.uppercased()
    return upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
  }

  /// Confines the calling process, which is about to become the container's program.
  func apply() throws(ToolFailure) {
    for number in 0..<Int32(Self.names.count) where !self.capabilities.contains(number) {
      // A kernel that does not know the capability has nothing to take away.
      if prctl_with(PR_CAPBSET_DROP, UInt(number)) != 0, errno != EINVAL {
        throw Self.failure("dropping \(Self.names[Int(number)])")
      }
    }
    var groups = [gid_t(self.group)]
    guard setgroups(1, &groups) == 0, setgid(self.group) == 0 else { throw Self.failure("setgid \(self.group)") }
    guard setuid(self.user) == 0 else { throw Self.failure("setuid \(self.user)") }
    if !self.mayGainPrivileges, prctl_with(PR_SET_NO_NEW_PRIVS, 1) != 0 {
      throw Self.failure("PR_SET_NO_NEW_PRIVS")
    }
  }

  private static func failure(_ what: String) -> ToolFailure {
    ToolFailure(tool: what, reason: String(cString: strerror(errno)))
  }

  /// What container runtimes leave to a container that says nothing.
  private static let usual: Set<String> = [
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
  ]

  /// In the order of linux/capability.h.
  private static let names = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
  ]
}
