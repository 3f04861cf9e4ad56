import KubernetesModel

/// The judgement on a configuration, for people and for machines (`metallb check`).
package struct CheckReport: Sendable, Equatable {
  package var problems: [Problem]
  /// How many objects were looked at.
  package var count: Int
  /// Where objects stand, if they are from files.
  package var places: [ManifestReading.Identity: String]
  /// Objects of other kinds, by kind.
  package var passedOver: [String: Int]

  package init(
    problems: [Problem], count: Int, places: [ManifestReading.Identity: String] = [:], passedOver: [String: Int] = [:]
  ) {
    self.problems = problems
    self.count = count
    self.places = places
    self.passedOver = passedOver
  }

  /// The report on files.
  package init(_ reading: ManifestReading) {
    var objects = reading.objects
    var problems = reading.problems
    if let legacy = reading.legacy {
      problems += [legacy.contentProblem].compactMap { $0 }
      if let conversion = legacy.conversion(naming: .asWritten, namespace: legacy.key.namespace) {
        problems += conversion.problems(of: legacy.key)
        objects = objects.filled(from: conversion)
      }
    }
    // What the ConfigMap is wrong in has been told of it already.
    let others = ConfigurationCheck.problems(in: objects).filter { problem in
      reading.places[ManifestReading.Identity(kind: problem.kind, key: problem.key)] != nil
    }
    self.init(
      problems: problems + others, count: reading.count, places: reading.places, passedOver: reading.passedOver)
  }

  /// The report on the configuration of a cluster as it is in force, and on the old ConfigMap.
  package init(of objects: ConfigurationObjects, legacy: LegacyConfigMap?) {
    var problems = ConfigurationCheck.problems(in: objects)
    if let legacy {
      problems += [legacy.contentProblem].compactMap { $0 }
      problems += legacy.conversion(naming: .asWritten, namespace: legacy.key.namespace)?.problems(of: legacy.key) ?? []
    }
    let counts = [
      objects.pools?.count, objects.l2Advertisements?.count, objects.bgpAdvertisements?.count, objects.bgpPeers?.count,
      objects.bfdProfiles?.count, objects.communities?.count, objects.malformed.count,
    ]
    self.init(problems: problems, count: counts.reduce(0) { $0 + ($1 ?? 0) })
  }

  /// Whether nothing is wrong; with `strict`, nothing may even be a warning.
  package func isValid(strict: Bool) -> Bool {
    strict ? self.problems.isEmpty : !self.problems.contains { $0.severity == .invalid }
  }

  /// The objects that have problems, each once.
  package var names: [String] {
    var seen: Set<String> = []
    return self.problems.map { "\($0.kind)/\($0.key)" }.filter { seen.insert($0).inserted }
  }

  // MARK: For people

  package func lines(colours: Bool, width: Int = 80) -> [String] {
    var lines: [String] = []
    var seen: Set<ManifestReading.Identity> = []
    for problem in self.problems {
      let identity = ManifestReading.Identity(kind: problem.kind, key: problem.key)
      guard seen.insert(identity).inserted else { continue }
      let place = self.places[identity].map { "  (\($0))" } ?? ""
      lines.append(Styled("\(problem.kind) \(problem.key)", .heading).rendered(colours: colours) + place)
      for other in self.problems where other.kind == problem.kind && other.key == problem.key {
        lines += Self.lines(of: other, colours: colours, width: width)
      }
      lines.append("")
    }
    return lines + [self.summary(colours: colours)] + self.remark
  }

  private static func lines(of problem: Problem, colours: Bool, width: Int) -> [String] {
    let (word, style): (String, Styled.Style) =
      switch problem.severity {
      case .invalid: ("invalid", .bad)
      case .unresolved: ("unresolved", .warning)
      case .warning: ("warning", .warning)
      }
    let field = problem.field.isEmpty ? "" : "  \(problem.field)"
    return ["  " + Styled(word, style).rendered(colours: colours) + field]
      + TextLayout.paragraph(problem.message, indent: 4, width: width)
      + TextLayout.paragraph(problem.remedy, indent: 4, mark: "→ ", width: width)
  }

  private func summary(colours: Bool) -> String {
    let objects = "\(self.count) object\(self.count == 1 ? "" : "s")"
    guard !self.problems.isEmpty else { return Styled("\(objects), all valid.", .good).rendered(colours: colours) }
    let invalid = self.problems.count { $0.severity == .invalid }
    let others = self.problems.count - invalid
    let parts = [
      invalid > 0 ? "\(invalid) error\(invalid == 1 ? "" : "s")" : nil,
      others > 0 ? "\(others) warning\(others == 1 ? "" : "s")" : nil,
    ].compactMap { $0 }
    return Styled("\(objects), \(parts.joined(separator: ", ")).", invalid > 0 ? .bad : .warning)
      .rendered(colours: colours)
  }

  private var remark: [String] {
    guard !self.passedOver.isEmpty else { return [] }
    let kinds = self.passedOver.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return TextLayout.paragraph("Not looked at: \(kinds.joined(separator: ", ")).", indent: 0)
  }

  // MARK: For machines

  package func json(strict: Bool) -> JSONValue {
    [
      "valid": .bool(self.isValid(strict: strict)), "objects": .integer(Int64(self.count)),
      "problems": .array(
        self.problems.map { problem in
          var value = problem.json
          value["file"] = self.places[ManifestReading.Identity(kind: problem.kind, key: problem.key)].map {
            .string($0)
          }
          return value
        }),
    ]
  }
}

extension Problem {
  /// All of it as members, for machines.
  package var json: JSONValue {
    [
      "severity": .string(self.severity.rawValue), "kind": .string(self.kind),
      "namespace": .string(self.key.namespace), "name": .string(self.key.name), "field": .string(self.field),
      "message": .string(self.message), "remedy": .string(self.remedy),
    ]
  }
}
