import NIOConcurrencyHelpers
import NIOCore

/// The open connections of one server: counts them against the limit, and knows which are between two requests.
final class ConnectionSet: Sendable {
  private struct State {
    var isDraining = false
    var open: [ObjectIdentifier: Member] = [:]
    var waitingForRoom: CheckedContinuation<Void, Never>?
    var waitingForDrain: CheckedContinuation<Void, Never>?
  }

  private struct Member {
    let channel: any Channel
    var isBusy = false
  }

  private let limit: Int
  private let state = NIOLockedValueBox(State())

  init(limit: Int) {
    self.limit = max(1, limit)
  }

  /// Takes the connection in, once there is room. One caller at a time: the accepting loop.
  func admit(_ channel: any Channel) async {
    await withCheckedContinuation { continuation in
      let hasRoom = self.state.withLockedValue { state in
        if state.open.count < self.limit || state.isDraining { return true }
        state.waitingForRoom = continuation
        return false
      }
      if hasRoom { continuation.resume() }
    }
    let isDraining = self.state.withLockedValue { state in
      state.open[ObjectIdentifier(channel)] = Member(channel: channel)
      return state.isDraining
    }
    if isDraining { channel.close(promise: nil) }
  }

  func remove(_ channel: any Channel) {
    let waiting = self.state.withLockedValue { state in
      state.open[ObjectIdentifier(channel)] = nil
      defer { state.waitingForRoom = nil }
      return state.waitingForRoom
    }
    waiting?.resume()
  }

  /// Notes that the connection begins or has ended a request; false when it must not begin another.
  func setBusy(_ isBusy: Bool, _ channel: any Channel) -> Bool {
    self.state.withLockedValue { state in
      state.open[ObjectIdentifier(channel)]?.isBusy = isBusy
      return !state.isDraining
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
