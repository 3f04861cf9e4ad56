import KubernetesModel
import Testing

@testable import Lab

@Suite struct JSONPatchTests {
  private let service: JSONValue = ["metadata": ["labels": ["b": "2"]], "spec": ["ports": [80, 443]]]

  @Test func `operations apply in order, with escaped names`() throws {
    let patch: JSONValue = [
      ["op": "test", "path": "/metadata/labels/b", "value": "2"],
      ["op": "replace", "path": "/metadata/labels/b", "value": "3"],
      ["op": "add", "path": "/metadata/annotations", "value": ["x~y": "1"]],
      ["op": "add", "path": "/metadata/annotations/a~1b", "value": "2"],
      ["op": "test", "path": "/metadata/annotations/x~0y", "value": "1"],
      ["op": "copy", "from": "/metadata/labels/b", "path": "/metadata/labels/c"],
      ["op": "move", "from": "/metadata/labels/c", "path": "/metadata/labels/d"],
    ]
    #expect(
      try JSONPatch.apply(patch, to: self.service) == [
        "metadata": ["labels": ["b": "3", "d": "3"], "annotations": ["x~y": "1", "a/b": "2"]],
        "spec": ["ports": [80, 443]],
      ])
  }

  @Test func `list elements are added before an index or at the end, and removed`() throws {
    let patch: JSONValue = [
      ["op": "add", "path": "/spec/ports/-", "value": 1], ["op": "add", "path": "/spec/ports/0", "value": 2],
      ["op": "remove", "path": "/spec/ports/1"], ["op": "replace", "path": "/spec/ports/1", "value": 8443],
    ]
    #expect(try JSONPatch.apply(patch, to: self.service)["spec"] == ["ports": [2, 8443, 1]])
  }

  @Test(
    arguments: [
      ["op": "test", "path": "/metadata/labels/b", "value": "nope"],
      ["op": "remove", "path": "/metadata/labels/nope"],
      ["op": "nope", "path": "/x"],
      ["op": "replace", "path": "/spec/ports/2", "value": 1],
      ["op": "add", "path": "/spec/ports/3", "value": 1],
      ["op": "remove", "path": "/spec/ports/01"],
      ["op": "add", "path": "/spec/nope/deeper", "value": 1],
      ["op": "add", "path": "spec", "value": 1],
      ["op": "add", "path": "/metadata/a~2", "value": 1],
      ["op": "move", "from": "/spec", "path": "/spec/ports/0"],
      ["op": "remove", "path": ""],
    ] as [JSONValue])
  func `an operation that cannot be done refuses the whole patch`(operation: JSONValue) {
    #expect(throws: PatchError.notApplicable) { try JSONPatch.apply([operation], to: self.service) }
  }

  @Test func `a failing patch answers as the real server`() {
    #expect(
      PatchError.notApplicable.status
        == APIStatus(
          status: "Failure", message: "the server rejected our request due to an error in our request",
          reason: "Invalid", code: 422, details: APIStatus.Details()))
  }

  @Test func `something else than a list of operations is a bad request`() {
    let error = PatchError.malformed("json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")
    #expect(throws: error) { try JSONPatch.apply(["op": "add"], to: self.service) }
    #expect(error.code == 400)
    #expect(
      error.description
        == "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")
  }

  @Test func `a test compares numbers by value`() throws {
    #expect(
      try JSONPatch.apply([["op": "test", "path": "/n", "value": 1]], to: ["n": .number(1)]) == ["n": .number(1)])
  }

  @Test func `a pointer prints as it reads`() {
    #expect(JSONPointer("/a~1b/m~0n/0")?.tokens == ["a/b", "m~n", "0"])
    #expect(JSONPointer("/a~1b/m~0n/0")?.description == "/a~1b/m~0n/0")
    #expect(JSONPointer("") == JSONPointer(tokens: []))
  }
}
