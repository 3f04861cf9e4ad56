import KubernetesModel
import NIOConcurrencyHelpers
import NIOHTTP1

/// Faults that tests switch on: requests that match are answered wrongly, late, or not at all.
///
/// A fault is written as JSON to `/lab/faults`, by the administrator only:
///
///     {"code": 503, "count": 2, "method": "PUT", "path": "/services"}     the next two such requests get 503
///     {"delay": 1500, "path": "/api/v1/nodes"}                            milliseconds before the answer
///     {"drop": true}                                                      the connection closes without an answer
///     {"truncate": 200}                                                   the answer is cut after so many bytes
///     {"endWatches": true}                                                every watch ends at once, without a word
///     {"compact": true}                                                   watches and pages from before get 410
package final class FaultSwitches: Sendable {
  /// One fault and the requests that it hits.
  package struct Fault: Sendable, Hashable {
    package var method: String?
    /// A part of the path; nil = every path.
    package var path: String?
    package var code: Int?
    package var delay: Duration?
    package var drops = false
    package var truncatesAfter: Int?
    /// How many requests it hits; nil = all until it is switched off.
    package var count: Int?

    func matches(_ request: APIRequest) -> Bool {
      (self.method ?? request.method) == request.method && self.path.map { request.path.contains($0) } ?? true
    }
  }

  private struct State {
    var faults: [Fault] = []
    var watchGeneration = 0
    var compactions = 0
  }

  private let state = NIOLockedValueBox(State())

  package init() {}

  package func add(_ fault: Fault) {
    self.state.withLockedValue { $0.faults.append(fault) }
  }

  package func clear() {
    self.state.withLockedValue { $0.faults = [] }
  }

  /// Ends all watches that are open.
  package func endWatches() {
    self.state.withLockedValue { $0.watchGeneration += 1 }
  }

  package var watchGeneration: Int { self.state.withLockedValue { $0.watchGeneration } }

  func add(_ json: JSONValue) throws(APIFailure) {
    if json["endWatches"]?.bool == true { return self.endWatches() }
    let fault = Fault(
      method: json["method"]?.string, path: json["path"]?.string, code: json["code"]?.integer.map { Int($0) },
      delay: json["delay"]?.integer.map { .milliseconds($0) }, drops: json["drop"]?.bool ?? false,
      truncatesAfter: json["truncate"]?.integer.map { Int($0) }, count: json["count"]?.integer.map { Int($0) })
    guard fault.code != nil || fault.delay != nil || fault.drops || fault.truncatesAfter != nil else {
      throw .badRequest("a fault needs one of: code, delay, drop, truncate, endWatches, compact")
    }
    self.add(fault)
  }

  var json: JSONValue {
    let faults = self.state.withLockedValue { $0.faults }
    return [
      "faults": .array(
        faults.map { fault in
          var json: JSONValue = [:]
          if let method = fault.method { json["method"] = .string(method) }
          if let path = fault.path { json["path"] = .string(path) }
          if let code = fault.code { json["code"] = .integer(Int64(code)) }
          if let delay = fault.delay { json["delay"] = .integer(Int64(delay / .milliseconds(1))) }
          if fault.drops { json["drop"] = true }
          if let bytes = fault.truncatesAfter { json["truncate"] = .integer(Int64(bytes)) }
          if let count = fault.count { json["count"] = .integer(Int64(count)) }
          return json
        })
    ]
  }

  /// The faults that hit this request, each counted down.
  package func faults(for request: APIRequest) -> [Fault] {
    self.state.withLockedValue { state in
      var hit: [Fault] = []
      for index in state.faults.indices where state.faults[index].matches(request) {
        if let count = state.faults[index].count {
          guard count > 0 else { continue }
          state.faults[index].count = count - 1
        }
        hit.append(state.faults[index])
      }
      state.faults.removeAll { $0.count == 0 }
      return hit
    }
  }
}

extension APIFailure {
  /// The failure of a code, in a real API server's words.
  static func fault(_ code: Int) -> APIFailure {
    switch code {
    case 401: return .unauthorized
    case 409:
      return APIFailure(
        code: 409, reason: "Conflict",
        message: "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest "
          + "version and try again", details: .init())
    case 410: return .expired("The resourceVersion for the provided list is too old.")
    case 429:
      var details = APIStatus.Details()
      details.retryAfterSeconds = 1
      return APIFailure(
        code: 429, reason: "TooManyRequests", message: "Too many requests, please try again later.", details: details)
    case 503:
      return APIFailure(
        code: 503, reason: "ServiceUnavailable", message: "the server is currently unable to handle the request")
    default:
      return APIFailure(code: code, reason: "InternalError", message: "Internal error occurred: switched on by a test")
    }
  }
}
