import Layer2
import Primitives

/// One link with what it takes to answer on it: a packet socket, and for IPv6 the groups that questions are sent to.
struct LinkEndpoint {
  /// Which endpoint: an interface has one for each family.
  struct ID: Hashable {
    let index: Int
    let family: IPFamily

    init(_ link: Link) {
      self.index = link.index
      self.family = link.family
    }
  }

  let socket: PacketSocket
  let registration: ReadinessLoop.Registration
  /// The error that was reported last.
  var failure: Int32?
  private var membership = GroupMembership()
  private var groups: GroupSockets

  var link: Link { self.socket.link }

  init(socket: PacketSocket, registration: ReadinessLoop.Registration) {
    self.socket = socket
    self.registration = registration
    self.groups = GroupSockets(on: socket.link)
  }

  /// Makes questions for an address arrive here, or lets go of them.
  mutating func setListening(for address: IPAddress, _ isListening: Bool) throws(SystemError) {
    guard case .v6(let address) = address, self.link.family == .ipv6 else { return }
    let change = isListening ? self.membership.insert(address) : self.membership.remove(address)
    switch change {
    case .join(let group):
      do throws(SystemError) {
        try self.groups.join(group)
      } catch {
        _ = self.membership.remove(address)
        throw error
      }
    case .leave(let group): self.groups.leave(group)
    case nil: break
    }
  }
}
