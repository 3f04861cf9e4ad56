import Primitives

/// The functions of expressions; of a method the target is the first argument.
enum CELFunctions {
  static func call(_ name: String, isMethod: Bool, _ arguments: [CELValue]) throws(CELError) -> CELValue {
    switch (name, arguments.count) {
    case ("size", 1): return try self.size(arguments[0])
    case ("string", 1): return .string(arguments[0].text)
    case ("int", 1): return try self.integer(arguments[0])
    case ("double", 1): return try self.double(arguments[0])
    case ("duration", 1):
      guard case .string(let text) = arguments[0], let duration = CELDuration(text) else {
        throw .noSuchOverload("duration")
      }
      return .duration(duration)
    case ("type", 1): throw .noSuchFunction("type")
    case (_, 1) where isMethod: return try self.property(name, of: arguments[0])
    case ("isIP", 1), ("isCIDR", 1): return try self.address(name, arguments[0])
    case (_, 2), (_, 3): return try self.textFunction(name, arguments)
    default: throw .noSuchFunction(name)
    }
  }

  private static func size(_ value: CELValue) throws(CELError) -> CELValue {
    switch value {
    case .string(let string): return .int(Int64(string.unicodeScalars.count))
    case .list(let elements): return .int(Int64(elements.count))
    case .map(let members): return .int(Int64(members.count))
    default: throw .noSuchOverload("size")
    }
  }

  private static func integer(_ value: CELValue) throws(CELError) -> CELValue {
    switch value {
    case .int: return value
    case .double(let number):
      guard let integer = Int64(exactly: number.rounded(.towardZero)) else { throw .outOfRange }
      return .int(integer)
    case .string(let text):
      guard let integer = Int64(text) else { throw .noSuchOverload("int") }
      return .int(integer)
    default: throw .noSuchOverload("int")
    }
  }

  private static func double(_ value: CELValue) throws(CELError) -> CELValue {
    switch value {
    case .double: return value
    case .int(let integer): return .double(Double(integer))
    case .string(let text):
      guard let number = Double(text) else { throw .noSuchOverload("double") }
      return .double(number)
    default: throw .noSuchOverload("double")
    }
  }

  private static func address(_ name: String, _ value: CELValue) throws(CELError) -> CELValue {
    guard case .string(let text) = value else { throw .noSuchOverload(name) }
    return .bool(name == "isIP" ? IPAddress(text) != nil : IPPrefix(text) != nil)
  }

  private static func property(_ name: String, of value: CELValue) throws(CELError) -> CELValue {
    switch (name, value) {
    case ("getHours", .duration(let duration)): return .int(duration.nanoseconds / 3_600_000_000_000)
    case ("getMinutes", .duration(let duration)): return .int(duration.nanoseconds / 60_000_000_000)
    case ("getSeconds", .duration(let duration)): return .int(duration.nanoseconds / 1_000_000_000)
    case ("getMilliseconds", .duration(let duration)): return .int(duration.nanoseconds / 1_000_000)
    case ("lowerAscii", .string(let text)): return .string(text.lowercased())
    case ("upperAscii", .string(let text)): return .string(text.uppercased())
    case ("trim", .string(let text)):
      let front = text.drop(while: \.isWhitespace)
      return .string(String(front.reversed().drop(while: \.isWhitespace).reversed()))
    case ("isSorted", .list(let elements)):
      return .bool(zip(elements, elements.dropFirst()).allSatisfy { !($1.precedes($0) ?? false) })
    default: throw .noSuchFunction(name)
    }
  }

  private static func textFunction(_ name: String, _ arguments: [CELValue]) throws(CELError) -> CELValue {
    switch (name, arguments[0], arguments[1]) {
    case ("startsWith", .string(let text), .string(let part)): return .bool(text.hasPrefix(part))
    case ("endsWith", .string(let text), .string(let part)): return .bool(text.hasSuffix(part))
    case ("contains", .string(let text), .string(let part)): return .bool(part.isEmpty || text.contains(part))
    case ("matches", .string(let text), .string(let pattern)):
      guard let regex = try? Regex(pattern) else { throw .noSuchOverload("matches") }
      return .bool(text.firstMatch(of: regex) != nil)
    case ("split", .string(let text), .string(let separator)):
      let parts =
        separator.isEmpty
        ? text.map { String($0) } : text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
      return .list(parts.map(CELValue.string))
    case ("join", .list(let elements), .string(let separator)):
      return .string(elements.map(\.text).joined(separator: separator))
    case ("indexOf", .string(let text), .string(let part)):
      guard let range = text.firstRange(of: part) else { return .int(-1) }
      return .int(Int64(text.distance(from: text.startIndex, to: range.lowerBound)))
    case ("substring", .string(let text), .int(let start)):
      let end: Int64
      if arguments.count == 3, case .int(let value) = arguments[2] { end = value } else { end = Int64(text.count) }
      guard 0 <= start, start <= end, end <= text.count else { throw .outOfRange }
      return .string(String(text.dropFirst(Int(start)).prefix(Int(end - start))))
    case ("replace", .string(let text), .string(let old)) where arguments.count == 3:
      guard case .string(let new) = arguments[2] else { throw .noSuchOverload(name) }
      return .string(text.replacing(old, with: new))
    default: throw .noSuchFunction(name)
    }
  }
}
