import KubernetesModel
import Primitives
import Testing

@testable import Lab

@Suite struct ProtobufBodyTests {
  private func decode(_ base64: String) throws -> JSONValue {
    try ProtobufBody.decode(try #require(Base64.decode(base64)))
  }

  @Test func `small objects are read, and what is not set stays absent`() throws {
    #expect(
      try self.decode("azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhwKFAoEZGVtbxIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==")
        == ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "demo"], "spec": [:], "status": [:]])
    #expect(
      try self.decode("azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiEKFwoDY20yEgAaBGRlbW8iACoAMgA4AEIAEgYKAWESAWIaACIA")
        == [
          "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "cm2", "namespace": "demo"],
          "data": ["a": "b"],
        ])
    #expect(
      try self.decode("azhzAAoMCgJ2MRIGU2VjcmV0EiIKFgoCczISABoEZGVtbyIAKgAyADgAQgASBgoBYRIBYhoAGgAiAA==")
        == [
          "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s2", "namespace": "demo"], "data": ["a": "Yg=="],
        ])
  }

  @Test func `the options of a deletion bear the version of what is deleted`() throws {
    #expect(
      try self.decode("azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIOIgpCYWNrZ3JvdW5kCAAaACIA")
        == [
          "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "propagationPolicy": "Background",
        ])
  }

  @Test func `a Deployment is read with its template and ports`() throws {
    let deployment = try self.decode(
      "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EsEBCiMKA3dlYhIAGgRkZW1vIgAqADIAOABCAFoKCgNhcHASA3dlYhKLAQgCEgwKCgoDYXBw"
        + "EgN3ZWIacQocCgASABoAIgAqADIAOABCAFoKCgNhcHASA3dlYhJREjMKBW5naW54EgpuZ2lueDoxLjI1KgAyCgoAEAAYUCIAKgBCAGoAcgCA"
        + "AQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=")
    #expect(deployment["apiVersion"] == "apps/v1")
    #expect(deployment["metadata"] == ["name": "web", "namespace": "demo", "labels": ["app": "web"]])
    #expect(deployment[path: "spec", "replicas"] == 2)
    #expect(deployment[path: "spec", "selector"] == ["matchLabels": ["app": "web"]])
    #expect(
      deployment[path: "spec", "template", "spec", "containers"] == [
        ["name": "nginx", "image": "nginx:1.25", "ports": [["containerPort": 80]], "resources": [:]]
      ])
  }

  @Test func `questions about permissions and tokens are read`() throws {
    #expect(
      try self.decode(
        "azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSQAoQCgASABoAIgAqADIAOABCABIiCiAK"
          + "BGRlbW8SBmNyZWF0ZRoAIgAqCHNlcnZpY2VzMgA6ABoICAASABoAIAAaACIA")[path: "spec", "resourceAttributes"]
        == ["namespace": "demo", "verb": "create", "resource": "services"])
    #expect(
      try self.decode(
        "azhzAAoxChdhdXRob3JpemF0aW9uLms4cy5pby92MRIWU2VsZlN1YmplY3RSdWxlc1JldmlldxIgChAKABIAGgAiACoAMgA4AEIAEgYKBGRl"
          + "bW8aBBgAIgAaACIA")["spec"] == ["namespace": "demo"])
    #expect(
      try self.decode(
        "azhzAAotChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESEVNlbGZTdWJqZWN0UmV2aWV3EhoKEAoAEgAaACIAKgAyADgAQgASBgoECgASABoA"
          + "IgA=")["kind"] == "SelfSubjectReview")
    #expect(
      try self.decode(
        "azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIaChAKABIAGgAiACoAMgA4AEIAEgAaBAoAEgAaACIA")[
          "kind"] == "TokenRequest")
  }

  /// A Service as a server answers with it.
  private let service =
    "azhzAAoNCgJ2MRIHU2VydmljZRKrBAqYAwoCcGISABoDcmF3IgAqJGQwZDM4NjE3LTRlN2EtNGQwNS05ZTE1LTM5ZTMwMzMzMzI2NjIENTAwMT"
    + "gAQggI9emD2AYQAIoBzwIKCnJhdy1jbGllbnQSBlVwZGF0ZRoCdjEiCAj16YPYBhAAMghGaWVsZHNWMTqeAgqbAnsiZjpzcGVjIjp7ImY6YWxs"
    + "b2NhdGVMb2FkQmFsYW5jZXJOb2RlUG9ydHMiOnt9LCJmOmV4dGVybmFsVHJhZmZpY1BvbGljeSI6e30sImY6aW50ZXJuYWxUcmFmZmljUG9saW"
    + "N5Ijp7fSwiZjpwb3J0cyI6eyIuIjp7fSwiazp7XCJwb3J0XCI6ODAsXCJwcm90b2NvbFwiOlwiVENQXCJ9Ijp7Ii4iOnt9LCJmOm5hbWUiOnt9"
    + "LCJmOnBvcnQiOnt9LCJmOnByb3RvY29sIjp7fSwiZjp0YXJnZXRQb3J0Ijp7fX19LCJmOnNlbGVjdG9yIjp7fSwiZjpzZXNzaW9uQWZmaW5pdH"
    + "kiOnt9LCJmOnR5cGUiOnt9fX1CABKJAQoZCgRodHRwEgNUQ1AYUCIGCAAQUBoAKLr9ARIICgNhcHASAXgaDDEwLjk2LjI1LjIxMyIMTG9hZEJh"
    + "bGFuY2VyOgROb25lQgBSAFoHQ2x1c3RlcmAAaACKAQtTaW5nbGVTdGFja5IBDDEwLjk2LjI1LjIxM5oBBElQdjSgAQGyAQdDbHVzdGVyGgIKAB"
    + "oAIgA="

  private var serviceBytes: [UInt8] { Base64.decode(self.service) ?? [] }

  @Test func `a stored Service is read with times, managed fields and false values`() throws {
    let service = try ProtobufBody.decode(self.serviceBytes)
    #expect(
      service["spec"] == [
        "ports": [["name": "http", "protocol": "TCP", "port": 80, "targetPort": 80, "nodePort": 32442]],
        "selector": ["app": "x"], "clusterIP": "10.96.25.213", "type": "LoadBalancer", "sessionAffinity": "None",
        "externalTrafficPolicy": "Cluster", "ipFamilyPolicy": "SingleStack", "clusterIPs": ["10.96.25.213"],
        "ipFamilies": ["IPv4"], "allocateLoadBalancerNodePorts": true, "internalTrafficPolicy": "Cluster",
      ])
    #expect(service[path: "metadata", "creationTimestamp"] == "2026-11-21T01:33:41Z")
    let managed = service[path: "metadata", "managedFields"]?.array?.first
    #expect(managed?["time"] == "2026-11-21T01:33:41Z")
    #expect(managed?[path: "fieldsV1", "f:spec", "f:selector"] == [:])
    #expect(service["status"] == ["loadBalancer": [:]])
  }

  @Test func `every beginning of a message is refused or read, and none crashes`() {
    let bytes = self.serviceBytes
    for count in 0..<4 {
      #expect(throws: ProtobufError.noMagic) { try ProtobufBody.decode(Array(bytes.prefix(count))) }
    }
    for count in 4..<bytes.count { _ = try? ProtobufBody.decode(Array(bytes.prefix(count))) }
    #expect(throws: ProtobufError.truncated) { try ProtobufBody.decode(Array(bytes.dropLast(100))) }
  }

  @Test func `damaged bytes never crash`() {
    var dice = SplitMix64(seed: 7)
    let bytes = self.serviceBytes
    for _ in 0..<3000 {
      var damaged = bytes
      for _ in 0..<3 {
        damaged[Int.random(in: 4..<damaged.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      _ = try? ProtobufBody.decode(damaged)
    }
  }

  @Test func `what is not a known kind is named`() {
    #expect(throws: ProtobufError.noMagic) { try ProtobufBody.decode(Array("{}".utf8)) }
    #expect(throws: ProtobufError.unknownKind(apiVersion: "v1", kind: "Nope")) {
      try self.decode("azhzAAoKCgJ2MRIETm9wZRIA")
    }
  }
}
