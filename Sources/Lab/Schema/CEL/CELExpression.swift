/// An expression in the Common Expression Language, in the part of it that validation rules of CRDs use: literals,
/// members, indexes, operators, `has`, `all`, `exists`, `exists_one`, `filter`, `map`, and functions on strings, lists
/// and durations.
package struct CELExpression: Sendable, Hashable {
  indirect enum Node: Sendable, Hashable {
    case literal(CELValue)
    case variable(String)
    case member(Node, String)
    case index(Node, Node)
    case list([Node])
    case map([Entry])
    case not(Node)
    case negate(Node)
    case binary(Operator, Node, Node)
    case and(Node, Node)
    case or(Node, Node)
    case conditional(Node, Node, Node)
    /// `has(a.b)`.
    case has(Node, String)
    case call(String, target: Node?, arguments: [Node])
    case comprehension(Comprehension, over: Node, variable: String, Node)
  }

  struct Entry: Sendable, Hashable {
    var key: Node
    var value: Node
  }

  enum Operator: String, Sendable, Hashable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case contained = "in"
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
  }

  enum Comprehension: String, Sendable, Hashable {
    case all, exists, filter, map
    case existsOne = "exists_one"
  }

  let root: Node
  /// The rule compares with the stored object.
  package let usesOldSelf: Bool

  package init(_ text: String) throws(CELError) {
    var parser = CELParser(try CELTokenizer.tokens(of: text))
    self.root = try parser.expression()
    self.usesOldSelf = parser.variables.contains("oldSelf")
    try parser.expectEnd()
  }

  package func evaluate(_ variables: [String: CELValue]) throws(CELError) -> CELValue {
    var evaluator = CELEvaluator()
    return try evaluator.value(of: self.root, in: variables)
  }
}
