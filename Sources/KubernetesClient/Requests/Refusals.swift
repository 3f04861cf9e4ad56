import FoundationEssentials
import KubernetesModel
import NIOCore

/// Reads what the server says when it says no: a `metav1.Status`, or the plain text of an overloaded server or a proxy.
enum Refusals {
  /// The longest that anybody is waited for; a proxy may say what it likes.
  private static let longestDelay = 60

  static func read(code: Int, retryAfter: String?, body: ByteBuffer) -> APIError.Refusal {
    var refusal = APIError.Refusal(code: code)
    let bytes = Data(body.readableBytesView)
    if let status = try? JSONDecoder().decode(APIStatus.self, from: bytes),
      status.message != nil || status.reason != nil
    {
      refusal.status = status
    } else {
      let text = String(decoding: bytes.prefix(512), as: UTF8.self).trimmed
      if !text.isEmpty { refusal.status.message = text }
    }
    let seconds = retryAfter.flatMap { Int($0.trimmed) } ?? refusal.status.details?.retryAfterSeconds
    if let seconds, seconds >= 0, retryAfter != nil || code == 429 {
      refusal.retryAfter = .seconds(min(seconds, Self.longestDelay))
    }
    return refusal
  }
}
