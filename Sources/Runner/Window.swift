import Synchronization

/// A window in a run loop's wall: others ask for a look at the machine, the loop lets them when it is between events.
///
/// So a metrics page shows one consistent state, and nothing is copied for looks that nobody takes.
package final class Window<Machine>: Sendable {
  private struct Look: Sendable {
    let id: UInt64
    /// nil = the machine will not be seen any more.
    let show: @Sendable (Machine?) -> Void
  }

  private struct State {
    var looks: [Look] = []
    var nextID: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  /// Wakes the loop; what it does may fail, as a busy loop opens the window anyway.
  private let knock: @Sendable () -> Void

  package init(knock: @escaping @Sendable () -> Void) {
    self.knock = knock
  }

  /// What `view` makes of the machine; nil when the loop has ended or the task is cancelled.
  package func look<Value: Sendable>(_ view: @escaping @Sendable (Machine) -> Value) async -> Value? {
    let id = self.state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
        let look = Look(id: id) { machine in continuation.resume(returning: machine.map(view)) }
        let isWelcome = self.state.withLock { state in
          if state.isClosed || Task.isCancelled { return false }
          state.looks.append(look)
          return true
        }
        if isWelcome { self.knock() } else { look.show(nil) }
      }
    } onCancel: {
      let look = self.state.withLock { state -> Look? in
        guard let index = state.looks.firstIndex(where: { $0.id == id }) else { return nil }
        return state.looks.remove(at: index)
      }
      look?.show(nil)
    }
  }

  /// Whether somebody asked, and the loop has not come round to it.
  package var isAwaited: Bool { self.state.withLock { !$0.looks.isEmpty } }

  /// The loop shows the machine to whoever asked.
  package func open(on machine: Machine) {
    for look in self.takeLooks() { look.show(machine) }
  }

  /// The loop has ended.
  package func close() {
    self.state.withLock { $0.isClosed = true }
    for look in self.takeLooks() { look.show(nil) }
  }

  private func takeLooks() -> [Look] {
    self.state.withLock { state in
      defer { state.looks = [] }
      return state.looks
    }
  }
}
