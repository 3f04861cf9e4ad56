import Glibc

/// A client that asks again and again, each time on a new connection, and keeps a record.
struct DemoLoad: Sendable {
  static let interval = Duration.milliseconds(20)

  let namespace: String
  let address: String
  /// How long a request may take.
  var timeout = Duration.seconds(1)

  func run(
    for length: Duration, faultAfter: Duration, fault: @escaping @Sendable () async throws -> Void
  ) async throws -> LoadReport {
    let clock = ContinuousClock()
    let start = clock.now
    return try await withThrowingTaskGroup(of: LoadReport.Sample?.self) { group in
      group.addTask {
        try await clock.sleep(until: start + faultAfter)
        try await fault()
        return nil
      }
      var next = start
      while next < start + length {
        try await clock.sleep(until: next)
        next += Self.interval
        group.addTask {
          let begun = clock.now
          let answer = try? await NamespaceThread.run(in: self.namespace) {
            Self.get(self.address, timeout: self.timeout)
          }
          return LoadReport.Sample(start: begun - start, isAnswered: answer.flatMap { $0 } != nil)
        }
      }
      var samples: [LoadReport.Sample] = []
      for try await sample in group { if let sample { samples.append(sample) } }
      return LoadReport(samples: samples, struck: faultAfter)
    }
  }

  /// One request; the whole answer, or nil. Blocks.
  static func get(_ address: String, timeout: Duration) -> String? {
    guard let connection = TCPConnection(to: address, port: 80, timeout: timeout) else { return nil }
    defer { connection.close() }
    guard connection.send("GET / HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n") else { return nil }
    return connection.receive(upTo: 4096)
  }
}
