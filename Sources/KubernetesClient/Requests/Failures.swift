import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Runner

/// Sorts what the HTTP library throws into what a caller can act on.
enum Failures {
  static func apiError(_ error: any Error, limit: Duration) -> APIError {
    switch error {
    case let error as APIError: return error
    case is CancellationError: return self.abandoned
    case let error as TimeoutError: return .timedOut(error.limit)
    case let error as HTTPClientError: return self.apiError(error, limit: limit)
    case let error as NIOConnectionError: return .unreachable(self.sentence(error))
    case is NIOSSLError, is NIOSSLExtraError: return .unreachable(self.sentence(aboutTLS: "\(error)"))
    case let error as IOError where error.errnoCode == ECONNREFUSED || error.errnoCode == EHOSTUNREACH:
      return .unreachable(self.sentence(error))
    case let error as IOError: return .interrupted(self.sentence(error))
    case ChannelError.connectTimeout: return .unreachable("the connection is not made in time")
    case is NIOTooManyBytesError: return .malformedAnswer("it is larger than the client takes in")
    default: return .interrupted("\(error)")
    }
  }

  private static func apiError(_ error: HTTPClientError, limit: Duration) -> APIError {
    switch error {
    case .cancelled: self.abandoned
    case .deadlineExceeded: .timedOut(limit)
    case .readTimeout: .timedOut(.nanoseconds(Transport.silenceLimit.nanoseconds))
    case .connectTimeout, .getConnectionFromPoolTimeout: .unreachable("the connection is not made in time")
    case .tlsHandshakeTimeout: .unreachable("TLS is not agreed in time")
    case .httpProxyHandshakeTimeout, .invalidProxyResponse, .proxyAuthenticationRequired:
      .unreachable("the proxy does not connect: \(error)")
    case .remoteConnectionClosed: .interrupted("it was closed")
    default: .interrupted("\(error)")
    }
  }

  /// The request was given up: by us, or by the library, whose connection went from under it.
  private static var abandoned: APIError {
    Task.isCancelled ? .cancelled : .interrupted("it was closed before the request was through")
  }

  private static func sentence(_ error: NIOConnectionError) -> String {
    if let failure = error.connectionErrors.first {
      let reason = (failure.error as? IOError).map(self.sentence) ?? "\(failure.error)"
      return "\(error.host) port \(error.port): \(reason)"
    }
    if error.dnsAError != nil || error.dnsAAAAError != nil { return "\(error.host): there is no such host" }
    return "\(error.host) port \(error.port): no connection"
  }

  private static func sentence(aboutTLS text: String) -> String {
    text.contains("CERTIFICATE_VERIFY_FAILED")
      ? "its certificate is not from the certificate authority of the configuration, or has expired" : "TLS: \(text)"
  }

  private static func sentence(_ error: IOError) -> String {
    String(cString: strerror(error.errnoCode)).lowercased()
  }
}
