import KubernetesModel
import Primitives

/// The reading of one IPAddressPool on its own: everything that can be said without looking at the other pools.
package enum PoolParser {
  /// The pool, or all that is wrong with the object.
  package static func parse(_ object: IPAddressPool) -> (pool: PoolConfiguration?, problems: [Problem]) {
    var reading = Reading(object: object)
    if (object.metadata.name ?? "").isEmpty {
      reading.report("metadata.name", "missing pool name", remedy: "Give the pool a name.")
    }
    let blocks = reading.blocks()
    let restriction = object.spec.serviceAllocation.map { reading.restriction($0) }
    guard reading.problems.isEmpty else { return (nil, reading.problems) }
    let pool = PoolConfiguration(
      key: object.key, labels: object.metadata.labels ?? [:], blocks: blocks,
      autoAssign: object.spec.autoAssign ?? true, avoidBuggyIPs: object.spec.avoidBuggyIPs ?? false,
      restriction: restriction)
    return (pool, [])
  }

  /// The first pair of prefixes in which two ranges overlap; ranges stand for their minimal prefixes.
  static func overlap(of range: IPRange, with other: IPRange) -> (IPPrefix, IPPrefix)? {
    guard range.overlaps(other) else { return nil }
    let others = other.prefixes
    for prefix in range.prefixes {
      if let hit = others.first(where: { $0.overlaps(prefix) }) { return (prefix, hit) }
    }
    return nil
  }

  /// The problem of a pool whose block `index` overlaps with an earlier one, of its own or of another pool.
  static func overlapProblem(_ prefix: IPPrefix, of key: ObjectKey, block index: Int, with other: IPPrefix) -> Problem {
    Problem(
      kind: IPAddressPool.type.kind, key: key, field: "spec.addresses[\(index)]",
      message: "CIDR \"\(prefix)\" in pool \(GoText.quoted(key.name)) overlaps with already defined CIDR \"\(other)\"",
      remedy: "Remove the addresses from one of the two.")
  }

  private struct Reading {
    let object: IPAddressPool
    var problems: [Problem] = []

    init(object: IPAddressPool) {
      self.object = object
    }

    mutating func report(_ field: String, _ message: String, remedy: String) {
      self.problems.append(
        Problem(
          kind: IPAddressPool.type.kind, key: self.object.key, field: field,
          message: "parsing address pool \(self.object.key.name): \(message)", remedy: remedy))
    }

    mutating func blocks() -> [IPRange] {
      let addresses = self.object.spec.addresses
      if addresses.isEmpty {
        self.report(
          "spec.addresses", "pool has no prefixes defined",
          remedy: "List at least one CIDR or range, such as 192.0.2.0/24.")
      }
      var blocks: [IPRange] = []
      var seen = PoolIndex()
      for (index, text) in addresses.enumerated() {
        do {
          let block = try AddressBlock.parse(text)
          if let other = seen.overlapping(block).first(where: { _ in true })?.block {
            if let (mine, other) = PoolParser.overlap(of: block, with: other) {
              self.problems.append(PoolParser.overlapProblem(mine, of: self.object.key, block: index, with: other))
            }
          } else {
            seen.insert(PoolConfiguration(key: self.object.key, blocks: [block]))
          }
          blocks.append(block)
        } catch {
          self.report(
            "spec.addresses[\(index)]",
            "invalid CIDR \(GoText.quoted(text)) in pool \(GoText.quoted(self.object.key.name)): \(error)",
            remedy: error.remedy)
        }
      }
      return blocks
    }

    mutating func restriction(_ spec: IPAddressPool.ServiceAllocation) -> PoolConfiguration.Restriction {
      let path = "spec.serviceAllocation"
      let namespaces = spec.namespaces ?? []
      for finding in SelectorCheck.duplicates(in: namespaces, field: "\(path).namespaces", name: "") {
        self.report(finding.field, "duplicate definition in namespaces field", remedy: finding.remedy)
      }
      let pool = self.object.key.name
      let findings =
        SelectorCheck.findings(
          in: spec.namespaceSelectors ?? [], field: "\(path).namespaceSelectors", name: "namespaceSelectors"
        ) { error, selector in
          "\(error)\ninvalid namespace label selector \(GoText.verbose(selector)) in ip pool \(pool)"
        }
        + SelectorCheck.findings(
          in: spec.serviceSelectors ?? [], field: "\(path).serviceSelectors", name: "serviceSelectors"
        ) { error, selector in "\(error)\ninvalid service label selector \(GoText.plain(selector)) in ip pool \(pool)" }
      for finding in findings { self.report(finding.field, finding.message, remedy: finding.remedy) }
      return PoolConfiguration.Restriction(
        priority: spec.priority ?? 0, namespaces: Set(namespaces),
        namespaceSelectors: spec.namespaceSelectors ?? [], serviceSelectors: spec.serviceSelectors ?? [])
    }
  }
}
