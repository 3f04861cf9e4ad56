/// The smallest pieces of an expression.
struct CELToken: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case identifier(String)
    case literal(CELValue)
    case symbol(String)
    case end
  }

  var kind: Kind
  var offset: Int
}

enum CELTokenizer {
  private static let symbols = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ".", ",",
    "?", ":",
  ]

  static func tokens(of text: String) throws(CELError) -> [CELToken] {
    var tokens: [CELToken] = []
    var scanner = Scanner(characters: Array(text))
    guard scanner.characters.count <= 16_384 else { throw .tooComplex }
    while true {
      scanner.skipSpace()
      let offset = scanner.position
      guard let character = scanner.current else {
        tokens.append(CELToken(kind: .end, offset: offset))
        return tokens
      }
      if character == "'" || character == "\"" {
        tokens.append(CELToken(kind: .literal(.string(try scanner.quoted(isRaw: false))), offset: offset))
      } else if character == "r" || character == "R", let next = scanner.next, next == "'" || next == "\"" {
        scanner.position += 1
        tokens.append(CELToken(kind: .literal(.string(try scanner.quoted(isRaw: true))), offset: offset))
      } else if character.isASCII, character.isNumber {
        tokens.append(CELToken(kind: .literal(try scanner.number()), offset: offset))
      } else if character.isIdentifierStart {
        tokens.append(CELToken(kind: scanner.identifier(), offset: offset))
      } else if let symbol = Self.symbols.first(where: { scanner.hasPrefix($0) }) {
        scanner.position += symbol.count
        tokens.append(CELToken(kind: .symbol(symbol), offset: offset))
      } else {
        throw .syntax("token recognition error at: '\(character)'", at: offset)
      }
    }
  }

  private struct Scanner {
    let characters: [Character]
    var position = 0

    var current: Character? { self.position < self.characters.count ? self.characters[self.position] : nil }
    var next: Character? { self.position + 1 < self.characters.count ? self.characters[self.position + 1] : nil }

    func hasPrefix(_ text: String) -> Bool {
      self.characters[self.position...].starts(with: text)
    }

    mutating func skipSpace() {
      while let character = self.current, character.isWhitespace { self.position += 1 }
    }

    mutating func identifier() -> CELToken.Kind {
      let start = self.position
      while let character = self.current, character.isIdentifierStart || character.isASCII && character.isNumber {
        self.position += 1
      }
      switch String(self.characters[start..<self.position]) {
      case "true": return .literal(.bool(true))
      case "false": return .literal(.bool(false))
      case "null": return .literal(.null)
      case "in": return .symbol("in")
      case let name: return .identifier(name)
      }
    }

    mutating func number() throws(CELError) -> CELValue {
      let start = self.position
      var text = ""
      var isReal = false
      while let character = self.current {
        if character.isASCII, character.isNumber || text.hasPrefix("0x") && character.isHexDigit {
          text.append(character)
        } else if character == "x", text == "0" {
          text.append(character)
        } else if character == ".", let next = self.next, next.isNumber {
          isReal = true
          text.append(character)
        } else if character == "e" || character == "E" || isReal && (character == "-" || character == "+") {
          isReal = true
          text.append(character)
        } else {
          break
        }
        self.position += 1
      }
      if self.current == "u" || self.current == "U" { self.position += 1 }
      if isReal, let value = Double(text) { return .double(value) }
      if text.hasPrefix("0x"), let value = Int64(text.dropFirst(2), radix: 16) { return .int(value) }
      guard let value = Int64(text) else { throw .syntax("invalid number '\(text)'", at: start) }
      return .int(value)
    }

    mutating func quoted(isRaw: Bool) throws(CELError) -> String {
      let start = self.position
      guard let quote = self.current else { throw .syntax("unterminated string", at: start) }
      self.position += 1
      var text = ""
      while let character = self.current {
        self.position += 1
        if character == quote { return text }
        guard character == "\\", !isRaw else {
          text.append(character)
          continue
        }
        guard let escaped = self.current else { break }
        self.position += 1
        switch escaped {
        case "n": text.append("\n")
        case "r": text.append("\r")
        case "t": text.append("\t")
        case "\\", "'", "\"", "`", "?": text.append(escaped)
        case "x": text.unicodeScalars.append(try self.escape(digits: 2))
        case "u": text.unicodeScalars.append(try self.escape(digits: 4))
        case "U": text.unicodeScalars.append(try self.escape(digits: 8))
        default: throw .syntax("invalid escape '\\\(escaped)'", at: self.position - 2)
        }
      }
      throw .syntax("unterminated string", at: start)
    }

    private mutating func escape(digits: Int) throws(CELError) -> Unicode.Scalar {
      let end = self.position + digits
      guard end <= self.characters.count, let code = UInt32(String(self.characters[self.position..<end]), radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw .syntax("invalid escape", at: self.position) }
      self.position = end
      return scalar
    }
  }
}

extension Character {
  fileprivate var isIdentifierStart: Bool { self == "_" || self.isASCII && self.isLetter }
}
