import KubernetesModel

/// Why a selector in a query cannot be read.
package struct SelectorError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(description: String) {
    self.description = description
  }
}

extension LabelSelector {
  /// Reads a selector as queries write it: `app=web,tier in (a,b),!old,rack,size>3`.
  package init(query: String) throws(SelectorError) {
    var parser = SelectorParser(query)
    self.init(matchExpressions: try parser.requirements())
  }
}

private struct SelectorParser {
  private enum Token: Equatable {
    case word(String)
    case symbol(String)
    case end
  }

  private let text: String
  private var tokens: [Token] = []
  private var position = 0

  init(_ text: String) {
    self.text = text
    var word = ""
    var rest = Substring(text)
    func flushed(_ tokens: [Token]) -> [Token] { word.isEmpty ? tokens : tokens + [.word(word)] }
    while let character = rest.popFirst() {
      switch character {
      case "=", "!", ",", "(", ")", "<", ">":
        self.tokens = flushed(self.tokens)
        word = ""
        if (character == "=" || character == "!") && rest.first == "=" {
          rest.removeFirst()
          self.tokens.append(.symbol("\(character)="))
        } else {
          self.tokens.append(.symbol(String(character)))
        }
      case " ", "\t", "\n":
        self.tokens = flushed(self.tokens)
        word = ""
      default: word.append(character)
      }
    }
    self.tokens = flushed(self.tokens)
  }

  private var next: Token { self.position < self.tokens.count ? self.tokens[self.position] : .end }

  private func failure(_ what: String) -> SelectorError {
    SelectorError(description: "unable to parse requirement: \(what)")
  }

  private func found() -> String {
    switch self.next {
    case .word(let word): "'\(word)'"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "''"
    }
  }

  mutating func requirements() throws(SelectorError) -> [LabelSelector.Requirement] {
    var requirements: [LabelSelector.Requirement] = []
    if self.next == .end { return requirements }
    if case .symbol(let symbol) = self.next, symbol != "!" {
      throw SelectorError(description: "found \(self.found()), expected: !, identifier, or 'end of string'")
    }
    while true {
      requirements.append(try self.requirement())
      switch self.next {
      case .end: return requirements
      case .symbol(","):
        self.position += 1
        guard case .word = self.next else {
          if self.next == .symbol("!") { continue }
          throw self.failure("found \(self.found()), expected: identifier after ','")
        }
      default: throw SelectorError(description: "found \(self.found()), expected: ',' or 'end of string'")
      }
    }
  }

  private mutating func requirement() throws(SelectorError) -> LabelSelector.Requirement {
    if self.next == .symbol("!") {
      self.position += 1
      return LabelSelector.Requirement(key: try self.key(), operator: "DoesNotExist")
    }
    let key = try self.key()
    switch self.next {
    case .end, .symbol(","): return LabelSelector.Requirement(key: key, operator: "Exists")
    case .symbol("="), .symbol("=="):
      self.position += 1
      return LabelSelector.Requirement(key: key, operator: "In", values: [try self.exactValue()])
    case .symbol("!="):
      self.position += 1
      return LabelSelector.Requirement(key: key, operator: "NotIn", values: [try self.exactValue()])
    case .word("in"):
      self.position += 1
      return LabelSelector.Requirement(key: key, operator: "In", values: try self.values())
    case .word("notin"):
      self.position += 1
      return LabelSelector.Requirement(key: key, operator: "NotIn", values: try self.values())
    default:
      throw self.failure("found \(self.found()), expected: in, notin, =, ==, !=, gt, lt")
    }
  }

  private mutating func key() throws(SelectorError) -> String {
    guard case .word(let key) = self.next else { throw self.failure("found \(self.found()), expected: identifier") }
    self.position += 1
    if let problem = NameRules.labelKeyProblem(key) {
      throw self.failure("key: Invalid value: \"\(key)\": \(problem)")
    }
    return key
  }

  /// What follows `=`; nothing is the empty value.
  private mutating func exactValue() throws(SelectorError) -> String {
    guard case .word(let value) = self.next else { return "" }
    self.position += 1
    return value
  }

  private mutating func values() throws(SelectorError) -> [String] {
    guard self.next == .symbol("(") else { throw self.failure("found \(self.found()) expected: '('") }
    self.position += 1
    var values: [String] = []
    while true {
      if case .word(let value) = self.next {
        values.append(value)
        self.position += 1
      } else {
        values.append("")
      }
      switch self.next {
      case .symbol(","): self.position += 1
      case .symbol(")"):
        self.position += 1
        return values
      default: throw self.failure("found \(self.found()), expected: ',' or ')'")
      }
    }
  }
}
