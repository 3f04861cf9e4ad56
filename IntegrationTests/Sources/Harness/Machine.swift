import Foundation

/// What programs under test could leave on a machine: processes, network namespaces, links, nftables tables, files.
package enum Machine {
  package static func look() async throws -> Set<String> {
    var found = Set(self.processes())
    for (kind, command) in [
      ("namespace", ["ip", "netns", "list"]),
      ("link", ["ip", "-brief", "link", "show"]),
      ("table", ["nft", "list", "tables"]),
    ] {
      let lines = try await run(command).expectSuccess().split(separator: "\n")
      for line in lines {
        // The first word names it; a link's state and a namespace's number may change.
        let name = kind == "table" ? String(line) : String(line.prefix { $0 != " " && $0 != "@" })
        found.insert("\(kind) \(name)")
      }
    }
    for directory in ["/tmp", "/var/tmp", "/run", "/var/lib", "/dev/shm", "/run/netns", "/etc/netns"] {
      for file in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
        let name = file.lowercased()
        guard name.contains("metallb") || name.contains("lab") else { continue }
        let path = "\(directory)/\(file)"
        if path != Workspace.current.directory.path { found.insert("file \(path)") }
      }
    }
    return found
  }

  /// What a demo could leave that tells of it by its name, while other labs, API servers and networks come and go beside it.
  package static func lookForDemos() async throws -> Set<String> {
    let directories = (try? FileManager.default.contentsOfDirectory(atPath: "/run/metallb-lab")) ?? []
    return try await self.look().union(directories.map { "file /run/metallb-lab/\($0)" }).filter { thing in
      thing.contains("metallb.demo-") || thing.contains("/metallb-lab/demo-") || thing.contains("metallb lab demo")
    }
  }

  /// Processes that run the binary under test, or anything with a file of this test run among its arguments.
  private static func processes() -> [String] {
    let files = FileManager.default
    let binary = (try? Tool.metallb()).map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    return ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { name in
      guard let identifier = pid_t(name), identifier != getpid() else { return nil }
      guard let data = files.contents(atPath: "/proc/\(name)/cmdline"), !data.isEmpty else { return nil }
      let line = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
      let program = try? files.destinationOfSymbolicLink(atPath: "/proc/\(name)/exe")
      let isOurs = (binary != nil && program == binary) || line.contains(Workspace.current.directory.path)
      return isOurs ? "process \(identifier) \(line.prefix(200))" : nil
    }
  }
}
