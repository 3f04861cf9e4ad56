import KubernetesModel

/// All Community objects of the cluster, resolved into what each alias stands for.
///
/// Each object stands alone: one that is not valid keeps its last good form or is left out, and of two that name the same
/// alias the older one has it.
package struct CommunityDirectory: Sendable, Equatable {
  private var objects = ObjectTable<CommunityAliasList>()
  /// The form of each object that is in force.
  private var inForce: [ObjectKey: CommunityAliasList] = [:]
  private var conflicts: [Problem] = []
  /// What the aliases in force stand for.
  package private(set) var values: [String: CommunityValue] = [:]

  package init() {}

  package init(_ objects: some Sequence<CommunityAliases>) {
    for object in objects { _ = self.objects.apply(.applied(object)) }
    self.resolve()
  }

  /// What a text in an advertisement means. An alias may look like a community; then it is the alias (contract
  /// section 6).
  package func value(of text: String) throws(CommunityValue.Failure) -> CommunityValue {
    if let value = self.values[text] { return value }
    return try CommunityValue.parse(text)
  }

  /// Takes one change of an object into account, and returns whether any alias means something else now.
  package mutating func apply(_ change: ObjectChange<CommunityAliases>) -> Bool {
    guard self.objects.apply(change) != nil else { return false }
    let before = self.values
    self.resolve()
    return before != self.values
  }

  package var problems: [Problem] {
    (self.objects.keys.flatMap { self.objects[$0]?.problems ?? [] } + self.conflicts).sorted(by: Problem.precedes)
  }

  private mutating func resolve() {
    self.values = [:]
    self.conflicts = []
    let former = self.inForce
    self.inForce = [:]
    for key in self.objects.byAge {
      guard let entry = self.objects[key] else { continue }
      var forms = [entry.reading, former[key]].compactMap(\.self)
      if let reading = entry.reading {
        let taken = reading.entries.enumerated().filter { self.values[$1.name] != nil }
        self.conflicts += taken.map { CommunityAliasList.duplicate($1.name, at: $0, of: key) }
      }
      forms.removeAll { form in form.entries.contains { self.values[$0.name] != nil } }
      guard let form = forms.first else { continue }
      self.inForce[key] = form
      for entry in form.entries { self.values[entry.name] = entry.value }
    }
  }
}

/// The aliases of one Community object.
struct CommunityAliasList: Sendable, Hashable {
  struct Entry: Sendable, Hashable {
    var name: String
    var value: CommunityValue
  }

  var entries: [Entry]

  static func duplicate(_ name: String, at index: Int, of key: ObjectKey) -> Problem {
    Problem(
      kind: CommunityAliases.type.kind, key: key, field: "spec.communities[\(index)].name",
      message: "duplicate definition of community \(GoText.quoted(name))",
      remedy: "Give one of the two another name.")
  }
}

extension CommunityAliasList: ObjectReading {
  static func read(_ object: CommunityAliases) -> (reading: Self?, problems: [Problem]) {
    var problems: [Problem] = []
    var entries: [Entry] = []
    for (index, alias) in (object.spec?.communities ?? []).enumerated() {
      let name = alias.name ?? ""
      if entries.contains(where: { $0.name == name }) {
        problems.append(Self.duplicate(name, at: index, of: object.key))
      }
      do throws(CommunityValue.Failure) {
        entries.append(Entry(name: name, value: try CommunityValue.parse(alias.value ?? "")))
      } catch {
        problems.append(
          Problem(
            kind: CommunityAliases.type.kind, key: object.key, field: "spec.communities[\(index)].value",
            message: "parsing community \(GoText.quoted(name)): \(error)",
            remedy: "Write a community such as 64512:100 or large:64512:1:2."))
      }
    }
    return (problems.isEmpty ? Self(entries: entries) : nil, problems)
  }
}
