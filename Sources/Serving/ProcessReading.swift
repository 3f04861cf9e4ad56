import Glibc

/// What the kernel says of this process, under the names that all libraries of Prometheus use.
package struct ProcessReading: Sendable, Hashable {
  /// User and system time, in seconds.
  package var processorSeconds: Double
  package var residentBytes: Double
  package var virtualBytes: Double
  /// In seconds since 1970.
  package var startTime: Double
  package var openDescriptors: Int?
  /// Nil = without a limit.
  package var maximumDescriptors: UInt64?

  /// Reads `/proc/PID/stat` (proc(5)); `bootTime` is the line `btime` of `/proc/stat`. Nil = it has another form.
  package init?(stat: String, bootTime: Double, ticksPerSecond: Double, pageSize: Double) {
    // The name of the program, in parentheses, may contain anything.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    // The third field of the manual page is the first here.
    guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
      let start = Double(fields[19]), let virtual = Double(fields[20]), let pages = Double(fields[21])
    else { return nil }
    self.processorSeconds = (user + system) / ticksPerSecond
    self.startTime = bootTime + start / ticksPerSecond
    self.virtualBytes = virtual
    self.residentBytes = pages * pageSize
  }

  /// As it is now; nil where `/proc` cannot be read.
  package static func current() -> ProcessReading? {
    guard let stat = Self.text("/proc/self/stat"), let system = Self.text("/proc/stat"),
      let line = system.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
      let bootTime = Double(line.dropFirst("btime ".count))
    else { return nil }
    var reading = ProcessReading(
      stat: stat, bootTime: bootTime, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
      pageSize: Double(sysconf(Int32(_SC_PAGESIZE))))
    reading?.openDescriptors = Self.entries("/proc/self/fd")
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
      reading?.maximumDescriptors = UInt64(limit.rlim_cur)
    }
    return reading
  }

  private static func text(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { text += piece[..<count] }
    return String(decoding: text, as: UTF8.self)
  }

  private static func entries(_ path: String) -> Int? {
    guard let directory = opendir(path) else { return nil }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // The directory itself and its parent are listed too, and what reads it is open.
    return max(0, count - 3)
  }
}

extension MetricsPage {
  /// Appends what the kernel says of the process.
  package mutating func appendProcess(_ reading: ProcessReading) {
    self.append(
      "process_cpu_seconds_total", .counter, help: "Total user and system CPU time spent in seconds.",
      reading.processorSeconds)
    if let count = reading.openDescriptors {
      self.append("process_open_fds", .gauge, help: "Number of open file descriptors.", Double(count))
    }
    if let count = reading.maximumDescriptors {
      self.append("process_max_fds", .gauge, help: "Maximum number of open file descriptors.", Double(count))
    }
    self.append(
      "process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.", reading.residentBytes)
    self.append("process_virtual_memory_bytes", .gauge, help: "Virtual memory size in bytes.", reading.virtualBytes)
    self.append(
      "process_start_time_seconds", .gauge, help: "Start time of the process since unix epoch in seconds.",
      reading.startTime)
  }
}
