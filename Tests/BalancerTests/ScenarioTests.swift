import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@testable import Balancer

/// The stories in the text files beside this file, played line by line.
@Suite struct ScenarioTests {
  static var folder: String { String(#filePath.dropLast("Tests.swift".count)) + "s" }

  @Test(arguments: [
    "adoption", "first-steps", "requests", "pool-changes", "waiting", "conflicts", "swap", "sharing", "dual-stack",
    "classes",
    "events", "advertisements", "pool-status", "namespaces", "invalid-pools", "leadership",
  ])
  func `the controller does what the story says`(story: String) throws {
    let text = try String(contentsOfFile: "\(Self.folder)/\(story).txt", encoding: .utf8)
    let scenario = try Scenario(text)
    try #require(!scenario.steps.isEmpty)
    for (played, expected) in zip(try scenario.played(), scenario.steps) {
      #expect(played == expected, "\(story).txt:\(expected.line)")
    }
  }

  @Test func `every story in the folder is played`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".txt") }
    #expect(files.count == 16)
  }
}
