import KubernetesModel
import Testing

@testable import KubernetesClient

@Suite struct YAMLTextTests {
  @Test func `documents are read one after the other, empty ones as null`() throws {
    #expect(try YAMLText.documents("a: 1\n---\n---\n[x, 'y']\n") == [["a": 1], nil, ["x", "y"]])
    #expect(try YAMLText.document("") == .null)
  }

  @Test(arguments: ["{{", "a: 1\n---\n{", "a: b: c", "\tx: y", "a: 1\na: 2"])
  func `what is not YAML is refused with the place, in one line`(text: String) {
    #expect(throws: YAMLText.Failure.self) { try YAMLText.documents(text) }
    do throws(YAMLText.Failure) { _ = try YAMLText.documents(text) } catch {
      #expect(!error.description.contains("\n") && !error.description.isEmpty)
    }
  }

  @Test func `scalars have the types that Kubernetes reads`() throws {
    #expect(
      try YAMLText.document(
        "{a: 64512:1, b: 010.0.0.0/24, c: yes, d: '1', e: 1.5, f: ~, g: fc00:f853:0ccd:e799::/124, h: 90s}") == [
          "a": "64512:1", "b": "010.0.0.0/24", "c": true, "d": "1", "e": .number(1.5), "f": nil,
          "g": "fc00:f853:0ccd:e799::/124", "h": "90s",
        ])
  }

  @Test(arguments: [
    ("64512:1", "\"64512:1\"\n"), ("65535:65281", "65535:65281\n"), ("1", "\"1\"\n"), ("true", "\"true\"\n"),
    ("y", "\"y\"\n"), ("", "\"\"\n"), ("no-export", "no-export\n"), ("fc00::/124", "fc00::/124\n"),
    (String(repeating: "long words ", count: 20) + "end", String(repeating: "long words ", count: 20) + "end\n"),
  ])
  func `texts are quoted where a reader of YAML 1-1 would take them for something else`(
    text: String, yaml: String
  ) throws {
    #expect(try JSONValue.string(text).yamlText() == yaml)
    #expect(try YAMLText.document(JSONValue.string(text).yamlText()) == .string(text))
  }

  @Test func `members are in the order of their names, lists as deep as their key`() throws {
    let value: JSONValue = ["b": [["y": 1, "x": [:]]], "a": []]
    #expect(try value.yamlText() == "a: []\nb:\n- x: {}\n  y: 1\n")
  }
}
