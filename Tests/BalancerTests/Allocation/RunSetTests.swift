import Primitives
import Testing

@testable import Balancer

@Suite struct RunSetTests {
  @Test func `numbers that touch become one run`() {
    var set: RunSet = [5, 3, 9]
    set.insert(4)
    #expect(set.runs == [3...5, 9...9])
    #expect(set.count == 4)
  }

  @Test func `a number taken out of the middle leaves two runs`() {
    var set: RunSet = [1, 2, 3, 4, 5]
    let removals = [set.remove(3), set.remove(3)]
    #expect(removals == [true, false])
    #expect(set.runs == [1...2, 4...5])
  }

  @Test func `a gap is looked for from the start that is given`() {
    let set: RunSet = [0, 1, 2, 7]
    #expect(set.firstGap() == 3)
    #expect(set.firstGap(from: 5) == 5)
    #expect(set.firstGap(from: 7) == 8)
  }

  @Test func `the last number of all has no gap behind it`() {
    let set: RunSet = [.max]
    #expect(set.firstGap(from: .max) == nil)
    #expect(set.first(from: 9) == .max)
  }

  @Test func `the order of the operations does not matter for equality`() {
    var other: RunSet = [9, 4, 3, 5, 100]
    other.remove(100)
    #expect(other == [3, 4, 5, 9])
    #expect(other != [3, 4, 5])
  }

  @Test(arguments: 0..<8)
  func `every answer is that of a plain set`(seed: Int) {
    var dice = SplitMix64(seed: UInt64(seed))
    var set = RunSet()
    var model: Set<UInt128> = []
    let span = UInt128(20 + seed * 40)
    for _ in 0..<3_000 {
      let number = UInt128(dice.next()) % span
      if Bool.random(using: &dice) {
        let (mine, theirs) = (set.insert(number), model.insert(number).inserted)
        #expect(mine == theirs)
      } else {
        let (mine, theirs) = (set.remove(number), model.remove(number) != nil)
        #expect(mine == theirs)
      }
      let start = UInt128(dice.next()) % span
      let sorted = model.sorted()
      #expect(set.count == model.count)
      #expect(set.contains(start) == model.contains(start))
      #expect(set.first(from: start) == sorted.first { $0 >= start })
      #expect(set.firstGap(from: start) == (start...).first { !model.contains($0) })
      #expect(set.rank(of: start) == sorted.count { $0 < start })
      let rank = Int(dice.next() % UInt64(span))
      #expect(set.member(at: rank) == (rank < sorted.count ? sorted[rank] : nil))
    }
    #expect(set.runs.flatMap { Array($0) } == model.sorted())
  }

  @Test(arguments: 0..<8)
  func `the lowest member outside a subset is found as by looking at each`(seed: Int) {
    var dice = SplitMix64(seed: UInt64(seed) + 100)
    for _ in 0..<200 {
      var (all, subset) = (RunSet(), RunSet())
      var (members, inside): ([UInt128], Set<UInt128>) = ([], [])
      for number in UInt128(0)..<60 where dice.next() % 3 > 0 {
        all.insert(number)
        members.append(number)
        guard dice.next() % 4 > 0 else { continue }
        subset.insert(number)
        inside.insert(number)
      }
      let start = UInt128(dice.next() % 64)
      #expect(all.first(from: start, notIn: subset) == members.first { $0 >= start && !inside.contains($0) })
    }
  }
}
