import KubernetesModel
import Primitives

/// The last decisions of a process and what led to each: a flight recorder, looked at when something went wrong.
///
/// It keeps the values that were there anyway and makes no text of them until somebody asks. What it holds is bounded in
/// both directions: so many events, and so many decisions of one event.
package struct DecisionJournal: Sendable, Equatable {
  /// How many events are remembered.
  static let capacity = 512
  /// How many decisions of one event are; of the others only their number is.
  static let breadth = 24

  /// An event that led to something.
  package struct Entry: Sendable, Equatable {
    /// Of all such events since the start, which one this is.
    package var number: UInt64
    package var at: ContinuousClock.Instant
    package var cause: DecisionCause
    package var decisions: [Decision]
    /// How many more there were.
    package var omitted: Int
  }

  /// Whose decisions they are: `controller`, or `speaker` and the name of its node.
  package let process: String
  /// A ring, once it is full.
  private var ring: [Entry] = []
  private var count: UInt64 = 0

  package init(of process: String) {
    self.process = process
  }

  /// Oldest first.
  package var entries: [Entry] {
    let start = self.ring.count < Self.capacity ? 0 : Int(self.count % UInt64(Self.capacity))
    return Array(self.ring[start...] + self.ring[..<start])
  }

  /// Writes down what an event has come to; what has come to nothing is not worth a line.
  mutating func note<Action>(
    _ cause: @autoclosure () -> DecisionCause, _ actions: [Action], _ decision: (Action) -> Decision,
    at now: ContinuousClock.Instant
  ) {
    guard !actions.isEmpty else { return }
    let entry = Entry(
      number: self.count + 1, at: now, cause: cause(), decisions: actions.prefix(Self.breadth).map(decision),
      omitted: max(0, actions.count - Self.breadth))
    if self.ring.count < Self.capacity {
      self.ring.append(entry)
    } else {
      self.ring[Int(self.count % UInt64(Self.capacity))] = entry
    }
    self.count += 1
  }
}

/// What led to decisions: something that happened to something.
package struct DecisionCause: Sendable, Equatable, CustomStringConvertible {
  package var subject: String
  package var object: ObjectKey?
  package var happening: String

  init(_ subject: String, _ object: ObjectKey? = nil, _ happening: String) {
    self.subject = subject
    self.object = object
    self.happening = happening
  }

  /// A change of an object of a kind.
  init<Object>(_ kind: String, _ change: ObjectChange<Object>, _ key: (Object) -> ObjectKey) {
    switch change {
    case .applied(let object): self.init(kind, key(object), "changed")
    case .deleted(let key): self.init(kind, key, "was deleted")
    case .malformed(let key, _): self.init(kind, key, "cannot be read")
    case .synced: self.init("all objects of kind \(kind)", nil, "are known")
    }
  }

  static let time = DecisionCause("time", nil, "passed")

  package var description: String {
    [self.subject, self.object?.description, self.happening].compactMap(\.self).joined(separator: " ")
  }
}

/// One thing that was decided, in the fewest values that tell it.
package struct Decision: Sendable, Equatable, CustomStringConvertible {
  /// In the past tense.
  package var verb: String
  package var object: ObjectKey?
  package var addresses: [IPAddress] = []
  /// Peers, nodes or addresses in text form.
  package var names: [String] = []
  package var count: Int?
  package var detail: String?

  /// So many names of one decision are kept.
  static let nameLimit = 8

  init(
    _ verb: String, _ object: ObjectKey? = nil, addresses: [IPAddress] = [], names: some Sequence<String> = [String](),
    count: Int? = nil, detail: String? = nil
  ) {
    self.verb = verb
    self.object = object
    self.addresses = addresses
    self.names = Array(names.prefix(Self.nameLimit))
    self.count = count
    self.detail = detail
  }

  init(_ note: EventNote) {
    self.init(
      "told \(note.reason) on", ObjectKey(namespace: note.object.namespace ?? "", name: note.object.name ?? ""),
      detail: note.message)
  }

  static func finding(_ problems: [Problem]) -> Decision {
    problems.isEmpty
      ? Decision("found the configuration valid")
      : Decision("found problems of the configuration", count: problems.count)
  }

  package var description: String {
    let words =
      [self.verb, self.object?.description, self.count.map { "(\($0))" }].compactMap(\.self)
      + self.addresses.map(\.description) + self.names.sorted()
    return words.joined(separator: " ") + (self.detail.map { ": \($0)" } ?? "")
  }
}
