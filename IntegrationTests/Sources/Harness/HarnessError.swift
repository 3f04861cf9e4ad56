/// Why a test could not go on; its description is the message of the failed test.
package enum HarnessError: Error, CustomStringConvertible {
  case missingTool(String)
  case notStarted(String, String)
  case overtime(String, Duration, String)
  case failed(Output)
  case neverCame(String, Duration, last: String)
  case notReady(String)

  package var description: String {
    switch self {
    case .missingTool(let name):
      "\(name) is missing: Scripts/setup test installs what the tests need"
    case .notStarted(let path, let reason):
      "\(path) did not start: \(reason)"
    case .overtime(let name, let limit, let output):
      "\(name) took longer than \(limit) and was killed; it had printed:\n\(output.suffix(2000))"
    case .failed(let output):
      "\(output.command) exited with \(output.code)\n\(output.out.suffix(2000))\(output.error.suffix(2000))"
    case .neverCame(let what, let limit, let last):
      "within \(limit) it never came that \(what); last seen: \(last)"
    case .notReady(let what):
      what
    }
  }
}
