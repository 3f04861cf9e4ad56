/// A set of numbers kept as its maximal runs of consecutive members, in a balanced search tree that also counts.
///
/// Its memory follows the number of runs and each operation costs the logarithm of that, whatever the numbers: a pool
/// that is filled from the bottom is one run, be it a /8 or a /32 of IPv6. The tree is a treap, whose nodes live in one
/// array; their priorities come from a fixed sequence, so that the same operations always build the same tree.
package struct RunSet: Sendable {
  private struct Node: Sendable {
    var lower: UInt128
    var upper: UInt128
    var priority: UInt32
    var left: Int32
    var right: Int32
    /// The number of members in this node and below.
    var count: Int
  }

  private static let none: Int32 = -1

  private var nodes: [Node] = []
  private var root = Self.none
  /// The first of the vacant nodes, which are chained through `left`.
  private var vacant = Self.none
  private var drawn: UInt32 = 0

  package init() {}

  package var isEmpty: Bool { self.root == Self.none }

  /// The number of members.
  package var count: Int { self.count(of: self.root) }

  /// The runs in ascending order.
  package var runs: [ClosedRange<UInt128>] {
    var result: [ClosedRange<UInt128>] = []
    var path: [Int32] = []
    var node = self.root
    while node != Self.none || !path.isEmpty {
      while node != Self.none {
        path.append(node)
        node = self[node].left
      }
      node = path.removeLast()
      result.append(self[node].lower...self[node].upper)
      node = self[node].right
    }
    return result
  }

  package func contains(_ number: UInt128) -> Bool {
    let node = self.node(atOrBefore: number)
    return node != Self.none && self[node].upper >= number
  }

  /// The lowest number from `start` on that is not a member; nil if all up to the last are.
  package func firstGap(from start: UInt128 = 0) -> UInt128? {
    let node = self.node(atOrBefore: start)
    guard node != Self.none, self[node].upper >= start else { return start }
    let (next, overflow) = self[node].upper.addingReportingOverflow(1)
    return overflow ? nil : next
  }

  /// The lowest member from `start` on.
  package func first(from start: UInt128 = 0) -> UInt128? {
    let node = self.node(atOrBefore: start)
    if node != Self.none, self[node].upper >= start { return start }
    let next = self.node(after: start)
    return next == Self.none ? nil : self[next].lower
  }

  /// How many members are less than `number`.
  package func rank(of number: UInt128) -> Int {
    var rank = 0
    var node = self.root
    while node != Self.none {
      let here = self[node]
      if number <= here.lower {
        node = here.left
      } else {
        rank += self.count(of: here.left) + Int(min(number - 1, here.upper) - here.lower) + 1
        if number <= here.upper { return rank }
        node = here.right
      }
    }
    return rank
  }

  /// The member that has `rank` members below it; nil if there are not so many.
  package func member(at rank: Int) -> UInt128? {
    var rank = rank
    var node = self.root
    while node != Self.none {
      let here = self[node]
      let below = self.count(of: here.left)
      let own = Int(here.upper - here.lower) + 1
      if rank < below {
        node = here.left
      } else if rank < below + own {
        return here.lower + UInt128(rank - below)
      } else {
        rank -= below + own
        node = here.right
      }
    }
    return nil
  }

  /// The lowest member from `start` on that is not in `subset`, all of whose members must be in this set as well.
  ///
  /// As long as the subset has every member, the two agree at each rank, so the first rank at which they differ can be
  /// searched by halving.
  package func first(from start: UInt128 = 0, notIn subset: RunSet) -> UInt128? {
    let (own, theirs) = (self.rank(of: start), subset.rank(of: start))
    var (low, high) = (0, subset.count - theirs)
    while low < high {
      let middle = (low + high) / 2
      if self.member(at: own + middle) == subset.member(at: theirs + middle) { low = middle + 1 } else { high = middle }
    }
    return self.member(at: own + low)
  }

  /// Adds a number; false if it was a member before.
  @discardableResult
  package mutating func insert(_ number: UInt128) -> Bool {
    let before = self.node(atOrBefore: number)
    guard before == Self.none || self[before].upper < number else { return false }
    let after = self.node(after: number)
    let joinsBefore = before != Self.none && self[before].upper + 1 == number
    let joinsAfter = after != Self.none && self[after].lower - 1 == number
    switch (joinsBefore, joinsAfter) {
    case (true, true):
      let upper = self[after].upper
      self.remove(runAt: self[after].lower)
      self.adjust(pathTo: self[before].lower, by: Int(upper - number) + 1)
      self.nodes[Int(before)].upper = upper
    case (true, false):
      self.adjust(pathTo: self[before].lower, by: 1)
      self.nodes[Int(before)].upper = number
    case (false, true):
      self.adjust(pathTo: self[after].lower, by: 1)
      self.nodes[Int(after)].lower = number
    case (false, false):
      self.add(run: number...number)
    }
    return true
  }

  /// Takes a number out; false if it was no member.
  @discardableResult
  package mutating func remove(_ number: UInt128) -> Bool {
    let node = self.node(atOrBefore: number)
    guard node != Self.none, self[node].upper >= number else { return false }
    let (lower, upper) = (self[node].lower, self[node].upper)
    if lower == upper {
      self.remove(runAt: lower)
    } else if number == lower {
      self.adjust(pathTo: lower, by: -1)
      self.nodes[Int(node)].lower = lower + 1
    } else {
      self.adjust(pathTo: lower, by: -(Int(upper - number) + 1))
      self.nodes[Int(node)].upper = number - 1
      if number < upper { self.add(run: (number + 1)...upper) }
    }
    return true
  }

  private subscript(node: Int32) -> Node { self.nodes[Int(node)] }

  private func count(of node: Int32) -> Int { node == Self.none ? 0 : self[node].count }

  /// The last run that starts at or before the number.
  private func node(atOrBefore number: UInt128) -> Int32 {
    var best = Self.none
    var node = self.root
    while node != Self.none {
      if self[node].lower <= number {
        best = node
        node = self[node].right
      } else {
        node = self[node].left
      }
    }
    return best
  }

  /// The first run that starts after the number.
  private func node(after number: UInt128) -> Int32 {
    var best = Self.none
    var node = self.root
    while node != Self.none {
      if self[node].lower > number {
        best = node
        node = self[node].left
      } else {
        node = self[node].right
      }
    }
    return best
  }

  /// Adds to the counts from the root down to the run that starts at `lower`.
  private mutating func adjust(pathTo lower: UInt128, by difference: Int) {
    var node = self.root
    while node != Self.none {
      self.nodes[Int(node)].count += difference
      if self[node].lower == lower { return }
      node = lower < self[node].lower ? self[node].left : self[node].right
    }
  }

  private mutating func add(run: ClosedRange<UInt128>) {
    self.drawn &+= 0x9E37_79B9
    var priority = self.drawn
    priority = (priority ^ (priority >> 16)) &* 0x85EB_CA6B
    priority = (priority ^ (priority >> 13)) &* 0xC2B2_AE35
    let node = Node(
      lower: run.lowerBound, upper: run.upperBound, priority: priority ^ (priority >> 16), left: Self.none,
      right: Self.none, count: Int(run.upperBound - run.lowerBound) + 1)
    let index: Int32
    if self.vacant == Self.none {
      index = Int32(self.nodes.count)
      self.nodes.append(node)
    } else {
      index = self.vacant
      self.vacant = self[index].left
      self.nodes[Int(index)] = node
    }
    self.root = self.insert(index, below: self.root)
  }

  private mutating func insert(_ new: Int32, below node: Int32) -> Int32 {
    guard node != Self.none else { return new }
    if self[new].priority > self[node].priority {
      let (left, right) = self.split(node, at: self[new].lower)
      self.nodes[Int(new)].left = left
      self.nodes[Int(new)].right = right
      self.recount(new)
      return new
    }
    if self[new].lower < self[node].lower {
      let left = self.insert(new, below: self[node].left)
      self.nodes[Int(node)].left = left
    } else {
      let right = self.insert(new, below: self[node].right)
      self.nodes[Int(node)].right = right
    }
    self.recount(node)
    return node
  }

  private mutating func remove(runAt lower: UInt128) {
    self.root = self.remove(runAt: lower, below: self.root)
    if self.root == Self.none {
      self.nodes.removeAll(keepingCapacity: false)
      self.vacant = Self.none
    }
  }

  private mutating func remove(runAt lower: UInt128, below node: Int32) -> Int32 {
    guard node != Self.none else { return Self.none }
    if self[node].lower == lower {
      let rest = self.merge(self[node].left, self[node].right)
      self.nodes[Int(node)].left = self.vacant
      self.vacant = node
      return rest
    }
    if lower < self[node].lower {
      let left = self.remove(runAt: lower, below: self[node].left)
      self.nodes[Int(node)].left = left
    } else {
      let right = self.remove(runAt: lower, below: self[node].right)
      self.nodes[Int(node)].right = right
    }
    self.recount(node)
    return node
  }

  /// The runs below `node` that start before `number`, and the others.
  private mutating func split(_ node: Int32, at number: UInt128) -> (Int32, Int32) {
    guard node != Self.none else { return (Self.none, Self.none) }
    if self[node].lower < number {
      let (left, right) = self.split(self[node].right, at: number)
      self.nodes[Int(node)].right = left
      self.recount(node)
      return (node, right)
    }
    let (left, right) = self.split(self[node].left, at: number)
    self.nodes[Int(node)].left = right
    self.recount(node)
    return (left, node)
  }

  /// One tree of two, of which the first has the lower runs.
  private mutating func merge(_ left: Int32, _ right: Int32) -> Int32 {
    if left == Self.none { return right }
    if right == Self.none { return left }
    if self[left].priority > self[right].priority {
      let merged = self.merge(self[left].right, right)
      self.nodes[Int(left)].right = merged
      self.recount(left)
      return left
    }
    let merged = self.merge(left, self[right].left)
    self.nodes[Int(right)].left = merged
    self.recount(right)
    return right
  }

  private mutating func recount(_ node: Int32) {
    let here = self[node]
    self.nodes[Int(node)].count =
      self.count(of: here.left) + self.count(of: here.right) + Int(here.upper - here.lower) + 1
  }
}

extension RunSet: Equatable {
  /// Two sets are equal if they have the same members, whatever their trees look like.
  package static func == (left: RunSet, right: RunSet) -> Bool {
    left.count == right.count && left.runs == right.runs
  }
}

extension RunSet: ExpressibleByArrayLiteral {
  package init(arrayLiteral numbers: UInt128...) {
    for number in numbers { self.insert(number) }
  }
}
