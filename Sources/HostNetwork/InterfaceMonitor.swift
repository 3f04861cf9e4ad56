import Layer2
import Logging
import Primitives
import Runner

/// Tells what interfaces there are, at once and whenever that changes.
///
///     kernel ──notification──▶ ReadinessLoop ──signal──▶ run(): read, apply to the table ──▶ deliver
///                                                 └── notifications were lost: list everything anew
///
/// Several changes that come together are delivered as one; the same list is never delivered twice in a row. Nothing is
/// queued: what `deliver` has not been told yet is in the kernel's buffer, and when that overflows in a new list.
package struct InterfaceMonitor: Sendable {
  private let loop: ReadinessLoop
  private let logger: Logger

  package init(on loop: ReadinessLoop, logger: Logger) {
    self.loop = loop
    self.logger = logger
  }

  /// Delivers all interfaces of the namespace that the calling thread is in, until the task is cancelled.
  package func run(_ deliver: ([Interface]) async -> Void) async throws {
    let notifications = try NetlinkSocket(hearing: [.links, .ipv4Addresses, .ipv6Addresses])
    let lists = try NetlinkSocket(hearing: [])
    let arrivals = Inbox<Void>(capacity: 1)
    // An arrival that finds the inbox full is covered by the one in it.
    let registration = try self.loop.watch(notifications.descriptor, .onArrival) { _ = arrivals.trySend(()) }
    defer { self.loop.ignore(registration) }

    var table = try await self.list(with: lists)
    var delivered: [Interface]?
    repeat {
      try await self.catchUp(&table, with: notifications, lists)
      let interfaces = table.interfaces
      if interfaces != delivered {
        delivered = interfaces
        await deliver(interfaces)
      }
    } while await arrivals.next(before: nil, on: ContinuousClock()) != nil
  }

  /// Reads notifications until none is left.
  ///
  /// When some were lost, those that are left in the buffer are older than the loss: they are thrown away before the new
  /// list is taken, which they would falsify.
  private func catchUp(
    _ table: inout InterfaceTable, with notifications: NetlinkSocket, _ lists: NetlinkSocket
  ) async throws {
    var isComplete = true
    while true {
      switch try notifications.hear() {
      case .nothing where isComplete:
        return
      case .nothing:
        self.logger.debug("notifications about interfaces were lost, listing them anew")
        table = try await self.list(with: lists)
        isComplete = true
      case .overrun:
        isComplete = false
      case .messages(let messages) where isComplete:
        do throws(NetlinkMessage.Malformed) {
          for message in messages { try table.apply(message) }
        } catch {
          self.logger.warning("a notification about interfaces is unreadable", metadata: ["reason": "\(error)"])
          isComplete = false
        }
      case .unreadable(let error):
        self.logger.warning("a notification about interfaces is unreadable", metadata: ["reason": "\(error)"])
        isComplete = false
      case .messages:
        continue
      }
    }
  }

  /// Between attempts to list what changes all the time.
  private static let listPause = Duration.milliseconds(200)

  /// All that there is, as soon as it can be listed in one go. While thousands of addresses come, as they do when kube-proxy
  /// starts in IPVS mode, that has to wait; what was delivered last holds so long.
  private func list(with lists: NetlinkSocket) async throws -> InterfaceTable {
    var isTold = false
    while true {
      do throws(NetlinkSocket.Failure) {
        return try lists.interfaceTable()
      } catch {
        guard error == .neverConsistent else { throw error }
        if !isTold { self.logger.warning("interfaces are not known yet", metadata: ["reason": "\(error)"]) }
        isTold = true
      }
      try await ContinuousClock().sleep(for: Self.listPause)
    }
  }
}
