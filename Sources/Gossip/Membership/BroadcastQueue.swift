/// News that ride on datagrams until they have been sent often enough.
///
/// What was sent least goes first, and of that the longest that still fits, newest first. News about a node replace older
/// news about it.
struct BroadcastQueue: Sendable, Equatable {
  /// A message's place within those that were sent equally often.
  private struct Place: Sendable, Hashable, Comparable {
    var length: Int
    var id: UInt64

    static func < (left: Place, right: Place) -> Bool {
      left.length == right.length ? left.id > right.id : left.length > right.length
    }
  }

  private struct Entry: Sendable, Equatable {
    var subject: String
    var message: [UInt8]
    var sent: Int
    var place: Place
  }

  private var entries: [String: Entry] = [:]
  private var subjects: [UInt64: String] = [:]
  /// By how often they were sent, in order.
  private var levels: [[Place]] = []
  private var nextID: UInt64 = 0

  var isEmpty: Bool { self.entries.isEmpty }
  var count: Int { self.entries.count }

  /// Whether news about a node are still to be sent.
  func contains(_ subject: String) -> Bool { self.entries[subject] != nil }

  mutating func insert(_ message: [UInt8], about subject: String) {
    self.remove(subject)
    self.nextID += 1
    let place = Place(length: message.count, id: self.nextID)
    self.subjects[place.id] = subject
    self.file(Entry(subject: subject, message: message, sent: 0, place: place))
  }

  mutating func removeAll() {
    self = BroadcastQueue()
  }

  /// Takes messages for one datagram: what they and `overhead` for each measure stays within `room`. Each counts as sent
  /// once more, and is dropped at `limit`.
  mutating func take(room: Int, overhead: Int, limit: Int) -> [[UInt8]] {
    var room = room
    var taken: [Entry] = []
    var level = 0
    while level < self.levels.count, taken.count < Packet.messageLimit - 1 {
      let index = self.firstIndex(in: level) { $0.length <= room - overhead }
      guard index < self.levels[level].count else {
        level += 1
        continue
      }
      guard let subject = self.subjects[self.levels[level][index].id], let entry = self.entries[subject] else {
        preconditionFailure("every place belongs to an entry")
      }
      room -= overhead + entry.message.count
      self.remove(subject)
      taken.append(entry)
    }
    for var entry in taken where entry.sent + 1 < limit {
      entry.sent += 1
      self.subjects[entry.place.id] = entry.subject
      self.file(entry)
    }
    return taken.map(\.message)
  }

  private mutating func file(_ entry: Entry) {
    while self.levels.count <= entry.sent { self.levels.append([]) }
    self.levels[entry.sent].insert(entry.place, at: self.firstIndex(in: entry.sent) { $0 >= entry.place })
    self.entries[entry.subject] = entry
  }

  private mutating func remove(_ subject: String) {
    guard let entry = self.entries.removeValue(forKey: subject) else { return }
    self.subjects[entry.place.id] = nil
    self.levels[entry.sent].remove(at: self.firstIndex(in: entry.sent) { $0 >= entry.place })
  }

  /// The first index of a level at which `isPast` holds, as it then does for the rest.
  private func firstIndex(in level: Int, where isPast: (Place) -> Bool) -> Int {
    let places = self.levels[level]
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      if isPast(places[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
