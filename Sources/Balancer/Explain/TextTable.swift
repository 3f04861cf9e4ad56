/// Rows of cells in aligned columns, for a terminal.
package struct TextTable: Sendable, Hashable {
  package var header: [String]
  package var rows: [[Styled]]

  package init(header: [String], rows: [[Styled]] = []) {
    self.header = header
    self.rows = rows
  }

  /// The lines, each indented, without a header if that is empty, two spaces between columns, none at the end. The last column takes what is left of `width`
  /// and goes on below itself where that does not do.
  package func lines(indent: Int = 0, width: Int = 80, colours: Bool = false) -> [String] {
    let all = (self.header.isEmpty ? [] : [self.header.map { Styled($0, .heading) }]) + self.rows
    let count = all.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in all.map { column < $0.count ? $0[column].text.count : 0 }.max() ?? 0 }
    let margin = String(repeating: " ", count: indent)
    let start = indent + widths.dropLast().reduce(0) { $0 + $1 + 2 }
    return all.flatMap { row -> [String] in
      var line = margin
      for (column, cell) in row.dropLast().enumerated() {
        line += cell.rendered(colours: colours)
        line += String(repeating: " ", count: widths[column] - cell.text.count + 2)
      }
      guard let last = row.last else { return [line.trimmedEnd] }
      let parts = TextLayout.wrapped(last.text, width: max(20, width - start))
      return parts.enumerated().map { index, part in
        let before = index == 0 ? line : String(repeating: " ", count: start)
        return (before + Styled(part, last.style).rendered(colours: colours)).trimmedEnd
      }
    }
  }
}

/// A text and what it means, which a terminal shows in colour.
package struct Styled: Sendable, Hashable, ExpressibleByStringLiteral {
  package enum Style: String, Sendable, Hashable {
    case plain
    case heading
    case good
    case warning
    case bad
  }

  package var text: String
  package var style: Style

  package init(_ text: String, _ style: Style = .plain) {
    self.text = text
    self.style = style
  }

  package init(stringLiteral value: String) { self.init(value) }

  package func rendered(colours: Bool) -> String {
    guard colours, !self.text.isEmpty else { return self.text }
    let code =
      switch self.style {
      case .plain: ""
      case .heading: "1"
      case .good: "32"
      case .warning: "33"
      case .bad: "31"
      }
    return code.isEmpty ? self.text : "\u{1B}[\(code)m\(self.text)\u{1B}[0m"
  }
}

/// The breaking of lines.
package enum TextLayout {
  /// The text in lines of at most `width` characters, broken between words; a word that is longer stands alone.
  package static func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: true) {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
  }

  /// The same with a margin in front of every line, and a mark in front of the first one.
  package static func paragraph(
    _ text: String, indent: Int, mark: String = "", width: Int = 80
  ) -> [String] {
    let margin = String(repeating: " ", count: indent)
    let hanging = String(repeating: " ", count: mark.count)
    return Self.wrapped(text, width: width - indent - mark.count).enumerated().map { index, line in
      margin + (index == 0 ? mark : hanging) + line
    }
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
