import Foundation
import Harness
import Testing

extension Everything.Aside.Tours {
  /// The documents: every command is run as printed, every link leads somewhere, the reference is that of this binary.
  ///
  /// How a document says what is run and what comes of it is told in `Scripts/documents.py`.
  @Suite(.serialized, .timeLimit(.minutes(4)))
  struct DocumentationTests {
    /// Documents with commands, those of the repository's front page included.
    static let documents = [
      "README.md", "Docs/concepts.md", "Docs/install.md", "Docs/migrate.md", "Docs/neighbours.md", "Docs/reference.md",
      "Docs/security.md", "Docs/troubleshooting.md",
    ]

    /// What a script prints, and how it ends, with the Python that has what the scripts import.
    private func script(_ name: String, _ arguments: String..., within limit: Duration = .seconds(60)) async throws
      -> Output
    {
      let environment = ["METALLB_BINARY": try Tool.metallb(), "TMPDIR": Workspace.current.directory.path]
      return try await run(
        [try Tool.cached("python/bin/python"), try Tool.script(name)] + arguments, environment: environment,
        directory: Tool.repository, within: limit)
    }

    @Test(arguments: documents)
    func `the commands of a document do what it says`(document: String) async throws {
      let output = try await self.script("run-docs", document, within: .seconds(200))
      #expect(output.code == 0, "\(output.out)\(output.error)")
      #expect(output.out.contains(" commands, 0 of them wrong"))
    }

    @Test func `every document with commands is run`() async throws {
      let files = FileManager.default.enumerator(atPath: Tool.repository.appendingPathComponent("Docs").path)
      let names = (files?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".md") }.map { "Docs/\($0)" }
      #expect(names.count > 20)
      for name in names where !Self.documents.contains(name) {
        let list = try await self.script("run-docs", "--list", name).expectSuccess()
        #expect(list.split(separator: "\n").allSatisfy { $0.contains(": not run: ") }, "\(name) has commands: \(list)")
      }
    }

    @Test(arguments: ["links", "commands", "reference"])
    func `documents and code agree`(part: String) async throws {
      let output = try await self.script("check-docs", part)
      #expect(output.code == 0, "\(output.out)\(output.error)")
    }

    /// A check that cannot fail proves nothing.
    @Test func `a document that is wrong is found out`() async throws {
      let right = try Workspace.current.file("right.md", "```console\n$ echo 192.0.2.1 7\n192.0.2.1 8\n```\n")
      #expect(try await self.script("run-docs", right).code == 0)
      for (name, text) in [
        ("another output", "```console\n$ echo 192.0.2.1\n192.0.2.2\n```\n"),
        ("a line more", "```console\n$ printf 'a\\nb\\n'\na\n```\n"),
        ("a line less", "```console\n$ echo a\na\nb\n```\n"),
        ("a failure", "```console\n$ false\n```\n"),
        ("no failure", "```console\n$ true   # exits with 1\n```\n"),
        ("a variable that is forgotten", "```console\n$ export A=1\n$ echo \"-$A-\"\n--\n```\n"),
        ("a hidden failure", "<!-- run: false -->\n"),
      ] {
        let wrong = try Workspace.current.file("wrong.md", text)
        #expect(try await self.script("run-docs", wrong).code == 1, "\(name)")
      }
    }
  }
}
