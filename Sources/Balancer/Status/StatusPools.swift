import KubernetesModel
import Primitives

/// `metallb status pools`: how full each pool is, what it is for, and what announces it.
package struct StatusPools: ExtractView {
  let extract: StatusExtract

  package init(_ extract: StatusExtract) {
    self.extract = extract
  }

  package func lines(colours: Bool, width: Int) -> [String] {
    let (shown, more) = self.limit.cut(self.status.pools)
    let table = TextTable(
      header: ["NAME"] + (self.isWide ? ["FAMILY"] : []) + ["ADDRESSES", "IN USE", "FILL"]
        + (self.isWide ? ["FREE", "FOR"] : []) + ["ANNOUNCED BY"],
      rows: shown.flatMap(self.rows))
    return Self.section(
      "Pools", table, otherwise: Self.none, colours: colours, width: self.isWide ? max(width, 200) : width)
      + more
      + StatusText.conclusion(self.status, colours: colours, width: width, about: [IPAddressPool.type.kind])
  }

  static let none = "There are none: create an IPAddressPool."

  package var names: [String] { self.status.pools.map(\.key.name) }

  package var json: JSONValue { ["pools": self.status.poolsJSON] }

  private func rows(of pool: IPAddressPool) -> [[Styled]] {
    let fills = self.status.fills(of: pool)
    let advertisements = self.status.advertisements[pool.key.name]
    let announced: Styled =
      switch advertisements {
      case nil: "-"
      case let names? where names.isEmpty: Styled("nothing", .bad)
      case let names?: Styled(self.isWide ? names.joined(separator: ", ") : ClusterStatus.list(names, limit: 2))
      }
    let (name, use) = (Styled(pool.key.name), Styled(Self.use(of: pool)))
    func wide(_ cells: Styled...) -> [Styled] { self.isWide ? cells : [] }
    guard !fills.isEmpty else {
      let addresses = Styled(Self.addresses(pool.spec.addresses, isWide: self.isWide))
      return [[name] + wide("-") + [addresses, "unknown", ""] + wide("-", use) + [announced]]
    }
    return fills.enumerated().map { index, fill in
      let addresses = Styled(Self.addresses(of: pool, in: fill.family, isWide: self.isWide))
      return [index == 0 ? name : ""] + wide(Styled(fill.familyName))
        + [addresses, Styled(fill.use), fill.bar] + wide(Styled(fill.free), index == 0 ? use : "")
        + (index == 0 ? [announced] : [])
    }
  }

  /// Which Services the pool is for.
  private static func use(of pool: IPAddressPool) -> String {
    let isRestricted = pool.spec.serviceAllocation != nil
    guard pool.spec.autoAssign != false else { return isRestricted ? "some, by name" : "who names it" }
    return isRestricted ? "some Services" : "all Services"
  }

  private static func addresses(_ all: [String], isWide: Bool) -> String {
    all.count <= 2 || isWide ? all.joined(separator: ", ") : "\(all[0]) and \(all.count - 1) more"
  }

  /// Those of one family.
  private static func addresses(of pool: IPAddressPool, in family: IPFamily, isWide: Bool) -> String {
    let own = pool.spec.addresses.filter { (try? AddressBlock.parse($0))?.family == family }
    return self.addresses(own.isEmpty ? pool.spec.addresses : own, isWide: isWide)
  }

  /// The short form of the overview: a row for each family that there is.
  static func summary(of status: ClusterStatus, pools: [IPAddressPool], isWide: Bool) -> TextTable {
    TextTable(
      header: ["NAME", "ADDRESSES", "IN USE", "FILL"],
      rows: pools.flatMap { pool -> [[Styled]] in
        let fills = status.fills(of: pool)
        let name = Styled(pool.key.name)
        guard !fills.isEmpty else {
          return [[name, Styled(self.addresses(pool.spec.addresses, isWide: isWide)), "unknown", ""]]
        }
        return fills.enumerated().map { index, fill in
          [
            index == 0 ? name : "", Styled(self.addresses(of: pool, in: fill.family, isWide: isWide)), Styled(fill.use),
            fill.bar,
          ]
        }
      })
  }
}
