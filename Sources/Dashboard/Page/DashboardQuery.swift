import KubernetesModel

/// What a page asks for: a search, a filter, how far it has leafed, and the Service that is looked at.
package struct DashboardQuery: Sendable, Hashable {
  /// A list that comes in pages.
  package enum Section: String, Sendable, Hashable, CaseIterable {
    case services, pools, nodes, sessions, events, problems, warnings

    /// How many rows a page of it has.
    var pageSize: Int {
      switch self {
      case .services: 50
      case .pools, .nodes, .sessions, .events: 20
      case .problems, .warnings: 10
      }
    }
  }

  /// Which Services are wanted.
  package enum Filter: String, Sendable, Hashable, CaseIterable {
    case all
    /// Those with something wrong.
    case troubled
  }

  /// A longer search is cut off.
  static let searchLimit = 200

  /// In lower case; every word has to occur.
  package private(set) var words: [String]
  package var filter: Filter
  /// From 0.
  private var pages: [Section: Int]
  package var service: ObjectKey?

  /// Reads the parameters of a request; what makes no sense is as if it was not there.
  ///
  /// `q` is the search, `show` the filter, `service` is `namespace/name`, and the name of a section is its page, from 1.
  package init(_ parameters: [(name: String, value: String)] = []) {
    func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
    self.words = String((value("q") ?? "").prefix(Self.searchLimit)).lowercased()
      .split(whereSeparator: \.isWhitespace).map(String.init)
    self.filter = value("show").flatMap(Filter.init) ?? .all
    self.pages = [:]
    for section in Section.allCases {
      if let page = value(section.rawValue).flatMap({ Int($0) }), (1...1_000_000).contains(page) {
        self.pages[section] = page - 1
      }
    }
    let parts = (value("service") ?? "").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    self.service = parts.count == 2 && !parts.contains("") ? ObjectKey(namespace: parts[0], name: parts[1]) : nil
  }

  /// The page of a section, from 0.
  package func page(of section: Section) -> Int { self.pages[section] ?? 0 }

  /// Whether these texts together hold every word of the search.
  func matches(_ texts: @autoclosure () -> [String]) -> Bool {
    if self.words.isEmpty { return true }
    let haystack = texts().joined(separator: "\u{1F}").lowercased()
    return self.words.allSatisfy { haystack.contains($0) }
  }
}
