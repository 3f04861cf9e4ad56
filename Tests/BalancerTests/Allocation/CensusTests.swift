import KubernetesModel
import Testing

@testable import Balancer

@Suite struct CensusTests {
  private static let (web, dns) = (
    ObjectKey(namespace: "default", name: "web"), ObjectKey(namespace: "default", name: "dns")
  )
  private static let all: [Standing] = [
    .unread, .unmanaged, .notLoadBalancer, .satisfied, .incomplete(.noneAvailable), .waiting(.noPools),
    .kept(.unknownPool("gold")),
  ]

  /// A census as one who goes through all Services would take it.
  private static func counted(_ services: [ObjectKey: Standing]) -> Census {
    var census = Census()
    for (key, standing) in services { census.note(key, from: nil, to: standing) }
    return census
  }

  @Test(arguments: [
    (Standing.unread, served: 0, waiting: 0, wants: false), (.unmanaged, 0, 0, false), (.notLoadBalancer, 0, 0, false),
    (.satisfied, 1, 0, false), (.incomplete(.noneAvailable), 1, 0, true), (.waiting(.noPools), 0, 1, true),
    (.kept(.unknownPool("gold")), 1, 0, true),
  ])
  func `a Service is served, waits or wants as it stands`(
    standing: Standing, served: Int, waiting: Int, wants: Bool
  ) {
    let census = Self.counted([Self.web: standing])
    #expect(census.servedCount == served)
    #expect(census.waitingCount == waiting)
    #expect(census.wanting[Self.web] == (wants ? standing : nil))
    #expect(census.wanting.count == (wants ? 1 : 0), "nobody is kept who has everything")
  }

  @Test func `whatever a Service stood like before, it counts as it stands now`() {
    for old in Self.all {
      for new in Self.all {
        var census = Self.counted([Self.web: old, Self.dns: .waiting(.noneAvailable)])
        census.note(Self.web, from: old, to: new)
        #expect(census == Self.counted([Self.web: new, Self.dns: .waiting(.noneAvailable)]), "\(old) to \(new)")
        census.note(Self.web, from: new, to: nil)
        census.note(Self.dns, from: .waiting(.noneAvailable), to: nil)
        #expect(census == Census(), "nothing is left of \(new)")
      }
    }
  }

  @Test func `a Service that wants something else than before is kept with that`() {
    var census = Self.counted([Self.web: .waiting(.noneAvailable)])
    census.note(Self.web, from: .waiting(.noneAvailable), to: .waiting(.noPools))
    #expect(census.wanting[Self.web] == .waiting(.noPools))
    #expect(census.waitingCount == 1)
  }
}
