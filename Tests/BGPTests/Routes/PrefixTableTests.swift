import Primitives
import TestKit
import Testing

@testable import BGP

@Suite struct PrefixTableTests {
  @Test func `every prefix of either family is an entry of its own`() {
    let texts = [
      "0.0.0.0/0", "0.0.0.0/32", "10.0.0.0/8", "10.0.0.0/9", "255.255.255.255/32", "::/0", "::/128", "2001:db8::/32",
      "2001:db8::/33", "::a00:0/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
    ]
    var table = PrefixTable<Int>()
    for (number, text) in texts.enumerated() { table[prefix(text)] = number }
    #expect(table.count == texts.count)
    for (number, text) in texts.enumerated() { #expect(table[prefix(text)] == number) }
    // What is shown to change values is what was put in.
    var seen: [IPPrefix: Int] = [:]
    for family in IPFamily.allCases {
      table.update(family) { prefix, number in
        #expect(prefix.family == family)
        seen[prefix] = number
        number += 100
        return number != 103
      }
    }
    #expect(seen == Dictionary(uniqueKeysWithValues: texts.enumerated().map { (prefix($1), $0) }))
    #expect(table[prefix("10.0.0.0/8")] == 102 && table[prefix("10.0.0.0/9")] == nil)
    #expect(table.count == texts.count - 1)
  }

  @Test func `what is known of a prefix takes eight octets, and none of it disturbs the rest`() {
    #expect(MemoryLayout<AdjRIBEntry>.stride == 8)
    var entry = AdjRIBEntry()
    #expect(entry.isVacant && entry.isCurrent)
    for key in [1, RouteRegister.highestKey] {
      for sent in [AdjRIBEntry.Sent.nothing, .stale, .route(key)] {
        (entry.desired, entry.sent, entry.isQueued, entry.isOversized) = (key, sent, true, true)
        #expect(entry.desired == key && entry.sent == sent && entry.isQueued && entry.isOversized)
        (entry.isQueued, entry.isOversized) = (false, false)
        #expect(entry.desired == key && entry.sent == sent && !entry.isQueued && !entry.isOversized)
        #expect(entry.isCurrent == (sent == .route(key)))
        entry.desired = nil
        #expect(entry.sent == sent && entry.isVacant == (sent == .nothing))
      }
    }
  }
}
