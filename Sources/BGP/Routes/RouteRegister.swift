/// The different routes in use, each kept once and named by a small key: a hundred thousand prefixes share a few routes.
struct RouteRegister: Sendable, Equatable {
  /// From 1 up to `highestKey`: what else 32 bits have room for is for those who keep keys to use.
  typealias Key = UInt32

  static let highestKey: Key = 1 << 31 - 2

  private struct Entry: Sendable, Equatable {
    let route: Route
    var uses: Int
  }

  private var keys: [Route: Key] = [:]
  private var entries: [Key: Entry] = [:]
  private var lastKey: Key = 0

  /// The key of a route, used once more.
  mutating func retain(_ route: Route) -> Key {
    if let key = self.keys[route] {
      self.retain(key)
      return key
    }
    repeat {
      self.lastKey = self.lastKey < Self.highestKey ? self.lastKey + 1 : 1
    } while self.entries[self.lastKey] != nil
    self.keys[route] = self.lastKey
    self.entries[self.lastKey] = Entry(route: route, uses: 1)
    return self.lastKey
  }

  mutating func retain(_ key: Key) {
    self.entries[key]?.uses += 1
  }

  mutating func release(_ key: Key) {
    guard let entry = self.entries[key] else { preconditionFailure("route \(key) is released more often than used") }
    if entry.uses > 1 {
      self.entries[key]?.uses -= 1
    } else {
      self.entries[key] = nil
      self.keys[entry.route] = nil
    }
  }

  subscript(key: Key) -> Route {
    guard let entry = self.entries[key] else { preconditionFailure("route \(key) is not in use") }
    return entry.route
  }

  var count: Int { self.entries.count }
}
