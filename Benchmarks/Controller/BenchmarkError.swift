/// Why a measurement could not be made.
enum BenchmarkError: Error, CustomStringConvertible {
  case neverHappened(String)
  case failed(command: String, output: String)

  var description: String {
    switch self {
    case .neverHappened(let what): "it never happened that \(what)"
    case .failed(let command, let output): "\(command) failed: \(output)"
    }
  }
}
