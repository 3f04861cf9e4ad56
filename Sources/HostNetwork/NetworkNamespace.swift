import CLinux
import Glibc

/// A network namespace that has a name, as `ip netns` keeps them (network_namespaces(7), ip-netns(8)).
///
/// A socket belongs for ever to the namespace that its creating thread was in; so what is to happen inside a namespace is
/// only its creation.
package struct NetworkNamespace: Sendable, Hashable {
  package static let directory = "/run/netns"

  package let name: String

  package var path: String { "\(Self.directory)/\(self.name)" }

  /// A namespace that exists, or will.
  package init(named name: String) {
    self.name = name
  }

  /// Makes a new namespace with nothing in it but a loopback interface that is down.
  package static func create(_ name: String) throws(SystemError) -> NetworkNamespace {
    let namespace = NetworkNamespace(named: name)
    try Self.prepareDirectory()
    _ = try Descriptor(
      owning: open(namespace.path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0),
      "create the network namespace \(name)")
    do throws(SystemError) {
      try Self.leaving(Self.home()) { () throws(SystemError) in
        guard unshare(CLONE_NEWNET) == 0,
          mount("/proc/thread-self/ns/net", namespace.path, "none", UInt(MS_BIND), nil) == 0
        else { throw SystemError("create the network namespace \(name)") }
      }
    } catch {
      unlink(namespace.path)
      throw error
    }
    return namespace
  }

  /// Takes the name away; the namespace ends with its last process and socket.
  package func delete() throws(SystemError) {
    guard umount2(self.path, Int32(MNT_DETACH)) == 0 || errno == EINVAL, unlink(self.path) == 0 else {
      throw SystemError("delete the network namespace \(self.name)")
    }
  }

  package var exists: Bool { access(self.path, F_OK) == 0 }

  /// Runs `body` on the calling thread inside the namespace, and comes back.
  ///
  /// `body` cannot suspend, because what resumes elsewhere would be elsewhere.
  package func run<Result>(_ body: () throws -> Result) throws -> Result {
    let target = try Descriptor(owning: open(self.path, O_RDONLY | O_CLOEXEC), "open the namespace \(self.name)")
    return try Self.leaving(Self.home()) {
      guard setns(target.number, CLONE_NEWNET) == 0 else { throw SystemError("enter the namespace \(self.name)") }
      return try body()
    }
  }

  /// The namespace that the calling thread is in.
  private static func home() throws(SystemError) -> Descriptor {
    try Descriptor(
      owning: open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "open the network namespace of this thread")
  }

  /// Runs `body`, which moves the calling thread into another namespace, and moves it back.
  private static func leaving<Result, Failure>(
    _ home: Descriptor, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer {
      // A thread that stayed would do the rest of the process's work in a foreign network.
      if setns(home.number, CLONE_NEWNET) != 0 {
        preconditionFailure("cannot return from a network namespace: \(errno)")
      }
    }
    return try body()
  }

  /// As `ip netns` does, so that namespaces of either are seen by both, and by other mount namespaces.
  private static func prepareDirectory() throws(SystemError) {
    mkdir(Self.directory, 0o755)
    if mount("", Self.directory, "none", UInt(MS_SHARED | MS_REC), nil) == 0 { return }
    guard
      errno == EINVAL,
      mount(Self.directory, Self.directory, "none", UInt(MS_BIND | MS_REC), nil) == 0,
      mount("", Self.directory, "none", UInt(MS_SHARED | MS_REC), nil) == 0
    else { throw SystemError("prepare \(Self.directory)") }
  }
}
