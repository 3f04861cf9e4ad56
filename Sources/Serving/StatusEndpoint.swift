import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `/status` and `/debug/decisions`: what a process tells of itself, as JSON, to whoever may
/// (Docs/decisions/0017-speakers-tell-what-they-know.md).
///
/// Operators ask through the API server's proxy of pods, which decides who may. The proxy hands no credentials on, so that
/// a request from elsewhere than this machine has to name the UID of the pod in `pod`, which only the API server tells:
/// who merely reaches the port learns nothing.
package struct StatusEndpoint: Sendable {
  /// What is told under a path; nil = the process stops.
  package typealias Report = @Sendable (HTTPQuery) async -> (any Encodable & Sendable)?

  package static let path = "/status"
  /// The last decisions and what led to them.
  package static let decisionsPath = "/debug/decisions"

  /// The UID of the own pod; nil = not known (yet).
  private let podUID: @Sendable () -> String?
  private let reports: [String: Report]

  package init(podUID: @escaping @Sendable () -> String?, status: @escaping Report, decisions: @escaping Report) {
    self.podUID = podUID
    self.reports = [Self.path: status, Self.decisionsPath: decisions]
  }

  func serves(_ path: String) -> Bool { self.reports[path] != nil }

  func respond(to request: HTTPRequest, _ response: HTTPResponseWriter) async throws {
    guard request.method == .GET || request.method == .HEAD else {
      return try await Self.refuse(.methodNotAllowed, "only GET is served here", response)
    }
    guard request.remoteAddress.map(Self.isLoopback) == true || self.knows(request.query["pod"]) else {
      return try await Self.refuse(
        .forbidden, "name the pod that is asked: ?pod=UID, its metadata.uid", response)
    }
    guard let report = await self.reports[request.path]?(request.query) else {
      return try await Self.refuse(.serviceUnavailable, "stopping", response)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try await response.respond(
      .ok, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
      body: ByteBuffer(bytes: try encoder.encode(report)))
  }

  private func knows(_ uid: String?) -> Bool {
    guard let uid, let own = self.podUID() else { return false }
    return uid == own
  }

  private static func isLoopback(_ address: SocketAddress) -> Bool {
    guard let text = address.ipAddress else { return false }
    return text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
  }

  private static func refuse(
    _ status: HTTPResponseStatus, _ text: String, _ response: HTTPResponseWriter
  ) async throws {
    try await response.respond(status, contentType: "text/plain; charset=utf-8", text: text + "\n")
  }
}
