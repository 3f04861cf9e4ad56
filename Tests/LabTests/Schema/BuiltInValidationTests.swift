import KubernetesModel
import Testing

@testable import Lab

@Suite struct BuiltInValidationTests {
  private let service = ResourceType(group: "", version: "v1", plural: "services", kind: "Service")
  private let configMap = ResourceType(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")

  @Test func `fields that a Service does not have are dropped and named`() {
    let (object, unknown) = BuiltInValidation.pruned(
      [
        "apiVersion": "v1", "kind": "Service", "metadata": ["name": "s", "annotations": ["any.thing/at-all": "1"]],
        "spec": ["ports": [["port": 80, "prot": "TCP"]], "typo": 1, "selector": [:]], "nope": [:],
      ], type: self.service)
    #expect(unknown == ["nope", "spec.ports[0].prot", "spec.typo"])
    #expect(
      object == [
        "apiVersion": "v1", "kind": "Service", "metadata": ["name": "s", "annotations": ["any.thing/at-all": "1"]],
        "spec": ["ports": [["port": 80]]],
      ])
  }

  @Test func `embedded fields of a volume are known`() {
    let pod = ResourceType(group: "", version: "v1", plural: "pods", kind: "Pod")
    let (object, unknown) = BuiltInValidation.pruned(
      ["spec": ["containers": [], "volumes": [["name": "v", "emptyDir": [:]]]]], type: pod)
    #expect(unknown == [])
    #expect(object == ["spec": ["containers": [], "volumes": [["name": "v", "emptyDir": [:]]]]])
  }

  @Test func `values of a wrong JSON type have the server's sentence`() {
    #expect(
      BuiltInValidation.typeError(in: ["spec": ["ports": [["port": "x"]]]], type: self.service)
        == "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32")
    #expect(
      BuiltInValidation.typeError(in: ["spec": ["ports": "x"]], type: self.service)
        == "json: cannot unmarshal string into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort")
    #expect(
      BuiltInValidation.typeError(in: ["data": ["a": 1]], type: self.configMap)
        == "json: cannot unmarshal number into Go struct field ConfigMap.data of type string")
    #expect(
      BuiltInValidation.typeError(in: ["spec": ["ports": [["port": 80, "targetPort": "http"]]]], type: self.service)
        == nil)
  }

  @Test(arguments: ["", "a", "ab", "abc", "abcd\u{ff}"])
  func `base64 reads what it writes`(text: String) {
    #expect(Base64.decode(Base64.encode(Array(text.utf8))) == Array(text.utf8))
  }

  @Test func `base64 is that of RFC 4648, and nothing else is accepted`() {
    #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
    #expect(Base64.encode(Array("fooba".utf8)) == "Zm9vYmE=")
    #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
    for text in ["Zg", "Zg=", "Z===", "Zm9v!", "=Zm9"] { #expect(Base64.decode(text) == nil) }
  }
}
