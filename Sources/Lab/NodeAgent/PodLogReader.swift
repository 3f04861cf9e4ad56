import KubernetesModel

/// Serves `kubectl logs` from the files that the node agents write.
package struct PodLogReader: PodLogSource {
  private let logs: PodLogs
  private let objects: any ClusterObjects

  package init(logs: PodLogs, objects: any ClusterObjects) {
    self.logs = logs
    self.objects = objects
  }

  package func log(
    of key: ObjectKey, container: String, options: PodLogOptions
  ) async throws(APIFailure) -> AsyncStream<[UInt8]> {
    guard let pod = await self.objects.get(LabKind.pods, key) else { throw .notFound(LabKind.pods, key.name) }
    let restarts = Self.restarts(of: container, in: pod)
    let run = options.isPrevious ? restarts - 1 : restarts
    guard run >= 0 else {
      throw .badRequest("previous terminated container \"\(container)\" in pod \"\(key.name)\" not found")
    }
    let file = self.logs.file(
      namespace: key.namespace, pod: key.name, uid: pod.uid, container: container, run: run)
    let since = options.sinceSeconds.map {
      Timestamp(microseconds: WallClock.now.microseconds - Int64(clamping: $0) * 1_000_000)
    }
    let selection = PodLogs.Selection(
      tailLines: options.tailLines, since: since, hasTimestamps: options.hasTimestamps)
    let first = file.read(from: 0)
    var bytes = Self.bytes(selection.lines(of: first.text))
    if let limit = options.limitBytes { bytes = Array(bytes.prefix(max(0, limit))) }
    let later = PodLogs.Selection(tailLines: nil, since: since, hasTimestamps: options.hasTimestamps)
    let follower = LogFollower(
      first: bytes, file: file, offset: first.next, selection: later,
      isOpen: {
        // A container that has been started again, or is gone, writes no more into this file.
        guard options.follows, !options.isPrevious, let current = await self.objects.get(LabKind.pods, key) else {
          return false
        }
        return current.uid == pod.uid && Self.restarts(of: container, in: current) == restarts
      })
    return AsyncStream { await follower.next() }
  }

  private static func restarts(of container: String, in pod: LabObject) -> Int {
    let status = pod.status["containerStatuses"]?.array?.first { $0["name"]?.string == container }
    return Int(clamping: status?["restartCount"]?.integer ?? 0)
  }

  private static func bytes(_ lines: [String]) -> [UInt8] { lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] } }
}

/// Where the reading of a log that still grows has come to.
private actor LogFollower {
  private var first: [UInt8]?
  private var offset: Int
  private let file: LogFile
  private let selection: PodLogs.Selection
  private let isOpen: @Sendable () async -> Bool

  init(
    first: [UInt8], file: LogFile, offset: Int, selection: PodLogs.Selection,
    isOpen: @escaping @Sendable () async -> Bool
  ) {
    self.first = first
    self.file = file
    self.offset = offset
    self.selection = selection
    self.isOpen = isOpen
  }

  func next() async -> [UInt8]? {
    if let first = self.first {
      self.first = nil
      return first
    }
    while !Task.isCancelled, await self.isOpen() {
      let next = self.file.read(from: self.offset)
      self.offset = next.next
      let lines = self.selection.lines(of: next.text)
      if !lines.isEmpty { return lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] } }
      try? await Task.sleep(for: .milliseconds(200))
    }
    return nil
  }
}
