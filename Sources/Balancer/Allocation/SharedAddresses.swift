/// The addresses of one pool and family on which Services with one sharing key are, by number, and which of them have
/// which port taken.
///
/// Finds the lowest address that has a set of ports free without looking at each: for one port by halving, for several
/// by leaping from each port's answer to the next port's until all agree.
struct SharedAddresses: Sendable, Equatable {
  private var all = RunSet()
  private var byPort: [PortKey: RunSet] = [:]

  var isEmpty: Bool { self.all.isEmpty }

  /// The lowest address on which none of the ports is taken.
  func lowest(without ports: [PortKey]) -> UInt128? {
    guard var candidate = self.all.first() else { return nil }
    let taken = ports.compactMap { self.byPort[$0] }
    var agreeing = 0
    var next = 0
    while agreeing < taken.count {
      guard let found = self.all.first(from: candidate, notIn: taken[next]) else { return nil }
      agreeing = found == candidate ? agreeing + 1 : 1
      candidate = found
      next = (next + 1) % taken.count
    }
    return candidate
  }

  mutating func insert(_ number: UInt128) {
    self.all.insert(number)
  }

  mutating func take(_ port: PortKey, at number: UInt128) {
    self.byPort[port, default: RunSet()].insert(number)
  }

  mutating func free(_ port: PortKey, at number: UInt128) {
    self.byPort[port]?.remove(number)
    if self.byPort[port]?.isEmpty == true { self.byPort[port] = nil }
  }

  /// All ports of the address must be free by now.
  mutating func remove(_ number: UInt128) {
    self.all.remove(number)
  }
}
