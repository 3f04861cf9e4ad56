import Layer2
import Testing

@testable import Speaker

@Suite struct ExclusionFileTests {
  private func excluded(_ text: String, among names: [String]) throws -> Set<String> {
    try ExclusionFile.parse(text, path: "excludel2.yaml").excluded(among: names)
  }

  @Test func `the list of the manifests is understood`() throws {
    let text = #"announcedInterfacesToExclude: ["^docker.*", "^cali.*", "^lo$"]"#
    #expect(try self.excluded(text, among: ["docker0", "cali1", "lo", "eth0", "lo2"]) == ["docker0", "cali1", "lo"])
  }

  @Test(arguments: ["", "{}", "announcedInterfacesToExclude:\n", "announcedInterfacesToExclude: []", "other: 1"])
  func `a file that lists nothing excludes nothing`(text: String) throws {
    #expect(try self.excluded(text, among: ["eth0", "veth0"]).isEmpty)
  }

  @Test func `without a file nothing is excluded`() throws {
    #expect(try ExclusionFile.read("/nonexistent/excludel2.yaml") == .none)
  }

  @Test func `a pattern that is no regular expression is named`() throws {
    let failure = #expect(throws: ExclusionFile.Failure.self) {
      try self.excluded("announcedInterfacesToExclude: [\"^eth0$\", \"(\"]", among: [])
    }
    let text = try #require(failure).description
    #expect(text.hasPrefix("excludel2.yaml: announcedInterfacesToExclude: \"(\" is not a regular expression"))
  }

  @Test(arguments: ["announcedInterfacesToExclude: 1", "announcedInterfacesToExclude: {a: b}", "a: [b", "- x"])
  func `a file of another shape is refused with its name`(text: String) throws {
    let failure = #expect(throws: ExclusionFile.Failure.self) { try self.excluded(text, among: []) }
    let sentence = try #require(failure).description
    #expect(sentence.hasPrefix("excludel2.yaml must hold a list of regular expressions under"))
  }
}
