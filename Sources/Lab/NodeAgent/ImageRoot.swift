import CLinux
import Glibc

/// The root of a container whose image brings its own: the image's files below, what is written above in memory.
enum ImageRoot {
  private static let devices = ["null", "zero", "full", "random", "urandom"]

  /// Puts it together at `root` and returns where it is; a container's volumes are not in it yet.
  static func assemble(_ image: String, at root: String) throws(ToolFailure) -> String {
    let layers = ["upper", "work", "merged"].map { "\(root)/\($0)" }
    for layer in layers { mkdir(layer, 0o755) }
    let merged = layers[2]
    let options = "lowerdir=\(image),upperdir=\(layers[0]),workdir=\(layers[1])"
    try self.check("mount overlay", mount("overlay", merged, "overlay", 0, options))
    for name in ["proc", "sys", "dev", "etc", "tmp"] { mkdir("\(merged)/\(name)", 0o755) }
    chmod("\(merged)/tmp", 0o1777)
    try self.check("mount /proc", mount("/proc", "\(merged)/proc", nil, UInt(MS_BIND) | UInt(MS_REC), nil))
    for device in self.devices {
      let place = "\(merged)/dev/\(device)"
      close(open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
      try self.check("mount /dev/\(device)", mount("/dev/\(device)", place, nil, UInt(MS_BIND), nil))
    }
    return merged
  }

  /// After `chroot`: nothing can be written any more but to volumes.
  static func makeReadOnly() throws(ToolFailure) {
    let flags = UInt(MS_REMOUNT) | UInt(MS_BIND) | UInt(MS_RDONLY)
    try self.check("mount / read-only", mount("none", "/", nil, flags, nil))
  }

  private static func check(_ what: String, _ result: Int32) throws(ToolFailure) {
    if result != 0 { throw ToolFailure(tool: what, reason: String(cString: strerror(errno))) }
  }
}
