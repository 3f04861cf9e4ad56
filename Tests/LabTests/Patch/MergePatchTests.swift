import KubernetesModel
import Testing

@testable import Lab

@Suite struct MergePatchTests {
  @Test func `null removes a member and objects merge`() {
    let labels: JSONValue = ["metadata": ["labels": ["a": "1"], "name": "p"]]
    #expect(
      MergePatch.apply(["metadata": ["labels": ["b": "2", "a": nil]]], to: labels)
        == ["metadata": ["labels": ["b": "2"], "name": "p"]])
  }

  @Test func `lists are replaced whole`() {
    let service: JSONValue = ["spec": ["ports": [["port": 80], ["port": 443]]]]
    #expect(MergePatch.apply(["spec": ["ports": [["port": 81]]]], to: service) == ["spec": ["ports": [["port": 81]]]])
  }

  /// The examples of RFC 7386, appendix A.
  @Test(arguments: [
    (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
    (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
    (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
    (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
    (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
    (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
    (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
    (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
    (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
    (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
  ])
  func `the RFC's own examples come out as printed`(target: String, patch: String, result: String) throws {
    #expect(
      MergePatch.apply(try JSONValue(parsing: patch), to: try JSONValue(parsing: target))
        == (try JSONValue(parsing: result)))
  }
}
