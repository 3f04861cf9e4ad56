import CLinux
import Glibc

/// The first steps of a container's process: it moves into its namespaces, puts its root together and becomes the
/// container's program.
///
/// The root is a `tmpfs` in a mount namespace of the process's own, with the machine's directories shown in it, except
/// `/etc`, `/run`, `/tmp` and `/var`, which begin empty but for what a program needs. An image that brings a root of its
/// own has that one instead (`ImageRoot`). Either ends with the process, so nothing is left behind however that dies.
package enum ContainerRoot {
  private static let own: Set<String> = ["etc", "run", "tmp", "var", "lost+found"]
  private static let copiedSettings = ["ld.so.cache", "passwd", "group", "nsswitch.conf", "localtime", "resolv.conf"]

  /// Returns only when something went wrong.
  package static func become(_ spec: ContainerSpec) throws(ToolFailure) {
    try NamespaceThread.enter(spec.networkNamespace)
    try Self.check("unshare", unshare(Int32(CLONE_NEWNS)))
    try Self.check("mount /", mount("none", "/", nil, UInt(MS_REC) | UInt(MS_PRIVATE), nil))
    Self.makeDirectories(spec.root)
    try Self.check("mount \(spec.root)", mount("tmpfs", spec.root, "tmpfs", 0, "mode=0755"))
    var root = spec.root
    if let image = spec.image {
      root = try ImageRoot.assemble(image.rootFileSystem, at: root)
    } else {
      try Self.showMachine(in: root)
      for name in Self.own where name != "lost+found" { Self.makeDirectories("\(root)/\(name)") }
      chmod("\(root)/tmp", 0o1777)
      symlink("../run", "\(root)/var/run")
      for name in Self.copiedSettings { Self.copy("/etc/\(name)", to: "\(root)/etc/\(name)") }
    }
    Self.write("127.0.0.1 localhost\n::1 localhost\n127.0.0.1 \(spec.hostname)\n", to: "\(root)/etc/hosts")
    Self.write("\(spec.hostname)\n", to: "\(root)/etc/hostname")
    // /proc and /sys must tell of the container's own network; where a new sysfs is not allowed, the machine's stays.
    _ = mount("sysfs", "\(root)/sys", "sysfs", UInt(MS_RDONLY), nil)
    for volume in spec.mounts { try Self.show(volume, in: root, isOwn: spec.image != nil) }
    try Self.check("chroot", chroot(root))
    try Self.check("chdir", chdir("/"))
    if let image = spec.image {
      if image.confinement.hasReadOnlyRoot { try ImageRoot.makeReadOnly() }
      try image.confinement.apply()
    }
    let failure = ChildProcess.withCStrings(spec.arguments) { argv in
      ChildProcess.withCStrings(spec.environment) { environment -> Int32 in
        execve(spec.program, argv, environment)
        return errno
      }
    }
    throw ToolFailure(tool: spec.program, reason: String(cString: strerror(failure)))
  }

  private static func showMachine(in root: String) throws(ToolFailure) {
    for name in try Self.entries(of: "/") where !Self.own.contains(name) {
      var information = stat()
      guard lstat("/\(name)", &information) == 0 else { continue }
      switch information.st_mode & S_IFMT {
      case S_IFDIR:
        mkdir("\(root)/\(name)", 0o755)
        try Self.check("mount /\(name)", mount("/\(name)", "\(root)/\(name)", nil, UInt(MS_BIND) | UInt(MS_REC), nil))
      case S_IFLNK:
        var target = [CChar](repeating: 0, count: 4096)
        if readlink("/\(name)", &target, target.count - 1) > 0 { symlink(target, "\(root)/\(name)") }
      default:
        break
      }
    }
  }

  /// Shows a volume at its place. A place inside a directory of the machine is used only if it exists, since making
  /// it would change the machine; a root of the container's own (`isOwn`) can be changed everywhere.
  private static func show(_ volume: ContainerSpec.Mount, in root: String, isOwn: Bool) throws(ToolFailure) {
    let top = volume.target.split(separator: "/").first.map(String.init) ?? ""
    let target = "\(root)\(volume.target)"
    var information = stat()
    guard stat(volume.source, &information) == 0 else {
      throw ToolFailure(tool: volume.source, reason: String(cString: strerror(errno)))
    }
    if isOwn || Self.own.contains(top) || access("/\(top)", F_OK) != 0 {
      if information.st_mode & S_IFMT == S_IFDIR {
        Self.makeDirectories(target)
      } else {
        Self.makeDirectories(Self.parent(of: target))
        Self.write("", to: target)
      }
    }
    guard access(target, F_OK) == 0 else { return }
    try Self.check("mount \(volume.target)", mount(volume.source, target, nil, UInt(MS_BIND) | UInt(MS_REC), nil))
  }

  private static func check(_ what: String, _ result: Int32) throws(ToolFailure) {
    if result != 0 { throw ToolFailure(tool: what, reason: String(cString: strerror(errno))) }
  }

  private static func parent(of path: String) -> String {
    "/" + path.split(separator: "/").dropLast().joined(separator: "/")
  }

  private static func makeDirectories(_ path: String) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/\(part)"
      mkdir(made, 0o755)
    }
  }

  private static func entries(of path: String) throws(ToolFailure) -> [String] {
    guard let directory = opendir(path) else {
      throw ToolFailure(tool: path, reason: String(cString: strerror(errno)))
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func copy(_ source: String, to target: String) {
    let descriptor = open(source, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let copy = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard copy >= 0 else { return }
    defer { close(copy) }
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0, Glibc.write(copy, buffer, count) == count else { return }
    }
  }

  private static func write(_ text: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    _ = Glibc.write(descriptor, text, text.utf8.count)
  }
}
