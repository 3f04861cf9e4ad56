import KubernetesModel

/// A path to values in a document, in the subset of JSONPath that printer columns and webhooks use:
/// `.spec.addresses[0]`, `.metadata.labels['a.b/c']`, `.status.conditions[?(@.type=="Ready")].status`, `[*]`.
package struct JSONPath: Sendable, Hashable {
  package enum Step: Sendable, Hashable {
    case member(String)
    case index(Int)
    case all
    case filter(path: [Step], isEqual: Bool, value: JSONValue)
  }

  package let steps: [Step]

  package init?(_ text: String) {
    var parser = Parser(text)
    guard let steps = parser.steps(), parser.isAtEnd else { return nil }
    self.steps = steps
  }

  package func values(in document: JSONValue) -> [JSONValue] {
    Self.values(of: self.steps[...], in: document)
  }

  private static func values(of steps: ArraySlice<Step>, in value: JSONValue) -> [JSONValue] {
    guard let step = steps.first else { return [value] }
    let rest = steps.dropFirst()
    switch (step, value) {
    case (.member(let name), .object(let members)):
      return members[name].map { self.values(of: rest, in: $0) } ?? []
    case (.index(let index), .array(let elements)):
      let position = index < 0 ? elements.count + index : index
      return elements.indices.contains(position) ? self.values(of: rest, in: elements[position]) : []
    case (.all, .array(let elements)):
      return elements.flatMap { self.values(of: rest, in: $0) }
    case (.all, .object(let members)):
      return members.sorted { $0.key < $1.key }.flatMap { self.values(of: rest, in: $0.value) }
    case (.filter(let path, let isEqual, let expected), .array(let elements)):
      return elements.filter { element in
        self.values(of: path[...], in: element).first.map { ($0 == expected) == isEqual } ?? false
      }.flatMap { self.values(of: rest, in: $0) }
    default:
      return []
    }
  }

  private struct Parser {
    var rest: Substring

    init(_ text: String) {
      self.rest = text[...]
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    mutating func steps() -> [Step]? {
      var steps: [Step] = []
      while let character = self.rest.first {
        if character == "." {
          self.rest.removeFirst()
          if self.rest.isEmpty && steps.isEmpty { return [] }
          if self.rest.first == "[" { continue }
          guard let name = self.name() else { return nil }
          steps.append(name == "*" ? .all : .member(name))
        } else if character == "[" {
          guard let step = self.bracket() else { return nil }
          steps.append(step)
        } else {
          return steps
        }
      }
      return steps
    }

    private mutating func name() -> String? {
      var name = ""
      while let character = self.rest.first, !".[]=!)( ".contains(character) {
        self.rest.removeFirst()
        if character == "\\", let escaped = self.rest.popFirst() {
          name.append(escaped)
        } else {
          name.append(character)
        }
      }
      return name.isEmpty ? nil : name
    }

    private mutating func bracket() -> Step? {
      self.rest.removeFirst()
      let step: Step
      if self.skip("*") {
        step = .all
      } else if self.skip("?(@") {
        guard let filter = self.filter() else { return nil }
        step = filter
      } else if let quoted = self.quoted() {
        step = .member(quoted)
      } else {
        let digits = self.rest.prefix { $0 == "-" || $0.isNumber }
        guard let index = Int(digits) else { return nil }
        self.rest = self.rest.dropFirst(digits.count)
        step = .index(index)
      }
      return self.skip("]") ? step : nil
    }

    private mutating func filter() -> Step? {
      guard let path = self.steps() else { return nil }
      self.skipSpaces()
      let isEqual = self.skip("==")
      guard isEqual || self.skip("!=") else { return nil }
      self.skipSpaces()
      let value: JSONValue
      if let text = self.quoted() {
        value = .string(text)
      } else {
        let word = self.rest.prefix { !") ]".contains($0) }
        self.rest = self.rest.dropFirst(word.count)
        switch word {
        case "true": value = true
        case "false": value = false
        default:
          guard let number = Int64(word) else { return nil }
          value = .integer(number)
        }
      }
      self.skipSpaces()
      return self.skip(")") ? .filter(path: path, isEqual: isEqual, value: value) : nil
    }

    private mutating func quoted() -> String? {
      guard let quote = self.rest.first, quote == "'" || quote == "\"",
        let end = self.rest.dropFirst().firstIndex(of: quote)
      else { return nil }
      let text = self.rest[self.rest.index(after: self.rest.startIndex)..<end]
      self.rest = self.rest[self.rest.index(after: end)...]
      return String(text)
    }

    private mutating func skip(_ text: String) -> Bool {
      guard self.rest.hasPrefix(text) else { return false }
      self.rest = self.rest.dropFirst(text.count)
      return true
    }

    private mutating func skipSpaces() {
      self.rest = self.rest.drop { $0 == " " }
    }
  }
}
