import KubernetesModel
import Testing

@testable import Lab

@Suite struct OpenAPIDocumentsTests {
  private let documents = OpenAPIDocuments(
    kinds: [
      .init(
        type: ResourceType(group: "", version: "v1", plural: "services", kind: "Service"), subresources: ["status"]),
      .init(
        type: ResourceType(group: "", version: "v1", plural: "nodes", kind: "Node", isNamespaced: false)),
      .init(
        type: ResourceType(
          group: "metallb.io", version: "v1beta1", plural: "ipaddresspools", kind: "IPAddressPool"),
        schema: [
          "type": "object", "required": ["spec"],
          "properties": [
            "spec": [
              "type": "object", "description": "What is wanted.",
              "properties": [
                "autoAssign": ["type": "boolean", "default": true], "port": ["x-kubernetes-int-or-string": true],
                "mode": ["type": "string", "nullable": true],
              ],
            ]
          ],
        ]),
    ], version: "v1.36.2")

  @Test func `the index names each document with the hash of its content`() throws {
    #expect(self.documents.paths == ["api/v1", "apis/metallb.io/v1beta1"])
    let document = try #require(self.documents.document(path: "api/v1"))
    #expect(
      self.documents.index()[path: "paths", "api/v1"]
        == ["serverRelativeURL": .string("/openapi/v3/api/v1?hash=\(OpenAPIDocuments.hash(of: document))")])
    #expect(OpenAPIDocuments.hash(of: document).count == 128)
    #expect(OpenAPIDocuments.hash(of: document) != OpenAPIDocuments.hash(of: [:]))
    #expect(self.documents.document(path: "apis/nope/v1") == nil)
  }

  @Test func `a built-in kind is described with merge keys, list keys and enumerations`() throws {
    let schemas = try #require(self.documents.document(path: "api/v1")?[path: "components", "schemas"])
    let service = schemas["io.k8s.api.core.v1.Service"]
    #expect(
      service?["x-kubernetes-group-version-kind"] == [["group": "", "version": "v1", "kind": "Service"]])
    #expect(
      service?[path: "properties", "metadata"]
        == ["allOf": [["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]]])
    let spec = schemas["io.k8s.api.core.v1.ServiceSpec"]
    #expect(
      spec?[path: "properties", "ports"] == [
        "type": "array",
        "items": ["$ref": "#/components/schemas/io.k8s.api.core.v1.ServicePort"],
        "x-kubernetes-list-map-keys": ["port", "protocol"], "x-kubernetes-list-type": "map",
        "x-kubernetes-patch-merge-key": "port", "x-kubernetes-patch-strategy": "merge",
      ])
    #expect(
      spec?[path: "properties", "ipFamilies"] == [
        "type": "array", "items": ["type": "string", "enum": ["", "IPv4", "IPv6"]], "x-kubernetes-list-type": "atomic",
      ])
    #expect(
      spec?[path: "properties", "selector"] == [
        "type": "object", "additionalProperties": ["type": "string"], "x-kubernetes-map-type": "atomic",
      ])
    #expect(
      schemas[path: "io.k8s.apimachinery.pkg.util.intstr.IntOrString", "format"] == "int-or-string")
  }

  @Test func `clients find out that a write can be validated and tried`() {
    func names(_ document: JSONValue?, _ path: String, _ verb: String) -> [String] {
      (document?[path: "paths", path, verb, "parameters"]?.array ?? []).compactMap { $0["name"]?.string }
    }
    let path = "/api/v1/namespaces/{namespace}/services/{name}"
    let document = self.documents.document(path: "api/v1")
    #expect(names(document, path, "patch") == ["dryRun", "fieldManager", "fieldValidation", "force"])
    #expect(
      document?[path: "paths", path, "patch", "x-kubernetes-group-version-kind"]
        == ["group": "", "version": "v1", "kind": "Service"])
    #expect(document?[path: "paths", "/api/v1/nodes/{name}"] != nil)
    #expect(document?[path: "paths", path + "/status", "put"] != nil)
    #expect(
      names(self.documents.documentV2(), path, "patch")
        == ["dryRun", "fieldManager", "fieldValidation", "force", "body"])
  }

  @Test func `a custom resource is described by its CRD, in version 2 without what that cannot say`() {
    let three = self.documents.document(path: "apis/metallb.io/v1beta1")?[
      path: "components", "schemas", "io.metallb.v1beta1.IPAddressPool"]
    #expect(three?[path: "properties", "spec", "properties", "autoAssign", "default"] == true)
    #expect(three?[path: "properties", "spec", "description"] == "What is wanted.")
    #expect(three?[path: "properties", "metadata", "allOf"] != nil)
    let two = self.documents.documentV2()[path: "definitions", "io.metallb.v1beta1.IPAddressPool"]
    #expect(
      two?[path: "properties", "spec", "properties"] == [
        "autoAssign": ["type": "boolean"], "port": ["x-kubernetes-int-or-string": true],
        "mode": ["type": "string"],
      ])
    #expect(
      two?[path: "properties", "metadata"]
        == ["$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"])
  }

  @Test func `every reference leads to a definition`() throws {
    func references(in value: JSONValue) -> Set<String> {
      switch value {
      case .object(let members):
        members.reduce(into: []) { found, member in
          if member.key == "$ref", let name = member.value.string { found.insert(name) }
          found.formUnion(references(in: member.value))
        }
      case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
      default: []
      }
    }
    let document = self.documents.documentV2()
    let names = Set((document["definitions"]?.object ?? [:]).keys.map { "#/definitions/\($0)" })
    #expect(references(in: document).subtracting(names) == [])
    #expect(names.count >= 30)
  }

  @Test func `version 2 in protobuf carries the names of all definitions and paths`() throws {
    var names: [Int: [String]] = [:]
    var reader = ProtobufReader(self.documents.documentV2Protobuf()[...])
    while let (number, value) = try reader.next() {
      guard case .bytes(let bytes) = value, number == 8 || number == 9 else { continue }
      var list = ProtobufReader(bytes)
      while case (_, .bytes(let entry))? = try list.next() {
        var named = ProtobufReader(entry)
        guard case (1, .bytes(let name))? = try named.next() else { continue }
        names[number, default: []].append(String(decoding: name, as: UTF8.self))
      }
    }
    let document = self.documents.documentV2()
    #expect(names[8] == (document["paths"]?.object ?? [:]).keys.sorted())
    #expect(names[9] == (document["definitions"]?.object ?? [:]).keys.sorted())
  }
}
