import Glibc
import KubernetesModel

/// The logs of the lab's pods, as files on disk: where they are, and what of them a request asks for.
package struct PodLogs: Sendable {
  package let directory: String

  package init(directory: String) {
    self.directory = directory
  }

  package func podDirectory(namespace: String, pod: String, uid: String) -> String {
    "\(self.directory)/\(namespace)_\(pod)_\(uid)"
  }

  /// The log of the nth run of a container, counted from 0.
  package func file(namespace: String, pod: String, uid: String, container: String, run: Int) -> LogFile {
    LogFile(path: "\(self.podDirectory(namespace: namespace, pod: pod, uid: uid))/\(container).\(run).log")
  }

  /// The part of a log that is asked for.
  package struct Selection: Sendable, Hashable {
    package var tailLines: Int?
    package var since: Timestamp?
    package var hasTimestamps = false

    package init(tailLines: Int? = nil, since: Timestamp? = nil, hasTimestamps: Bool = false) {
      self.tailLines = tailLines
      self.since = since
      self.hasTimestamps = hasTimestamps
    }

    /// The lines of a recorded log that are asked for, as the user sees them.
    package func lines(of recorded: some StringProtocol) -> [String] {
      var lines: [String] = []
      for line in recorded.split(separator: "\n") {
        let fields = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4 else { continue }
        if let since, let time = Timestamp(fields[0]), time < since { continue }
        lines.append(self.hasTimestamps ? "\(fields[0]) \(fields[3])" : String(fields[3]))
      }
      return tailLines.map { Array(lines.suffix(max(0, $0))) } ?? lines
    }
  }
}

extension LogFile {
  /// What is in the file from an offset on, up to the last whole line, and where to go on from there.
  package func read(from offset: Int) -> (text: String, next: Int) {
    let descriptor = open(self.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return ("", offset) }
    defer { close(descriptor) }
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { return ("", offset) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return ("", offset) }
    return (String(decoding: bytes[...end], as: UTF8.self), offset + end + 1)
  }
}
