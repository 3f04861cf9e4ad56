import Harness
import Testing

/// One real kube-apiserver for a whole suite, with our resource definitions and RBAC objects in it.
struct RealAPIServer: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await KubeAPIServer.with { server in
      try await server.install()
      try await KubeAPIServer.$current.withValue(server) { try await function() }
    }
  }
}

extension Trait where Self == RealAPIServer {
  static var realAPIServer: Self { RealAPIServer() }
}
