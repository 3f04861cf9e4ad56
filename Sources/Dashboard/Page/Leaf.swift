import KubernetesModel

/// One page of a list of any length: only what is on it is ever made into rows.
struct Leaf<Row> {
  let rows: ArraySlice<Row>
  /// From 0; the last page if what was asked for lies beyond.
  let page: Int
  let pages: Int
  /// How many there are, and how many of them match the search.
  let total: Int
  let matching: Int
  /// Of the first row, from 0.
  let first: Int

  init(_ matching: [Row], of total: Int, in section: DashboardQuery.Section, _ query: DashboardQuery) {
    let size = section.pageSize
    self.pages = max(1, (matching.count + size - 1) / size)
    self.page = min(query.page(of: section), self.pages - 1)
    self.first = self.page * size
    self.rows = matching[min(self.first, matching.count)..<min(self.first + size, matching.count)]
    self.total = total
    self.matching = matching.count
  }

  func json(_ row: (Row) -> JSONValue) -> JSONValue {
    [
      "rows": .array(self.rows.map(row)), "page": .integer(Int64(self.page + 1)), "pages": .integer(Int64(self.pages)),
      "total": .integer(Int64(self.total)), "matching": .integer(Int64(self.matching)),
      "first": .integer(Int64(self.matching == 0 ? 0 : self.first + 1)),
      "last": .integer(Int64(self.first + self.rows.count)),
    ]
  }
}
