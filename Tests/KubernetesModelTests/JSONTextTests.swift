import KubernetesModel
import Primitives
import Testing

@Suite struct JSONTextTests {
  private func read(_ text: String) throws(JSONSyntaxError) -> JSONValue {
    try JSONValue(json: Array(text.utf8))
  }

  private func written(_ value: JSONValue) -> String { String(decoding: value.jsonText, as: UTF8.self) }

  @Test(arguments: [
    #"{"a":[1,-2,1.5,true,false,null,"x"],"b":{"c":{},"d":[]},"e":9007199254740993}"#,
    #"["\"\\\n\t","é","€","😀",""]"#, "0", "-1", "\"\"", "[]", "{}", "null",
  ])
  func `a document reads and writes unchanged, members in order of their names`(text: String) throws {
    #expect(self.written(try self.read(text)) == text)
  }

  @Test func `escapes stand for the characters they name`() throws {
    #expect(try self.read(#""\u00e9\ud83d\ude00\/\b\f""#) == .string("é😀/\u{8}\u{C}"))
    #expect(try self.read(" [ 1 ,\n2\t] ") == [1, 2])
    #expect(try self.read(#"{"a":1,"a":2}"#) == ["a": 2])
  }

  @Test(arguments: [
    "", " ", "{", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "tru", "nulll", "\"x", "1 2", "{bad", "[1]]", "'x'",
  ])
  func `what is not JSON is refused`(text: String) {
    #expect(throws: JSONSyntaxError.self) { try self.read(text) }
  }

  @Test func `every part of a document that ends too early is refused`() throws {
    let text = Array(#"{"a":[1,-2.5e3,true,null,"x\n"],"b":{"c":""}}"#.utf8)
    for length in 0..<text.count {
      #expect(throws: JSONSyntaxError.self) { try JSONValue(json: text[..<length]) }
    }
  }

  @Test func `a document that nests without end is refused and crashes nothing`() {
    #expect(throws: JSONSyntaxError.tooDeep) { try self.read(String(repeating: "[", count: 200_000)) }
  }
}
