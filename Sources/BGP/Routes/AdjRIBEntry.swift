/// What one router should have of a prefix and what it has, in eight octets: there are as many as prefixes times routers.
struct AdjRIBEntry: Sendable, Equatable {
  /// What the peer has, as far as we told it.
  enum Sent: Sendable, Equatable {
    case nothing
    case route(RouteRegister.Key)
    /// Something that has to be sent once more.
    case stale
  }

  private static let flag: UInt32 = 1 << 31
  /// Lower than any key.
  private static let nothing: UInt32 = 0
  /// Higher than any key.
  private static let stale: UInt32 = 1 << 31 - 1

  /// The key of the route that is desired, and the flag of being queued.
  private var wanted = Self.nothing
  /// The key of the route that was sent, and the flag of being oversized.
  private var told = Self.nothing

  var desired: RouteRegister.Key? {
    get {
      let key = self.wanted & ~Self.flag
      return key == Self.nothing ? nil : key
    }
    set { self.wanted = self.wanted & Self.flag | (newValue ?? Self.nothing) }
  }

  var sent: Sent {
    get {
      switch self.told & ~Self.flag {
      case Self.nothing: .nothing
      case Self.stale: .stale
      case let key: .route(key)
      }
    }
    set {
      let value =
        switch newValue {
        case .nothing: Self.nothing
        case .stale: Self.stale
        case .route(let key): key
        }
      self.told = self.told & Self.flag | value
    }
  }

  var isQueued: Bool {
    get { self.wanted & Self.flag != 0 }
    set { self.wanted = self.wanted & ~Self.flag | (newValue ? Self.flag : 0) }
  }

  /// Its attributes leave no room for it in any message.
  var isOversized: Bool {
    get { self.told & Self.flag != 0 }
    set { self.told = self.told & ~Self.flag | (newValue ? Self.flag : 0) }
  }

  var isVacant: Bool { self.desired == nil && self.sent == .nothing && !self.isQueued }

  /// Whether the peer has what it should have.
  var isCurrent: Bool {
    switch self.sent {
    case .nothing: self.desired == nil
    case .route(let key): self.desired == key
    case .stale: false
    }
  }
}
