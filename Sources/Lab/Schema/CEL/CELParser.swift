/// A recursive descent parser; each method is one level of precedence, the weakest first.
struct CELParser {
  private var tokens: [CELToken]
  private var position = 0
  private var depth = 0
  /// The free names met so far.
  private(set) var variables: Set<String> = []

  init(_ tokens: [CELToken]) {
    self.tokens = tokens
  }

  private var current: CELToken { self.tokens[self.position] }

  mutating func expectEnd() throws(CELError) {
    guard self.current.kind == .end else { throw self.unexpected() }
  }

  mutating func expression() throws(CELError) -> CELExpression.Node {
    self.depth += 1
    defer { self.depth -= 1 }
    guard self.depth < 100 else { throw .tooComplex }
    let condition = try self.disjunction()
    guard self.take("?") else { return condition }
    let whenTrue = try self.disjunction()
    try self.expect(":")
    return .conditional(condition, whenTrue, try self.expression())
  }

  private mutating func disjunction() throws(CELError) -> CELExpression.Node {
    var left = try self.conjunction()
    while self.take("||") { left = .or(left, try self.conjunction()) }
    return left
  }

  private mutating func conjunction() throws(CELError) -> CELExpression.Node {
    var left = try self.relation()
    while self.take("&&") { left = .and(left, try self.relation()) }
    return left
  }

  private mutating func relation() throws(CELError) -> CELExpression.Node {
    var left = try self.sum()
    while let found = self.takeOperator(["==", "!=", "<", "<=", ">", ">=", "in"]) {
      left = .binary(found, left, try self.sum())
    }
    return left
  }

  private mutating func sum() throws(CELError) -> CELExpression.Node {
    var left = try self.product()
    while let found = self.takeOperator(["+", "-"]) { left = .binary(found, left, try self.product()) }
    return left
  }

  private mutating func product() throws(CELError) -> CELExpression.Node {
    var left = try self.unary()
    while let found = self.takeOperator(["*", "/", "%"]) { left = .binary(found, left, try self.unary()) }
    return left
  }

  private mutating func unary() throws(CELError) -> CELExpression.Node {
    var isNegated = false
    var isMinus = false
    if self.current.kind == .symbol("!") {
      while self.take("!") { isNegated.toggle() }
      let operand = try self.postfix()
      return isNegated ? .not(operand) : .not(.not(operand))
    }
    guard self.current.kind == .symbol("-") else { return try self.postfix() }
    while self.take("-") { isMinus.toggle() }
    let operand = try self.postfix()
    return isMinus ? .negate(operand) : operand
  }

  private mutating func postfix() throws(CELError) -> CELExpression.Node {
    var node = try self.primary()
    while true {
      if self.take(".") {
        guard case .identifier(let name) = self.current.kind else { throw self.unexpected() }
        self.position += 1
        node = self.take("(") ? try self.method(name, of: node) : .member(node, Self.unescaped(name))
      } else if self.take("[") {
        node = .index(node, try self.expression())
        try self.expect("]")
      } else {
        return node
      }
    }
  }

  /// Names that are words of the language are escaped in rules: `self.__namespace__`.
  private static func unescaped(_ name: String) -> String {
    guard name.contains("__") else { return name }
    if name.hasPrefix("__"), name.hasSuffix("__"), name.count > 4 { return String(name.dropFirst(2).dropLast(2)) }
    var result = ""
    var rest = name[...]
    let escapes = ["__underscores__": "__", "__dot__": ".", "__dash__": "-", "__slash__": "/"]
    while !rest.isEmpty {
      if let (escape, text) = escapes.first(where: { rest.hasPrefix($0.key) }) {
        result += text
        rest = rest.dropFirst(escape.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }

  private mutating func method(
    _ name: String, of target: CELExpression.Node
  ) throws(CELError) -> CELExpression.Node {
    guard let comprehension = CELExpression.Comprehension(rawValue: name) else {
      return .call(name, target: target, arguments: try self.list(until: ")"))
    }
    guard case .identifier(let variable) = self.current.kind else { throw self.unexpected() }
    self.position += 1
    try self.expect(",")
    let body = try self.expression()
    try self.expect(")")
    return .comprehension(comprehension, over: target, variable: variable, body)
  }

  private mutating func primary() throws(CELError) -> CELExpression.Node {
    let token = self.current
    switch token.kind {
    case .literal(let value):
      self.position += 1
      return .literal(value)
    case .identifier(let name):
      self.position += 1
      guard self.take("(") else {
        self.variables.insert(name)
        return .variable(name)
      }
      let arguments = try self.list(until: ")")
      guard name == "has" else { return .call(name, target: nil, arguments: arguments) }
      guard arguments.count == 1, case .member(let target, let member) = arguments[0] else {
        throw .syntax("invalid argument to has() macro", at: token.offset)
      }
      return .has(target, member)
    case .symbol("("):
      self.position += 1
      let inner = try self.expression()
      try self.expect(")")
      return inner
    case .symbol("["):
      self.position += 1
      return .list(try self.list(until: "]"))
    case .symbol("{"):
      self.position += 1
      return .map(try self.entries())
    case .symbol, .end:
      throw self.unexpected()
    }
  }

  private mutating func list(until end: String) throws(CELError) -> [CELExpression.Node] {
    var nodes: [CELExpression.Node] = []
    while !self.take(end) {
      if !nodes.isEmpty { try self.expect(",") }
      nodes.append(try self.expression())
    }
    return nodes
  }

  private mutating func entries() throws(CELError) -> [CELExpression.Entry] {
    var entries: [CELExpression.Entry] = []
    while !self.take("}") {
      if !entries.isEmpty { try self.expect(",") }
      let key = try self.expression()
      try self.expect(":")
      entries.append(CELExpression.Entry(key: key, value: try self.expression()))
    }
    return entries
  }

  private mutating func takeOperator(_ symbols: [String]) -> CELExpression.Operator? {
    guard case .symbol(let symbol) = self.current.kind, symbols.contains(symbol) else { return nil }
    self.position += 1
    return CELExpression.Operator(rawValue: symbol)
  }

  private mutating func take(_ symbol: String) -> Bool {
    guard self.current.kind == .symbol(symbol) else { return false }
    self.position += 1
    return true
  }

  private mutating func expect(_ symbol: String) throws(CELError) {
    guard self.take(symbol) else { throw self.unexpected() }
  }

  private func unexpected() -> CELError {
    switch self.current.kind {
    case .end: .syntax("Syntax error: unexpected end", at: self.current.offset)
    case .symbol(let symbol): .syntax("Syntax error: unexpected '\(symbol)'", at: self.current.offset)
    case .identifier(let name): .syntax("Syntax error: unexpected '\(name)'", at: self.current.offset)
    case .literal(let value): .syntax("Syntax error: unexpected '\(value.text)'", at: self.current.offset)
    }
  }
}
