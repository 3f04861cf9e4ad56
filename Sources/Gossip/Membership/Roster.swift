import Primitives

/// All nodes that are known, in the random order in which they are probed.
///
/// Going round a shuffled ring bounds the time until a failed node is probed, which picking at random does not. Nodes
/// that are gone stay for as long as gossip still tells them, so that late news about them find them gone.
struct Roster: Sendable, Equatable {
  private(set) var members: [Member] = []
  private var positions: [String: Int32] = [:]
  private var next = 0
  /// How many are not gone.
  private(set) var livingCount = 0

  var count: Int { self.members.count }

  subscript(name: String) -> Member? { self.positions[name].map { self.members[Int($0)] } }

  /// So many are going to be inserted.
  mutating func reserve(_ count: Int) {
    self.members.reserveCapacity(self.members.count + count)
    self.positions.reserveCapacity(self.members.count + count)
  }

  /// Puts a new node at a random place of the ring.
  mutating func insert(_ member: Member, using dice: inout SplitMix64) {
    let place = Int.random(in: 0...self.members.count, using: &dice)
    self.members.append(member)
    self.members.swapAt(place, self.members.count - 1)
    self.positions[self.members[self.members.count - 1].name] = Int32(self.members.count - 1)
    self.positions[member.name] = Int32(place)
    if !member.liveness.isGone { self.livingCount += 1 }
  }

  /// Changes what is known of a node.
  mutating func update(_ name: String, _ change: (inout Member) -> Void) {
    guard let position = self.positions[name].map({ Int($0) }) else { return }
    if !self.members[position].liveness.isGone { self.livingCount -= 1 }
    change(&self.members[position])
    if !self.members[position].liveness.isGone { self.livingCount += 1 }
  }

  /// The next node of the ring that is not gone; each end of the ring drops who was gone before `horizon`, and shuffles.
  mutating func nextToProbe(
    except own: String, forgettingBefore horizon: ContinuousClock.Instant, using dice: inout SplitMix64
  ) -> Member? {
    // Once round for the rest of this ring, and once for the next.
    for _ in 0...(2 * self.members.count) {
      if self.next >= self.members.count {
        for member in self.members where member.liveness.isGone && member.changedAt < horizon {
          self.positions[member.name] = nil
        }
        self.members.removeAll { $0.liveness.isGone && $0.changedAt < horizon }
        self.members.shuffle(using: &dice)
        for position in self.members.indices { self.positions[self.members[position].name] = Int32(position) }
        self.next = 0
        if self.members.isEmpty { return nil }
      }
      let member = self.members[self.next]
      self.next += 1
      if member.name != own && !member.liveness.isGone { return member }
    }
    return nil
  }

  /// Up to `count` different nodes that fit, at random.
  func pick(_ count: Int, using dice: inout SplitMix64, where fits: (Member) -> Bool) -> [Member] {
    guard count > 0, !self.members.isEmpty else { return [] }
    var picked: [Member] = []
    func consider(_ member: Member) {
      if fits(member), !picked.contains(where: { $0.name == member.name }) { picked.append(member) }
    }
    for _ in 0..<(4 * count) where picked.count < count {
      consider(self.members[Int.random(in: self.members.indices, using: &dice)])
    }
    // Few fit: look at each.
    let start = Int.random(in: self.members.indices, using: &dice)
    var offset = 0
    while picked.count < count && offset < self.members.count {
      consider(self.members[(start + offset) % self.members.count])
      offset += 1
    }
    return picked
  }
}
