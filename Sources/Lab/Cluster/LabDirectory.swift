import Glibc

/// Where a lab keeps what it has on disk: one directory per lab, gone when the lab is.
///
///     lock        held by the lab's process for as long as it lives, however it ends
///     kubeconfig  for kubectl and for every other client
///     control     the socket that verbs such as `lab kill` talk to
///     lab.log     what the lab's process says
///     pods, logs  of the lab's pods
///
/// What its routers have is beside it: they are run by a user who may not look in here.
package struct LabDirectory: Sendable, Hashable {
  package let lab: String
  package let path: String

  package init(lab: String) {
    self.lab = lab
    self.path = "\(Self.base)/\(lab)"
  }

  /// Root's labs are known to the whole machine, other users' to themselves.
  package static var base: String {
    let user = geteuid() == 0 && getenv(Self.userVariable) == nil ? nil : Self.user
    return user.map { "/tmp/metallb-lab-\($0)" } ?? "/run/metallb-lab"
  }

  /// Set for a process that is root only inside a user namespace; the value is the user outside.
  package static let userVariable = "METALLB_LAB_USER"

  private static var user: String { getenv(Self.userVariable).map { String(cString: $0) } ?? String(getuid()) }

  package var lock: String { "\(self.path)/lock" }
  package var kubeconfig: String { "\(self.path)/kubeconfig" }
  package var control: String { "\(self.path)/control" }
  package var log: String { "\(self.path)/lab.log" }
  package var pods: String { "\(self.path)/pods" }
  package var podLogs: String { "\(self.path)/logs" }
  package var routers: String { "\(self.path).routers" }

  /// The files and sockets of a router's daemons.
  package func router(_ name: String) -> String { "\(self.routers)/\(name)" }

  package func create() async throws {
    try await BlockingFiles.makeDirectory(self.path)
    try await BlockingFiles.makeDirectory(self.pods)
    try await BlockingFiles.makeDirectory(self.podLogs)
    // Tokens of the cluster are in here.
    chmod(self.path, 0o700)
  }

  package func remove() async {
    await BlockingFiles.remove(self.path)
    await BlockingFiles.remove(self.routers)
    rmdir(Self.base)
  }

  /// The labs that have a directory, whether they live or not.
  package static func all() -> [LabDirectory] {
    BlockingFiles.names(in: Self.base).filter(AddressPlan.isLabName).sorted().map { LabDirectory(lab: $0) }
  }

  /// The process that holds the lab's lock; nil when there is none.
  package var owner: pid_t? {
    let descriptor = open(self.lock, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return nil }
    return BlockingFiles.read(self.lock).flatMap { pid_t(String(decoding: $0, as: UTF8.self)) } ?? 0
  }

  /// Takes the lock for the rest of this process's life; false when another process has it.
  ///
  /// The file gets its name only once it is locked, so that nobody can take a lab that starts for one that has died.
  package func takeLock() -> Bool {
    let pid = String(getpid())
    let unnamed = "\(self.lock).\(pid)"
    let descriptor = open(unnamed, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    defer { unlink(unnamed) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return false
    }
    _ = pid.withCString { write(descriptor, $0, pid.utf8.count) }
    while link(unnamed, self.lock) != 0 {
      guard errno == EEXIST, self.owner == nil else {
        close(descriptor)
        return false
      }
      unlink(self.lock)
    }
    return true
  }

  /// Whether the lab's process has died without a chance to clean up, or never came to take the lock.
  package var isAbandoned: Bool {
    if access(self.lock, F_OK) == 0 { return self.owner == nil }
    var status = stat()
    guard stat(self.path, &status) == 0 else { return false }
    return time(nil) - status.st_mtim.tv_sec > 60
  }

  /// Removes whatever a lab that is no longer there has left: processes, namespaces, files.
  package func sweep() async throws {
    try await Topology.remove(lab: self.lab)
    await self.remove()
  }
}
