import Layer2
import Logging
import Primitives
import Runner
import Synchronization

/// Looks for the routers of links, and advertises this node to them: lends `RouterDiscovery` its senses and hands.
///
///     seek, interfacesChanged ─▶ pending ─┐
///     kernel ─▶ ReadinessLoop ─▶ signal ──┴▶ run(): RouterDiscovery.handle ─▶ join, send ─▶ RouterSocket ─▶ ICMPv6
///                                                                        └─▶ deliver
///
/// Whoever tells it something does not wait; of each kind the latest counts. There is no socket before an interface is
/// wanted, and messages that nobody has read yet wait in the kernel's bounded buffer.
package final class RouterFinder: Sendable {
  private struct Pending {
    var wanted: Set<String>?
    var interfaces: [Interface]?
  }

  /// How many messages are read before anything else gets its turn.
  private static let batchSize = 64

  private let loop: ReadinessLoop
  private let logger: Logger
  private let seed: UInt64
  private let pending = Mutex(Pending())
  private let signals = Inbox<Void>(capacity: 1)

  package init(on loop: ReadinessLoop, seed: UInt64, logger: Logger) {
    self.loop = loop
    self.seed = seed
    self.logger = logger
  }

  /// The interfaces to look on: all of them, by name.
  package func seek(on interfaces: Set<String>) {
    self.pending.withLock { $0.wanted = interfaces }
    _ = self.signals.trySend(())
  }

  package func interfacesChanged(_ interfaces: [Interface]) {
    self.pending.withLock { $0.interfaces = interfaces }
    _ = self.signals.trySend(())
  }

  /// Delivers what is found on which interface, until the task is cancelled.
  package func run(_ deliver: (String, RouterDiscovery.Finding) -> Void) async {
    var discovery = RouterDiscovery(seed: self.seed)
    var socket: RouterSocket?
    var registration: ReadinessLoop.Registration?
    var refusal: SystemError?
    while !Task.isCancelled {
      _ = await self.signals.next(before: discovery.nextDeadline, on: ContinuousClock())
      let now = Time.now
      for event in self.events(from: socket) + [.tick] {
        for action in discovery.handle(event, at: now) {
          if case .report(let interface, let finding) = action {
            deliver(interface, finding)
            continue
          }
          do throws(SystemError) {
            let open: RouterSocket
            if let socket {
              open = socket
            } else {
              open = try RouterSocket()
              socket = open
              registration = try self.loop.watch(open.descriptor, .onArrival) { _ = self.signals.trySend(()) }
            }
            try Self.perform(action, by: open)
            refusal = nil
          } catch {
            // What fails is tried again with the next advertisement; the same failure is told once.
            if error != refusal { self.logger.warning("router discovery", metadata: ["error": "\(error)"]) }
            refusal = error
          }
        }
      }
    }
    if let registration { self.loop.ignore(registration) }
  }

  private static func perform(_ action: RouterDiscovery.Action, by socket: RouterSocket) throws(SystemError) {
    switch action {
    case .join(let interface): try socket.join(interface)
    case .leave(let interface): socket.leave(interface)
    case .send(let message, let interface): try socket.send(message, on: interface)
    case .report: break
    }
  }

  /// What has happened since the last time.
  private func events(from socket: RouterSocket?) -> [RouterDiscovery.Event] {
    let pending = self.pending.withLock { pending in
      defer { pending = Pending() }
      return pending
    }
    var events: [RouterDiscovery.Event] = []
    if let interfaces = pending.interfaces { events.append(.interfaces(interfaces)) }
    if let wanted = pending.wanted { events.append(.wanted(wanted)) }
    guard let socket else { return events }
    for _ in 0..<Self.batchSize {
      let arrived: RouterSocket.Arrived?
      do throws(SystemError) {
        arrived = try socket.receive()
      } catch {
        self.logger.debug("a router's message could not be read", metadata: ["error": "\(error)"])
        continue
      }
      switch arrived {
      case nil:
        return events
      case .message(let message, let origin):
        events.append(
          .received(message, from: origin.source, hopLimit: origin.hopLimit, interface: origin.interface))
      case .malformed(let fault, let origin):
        self.logger.debug(
          "a router's message is malformed", metadata: ["reason": "\(fault)", "source": "\(origin.source)"])
      }
    }
    // More may be there, of which nobody tells again.
    _ = self.signals.trySend(())
    return events
  }
}
