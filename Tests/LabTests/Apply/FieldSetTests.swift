import KubernetesModel
import Testing

@testable import Lab

@Suite struct FieldSetTests {
  private let json: JSONValue = [
    "f:metadata": ["f:labels": [".": [:], "f:a": [:]], "f:finalizers": ["v:\"x/y\"": [:]]],
    "f:spec": [
      "f:ports": [#"k:{"port":80,"protocol":"TCP"}"#: [".": [:], "f:port": [:]]], "f:list": ["i:2": [:]],
    ],
  ]

  @Test func `a set prints as it reads`() {
    #expect(FieldSet(fieldsV1: self.json).fieldsV1 == self.json)
  }

  @Test func `paths are those of the server's messages, members first`() {
    #expect(
      FieldSet(fieldsV1: self.json).paths.map(\.description) == [
        ".metadata.labels", ".metadata.finalizers[=\"x/y\"]", ".metadata.labels.a", ".spec.list[2]",
        ".spec.ports[port=80,protocol=\"TCP\"]", ".spec.ports[port=80,protocol=\"TCP\"].port",
      ])
  }

  @Test func `union, intersection and differences are those of sets`() {
    let a = FieldSet(fieldsV1: ["f:x": [".": [:], "f:y": [:]], "f:z": [:]])
    let b = FieldSet(fieldsV1: ["f:x": ["f:y": [:], "f:w": [:]]])
    #expect(a.union(b).fieldsV1 == ["f:x": [".": [:], "f:y": [:], "f:w": [:]], "f:z": [:]])
    #expect(a.intersection(b).fieldsV1 == ["f:x": ["f:y": [:]]])
    #expect(a.subtracting(b).fieldsV1 == ["f:x": [:], "f:z": [:]])
    #expect(b.subtractingRecursively(a).fieldsV1 == [:])
    #expect(b.subtracting(a).fieldsV1 == ["f:x": ["f:w": [:]]])
    #expect(a.subtracting(a).isEmpty)
  }

  @Test func `members that cannot be read are left out`() {
    #expect(FieldSet(fieldsV1: ["nope": [:], "k:[": [:], "i:x": [:], "": [:], "f:a": [:]]).fieldsV1 == ["f:a": [:]])
  }
}
