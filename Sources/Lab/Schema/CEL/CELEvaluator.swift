/// Works out the value of an expression, with a bound on the number of steps.
struct CELEvaluator {
  private static let maximumSteps = 1_000_000
  private var steps = 0

  mutating func value(
    of node: CELExpression.Node, in variables: [String: CELValue]
  ) throws(CELError) -> CELValue {
    self.steps += 1
    guard self.steps <= Self.maximumSteps else { throw .tooComplex }
    switch node {
    case .literal(let value): return value
    case .variable(let name):
      guard let value = variables[name] else { throw .noSuchVariable(name) }
      return value
    case .member(let target, let name):
      guard case .map(let members) = try self.value(of: target, in: variables) else {
        throw .noSuchOverload("select \(name)")
      }
      guard let member = members[name] else { throw .noSuchKey(name) }
      return member
    case .index(let target, let index):
      return try self.element(try self.value(of: target, in: variables), try self.value(of: index, in: variables))
    case .list(let nodes):
      var elements: [CELValue] = []
      for node in nodes { elements.append(try self.value(of: node, in: variables)) }
      return .list(elements)
    case .map(let entries):
      var members: [String: CELValue] = [:]
      for entry in entries {
        guard case .string(let key) = try self.value(of: entry.key, in: variables) else {
          throw .noSuchOverload("map key")
        }
        members[key] = try self.value(of: entry.value, in: variables)
      }
      return .map(members)
    case .not(let operand): return .bool(!(try self.bool(operand, in: variables)))
    case .negate(let operand):
      switch try self.value(of: operand, in: variables) {
      case .int(let integer) where integer != .min: return .int(-integer)
      case .double(let number): return .double(-number)
      default: throw .noSuchOverload("-")
      }
    case .binary(let operation, let left, let right):
      return try Self.apply(
        operation, try self.value(of: left, in: variables), try self.value(of: right, in: variables))
    case .and(let left, let right): return try self.junction(left, right, decisive: false, in: variables)
    case .or(let left, let right): return try self.junction(left, right, decisive: true, in: variables)
    case .conditional(let condition, let whenTrue, let whenFalse):
      return try self.value(of: try self.bool(condition, in: variables) ? whenTrue : whenFalse, in: variables)
    case .has(let target, let name):
      guard case .map(let members) = try self.value(of: target, in: variables) else { throw .noSuchOverload("has") }
      return .bool(members[name] != nil)
    case .call(let name, let target, let arguments):
      var values: [CELValue] = []
      if let target { values.append(try self.value(of: target, in: variables)) }
      for argument in arguments { values.append(try self.value(of: argument, in: variables)) }
      return try CELFunctions.call(name, isMethod: target != nil, values)
    case .comprehension(let kind, let target, let variable, let body):
      return try self.comprehension(
        kind, over: try self.value(of: target, in: variables), variable, body, in: variables)
    }
  }

  private mutating func bool(
    _ node: CELExpression.Node, in variables: [String: CELValue]
  ) throws(CELError) -> Bool {
    guard case .bool(let bool) = try self.value(of: node, in: variables) else { throw .noSuchOverload("bool") }
    return bool
  }

  /// `&&` and `||`: a side that decides alone makes an error of the other side irrelevant.
  private mutating func junction(
    _ left: CELExpression.Node, _ right: CELExpression.Node, decisive: Bool, in variables: [String: CELValue]
  ) throws(CELError) -> CELValue {
    let leftError: CELError?
    do throws(CELError) {
      if try self.bool(left, in: variables) == decisive { return .bool(decisive) }
      leftError = nil
    } catch {
      leftError = error
    }
    let rightValue = try self.bool(right, in: variables)
    if rightValue == decisive { return .bool(decisive) }
    if let leftError { throw leftError }
    return .bool(!decisive)
  }

  private mutating func comprehension(
    _ kind: CELExpression.Comprehension, over target: CELValue, _ variable: String, _ body: CELExpression.Node,
    in variables: [String: CELValue]
  ) throws(CELError) -> CELValue {
    let elements: [CELValue]
    switch target {
    case .list(let list): elements = list
    case .map(let members): elements = members.keys.sorted().map(CELValue.string)
    default: throw .noSuchOverload(kind.rawValue)
    }
    var inner = variables
    var kept: [CELValue] = []
    for element in elements {
      inner[variable] = element
      if kind == .map {
        kept.append(try self.value(of: body, in: inner))
      } else if try self.bool(body, in: inner) {
        kept.append(element)
      }
    }
    switch kind {
    case .all: return .bool(kept.count == elements.count)
    case .exists: return .bool(!kept.isEmpty)
    case .existsOne: return .bool(kept.count == 1)
    case .filter, .map: return .list(kept)
    }
  }

  private func element(_ target: CELValue, _ index: CELValue) throws(CELError) -> CELValue {
    switch (target, index) {
    case (.list(let elements), .int(let index)):
      guard let position = Int(exactly: index), elements.indices.contains(position) else { throw .outOfRange }
      return elements[position]
    case (.map(let members), .string(let key)):
      guard let member = members[key] else { throw .noSuchKey(key) }
      return member
    default: throw .noSuchOverload("[]")
    }
  }

  private static func apply(
    _ operation: CELExpression.Operator, _ left: CELValue, _ right: CELValue
  ) throws(CELError) -> CELValue {
    func order(_ left: CELValue, _ right: CELValue) throws(CELError) -> Bool {
      guard let result = left.precedes(right) else { throw .noSuchOverload(operation.rawValue) }
      return result
    }
    switch operation {
    case .equal: return .bool(left.equals(right))
    case .notEqual: return .bool(!left.equals(right))
    case .less: return .bool(try order(left, right))
    case .greater: return .bool(try order(right, left))
    case .lessOrEqual: return .bool(try order(left, right) || left.equals(right))
    case .greaterOrEqual: return .bool(try order(right, left) || left.equals(right))
    case .contained:
      switch (left, right) {
      case (_, .list(let elements)): return .bool(elements.contains { $0.equals(left) })
      case (.string(let key), .map(let members)): return .bool(members[key] != nil)
      default: throw .noSuchOverload("in")
      }
    case .add, .subtract, .multiply, .divide, .remainder:
      return try self.arithmetic(operation, left, right)
    }
  }

  private static func arithmetic(
    _ operation: CELExpression.Operator, _ left: CELValue, _ right: CELValue
  ) throws(CELError) -> CELValue {
    switch (operation, left, right) {
    case (.add, .string(let left), .string(let right)): return .string(left + right)
    case (.add, .list(let left), .list(let right)): return .list(left + right)
    case (_, .int(let left), .int(let right)):
      let (value, overflows) =
        switch operation {
        case .add: left.addingReportingOverflow(right)
        case .subtract: left.subtractingReportingOverflow(right)
        case .multiply: left.multipliedReportingOverflow(by: right)
        case .divide: left.dividedReportingOverflow(by: right)
        default: left.remainderReportingOverflow(dividingBy: right)
        }
      guard !overflows else { throw .outOfRange }
      return .int(value)
    case (.add, .double(let left), .double(let right)): return .double(left + right)
    case (.subtract, .double(let left), .double(let right)): return .double(left - right)
    case (.multiply, .double(let left), .double(let right)): return .double(left * right)
    case (.divide, .double(let left), .double(let right)): return .double(left / right)
    default: throw .noSuchOverload(operation.rawValue)
    }
  }
}
