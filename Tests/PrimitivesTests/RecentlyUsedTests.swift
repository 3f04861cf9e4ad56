import Primitives
import Testing

@Suite struct RecentlyUsedTests {
  @Test func `what was used last survives, and it never grows past its capacity`() {
    var cache = RecentlyUsed<Int, Int>(capacity: 10)
    for key in 0..<100 {
      cache[key] = key
      cache[0] = 0
      #expect(cache.count <= 10)
    }
    #expect(cache[0] == 0)
    #expect(cache[99] == 99)
    #expect(cache[50] == nil)
    cache[0] = nil
    #expect(cache[0] == nil)
  }

  @Test func `what is of no use is forgotten when asked`() {
    var cache = RecentlyUsed<Int, Int>(capacity: 10)
    for key in 0..<10 { cache[key] = key }
    cache.forget { $0 % 2 == 0 }
    #expect(cache.count == 5 && cache[3] == 3 && cache[4] == nil)
  }
}
