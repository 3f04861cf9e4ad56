import NIOConcurrencyHelpers
import NIOCore
import Runner

/// The open connections of one server: counts them against the limit, and knows which are between two requests.
///
/// When there is no room for a newcomer, the connection goes that has waited longest without a request: whoever opens
/// connections and says nothing keeps nobody out.
final class ConnectionSet: Sendable {
  private struct State {
    var isDraining = false
    var open: [ObjectIdentifier: Member] = [:]
    var waitingForRoom: CheckedContinuation<Void, Never>?
    var waitingForDrain: CheckedContinuation<Void, Never>?
    /// When somebody was last shown out for want of room.
    var lastEviction: ContinuousClock.Instant?
  }

  private struct Member {
    let channel: any Channel
    var isBusy = false
    /// Whether it was told to close, as others need its place.
    var isGoing = false
    var idleSince: ContinuousClock.Instant
  }

  /// Between two evictions of one crowd; after a longer time it is another one, and worth another word.
  private static let crowdPause = Duration.seconds(60)

  private let limit: Int
  private let onCrowd: @Sendable () -> Void
  private let state = NIOLockedValueBox(State())

  /// `onCrowd` is called when connections begin to be closed for want of room, once for each crowd.
  init(limit: Int, onCrowd: @escaping @Sendable () -> Void = {}) {
    self.limit = max(1, limit)
    self.onCrowd = onCrowd
  }

  /// Takes the connection in, once there is room. One caller at a time: the accepting loop.
  func admit(_ channel: any Channel) async {
    await withCheckedContinuation { continuation in
      let now = Time.now
      let (hasRoom, leaving, isNewCrowd) = self.state.withLockedValue { state -> (Bool, (any Channel)?, Bool) in
        if state.open.count < self.limit || state.isDraining { return (true, nil, false) }
        state.waitingForRoom = continuation
        guard let (channel, isNewCrowd) = Self.chooseLeaver(&state, at: now) else { return (false, nil, false) }
        return (false, channel, isNewCrowd)
      }
      if hasRoom { continuation.resume() }
      leaving?.hangUp()
      if isNewCrowd { self.onCrowd() }
    }
    let isDraining = self.state.withLockedValue { state in
      state.open[ObjectIdentifier(channel)] = Member(channel: channel, idleSince: Time.now)
      return state.isDraining
    }
    if isDraining { channel.close(promise: nil) }
  }

  /// Who has to go; nil when all are busy.
  private static func chooseLeaver(_ state: inout State, at now: ContinuousClock.Instant) -> (any Channel, Bool)? {
    let idle = state.open.filter { !$0.value.isBusy && !$0.value.isGoing }
    guard let (id, member) = idle.min(by: { $0.value.idleSince < $1.value.idleSince }) else { return nil }
    state.open[id]?.isGoing = true
    defer { state.lastEviction = now }
    return (member.channel, state.lastEviction.map { $0 + Self.crowdPause < now } ?? true)
  }

  func remove(_ channel: any Channel) {
    let waiting = self.state.withLockedValue { state in
      state.open[ObjectIdentifier(channel)] = nil
      defer { state.waitingForRoom = nil }
      return state.waitingForRoom
    }
    waiting?.resume()
  }

  /// Notes that the connection begins or has ended a request; false when it must not begin another: the server stops, or
  /// somebody waits for its place.
  func setBusy(_ isBusy: Bool, _ channel: any Channel) -> Bool {
    let now = Time.now
    return self.state.withLockedValue { state in
      let id = ObjectIdentifier(channel)
      state.open[id]?.isBusy = isBusy
      state.open[id]?.idleSince = now
      return !state.isDraining && (isBusy || state.waitingForRoom == nil)
    }
  }

  var isDraining: Bool { self.state.withLockedValue { $0.isDraining } }

  /// Begins a stop: idle connections close now, busy ones after the response that they are at.
  func drain() {
    let (idle, waiting) = self.state.withLockedValue { state in
      state.isDraining = true
      defer {
        state.waitingForDrain = nil
        state.waitingForRoom = nil
      }
      return (
        state.open.values.filter { !$0.isBusy }.map { $0.channel },
        [state.waitingForDrain, state.waitingForRoom].compactMap { $0 }
      )
    }
    for continuation in waiting { continuation.resume() }
    for channel in idle { channel.close(promise: nil) }
  }

  func waitUntilDraining() async {
    await withCheckedContinuation { continuation in
      let isDraining = self.state.withLockedValue { state in
        if !state.isDraining { state.waitingForDrain = continuation }
        return state.isDraining
      }
      if isDraining { continuation.resume() }
    }
  }

  func closeAll() {
    for channel in self.state.withLockedValue({ $0.open.values.map { $0.channel } }) { channel.close(promise: nil) }
  }
}
