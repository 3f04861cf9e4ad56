import CLinux
import Glibc

/// A socket to the routing tables of the kernel (rtnetlink(7)).
package final class NetlinkSocket: Sendable {
  /// Which changes a socket hears of; the numbers are the kernel's (`RTMGRP_*`).
  package struct Groups: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    package static let links = Groups(rawValue: 0x1)
    package static let ipv4Addresses = Groups(rawValue: 0x10)
    package static let ipv6Addresses = Groups(rawValue: 0x100)
  }

  /// Why a dump did not come.
  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case system(SystemError)
    case malformed(NetlinkMessage.Malformed)
    case refused(SystemError)
    /// The tables changed during each of several dumps.
    case neverConsistent

    package var description: String {
      switch self {
      case .system(let error), .refused(let error): error.description
      case .malformed(let error): error.description
      case .neverConsistent: "cannot list the interfaces: they change faster than they can be listed"
      }
    }
  }

  package let descriptor: Descriptor

  /// Opens a socket in the network namespace of the calling thread.
  package init(hearing groups: Groups) throws(SystemError) {
    self.descriptor = try Descriptor(
      owning: socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Int32(NETLINK_ROUTE)),
      "open a netlink socket")
    // Not known before Linux 4.20, and not needed: requests here are well-formed.
    try? self.descriptor.setOption(Self.level, NETLINK_GET_STRICT_CHK, 1, "ask netlink for strict checks")
    try? self.descriptor.setOption(SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20, "enlarge a netlink buffer")
    var address = sockaddr_nl()
    address.nl_family = UInt16(AF_NETLINK)
    address.nl_groups = groups.rawValue
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(self.descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
      }
    }
    guard result == 0 else { throw SystemError("bind a netlink socket") }
  }

  private static let level: Int32 = 270  // SOL_NETLINK
  /// The kernel fills datagrams of up to 32 KiB when it is offered that much.
  private static let largestDatagram = 32 * 1024

  /// What a read of a notification socket found.
  package enum Heard: Sendable, Hashable {
    case messages([NetlinkMessage])
    case nothing
    /// Notifications were lost: only a new list tells the state.
    case overrun
    /// A notification was not understood, which is as bad.
    case unreadable(NetlinkMessage.Malformed)
  }

  /// Reads one datagram of notifications, without waiting.
  package func hear() throws(Failure) -> Heard {
    switch Result(catching: { () throws(SystemError) in try self.datagram(flags: Int32(MSG_DONTWAIT)) }) {
    case .success(let datagram?):
      do throws(NetlinkMessage.Malformed) {
        return .messages(try NetlinkMessage.messages(in: datagram))
      } catch {
        return .unreadable(error)
      }
    case .success(nil): return .nothing
    case .failure(let error) where error.code == ENOBUFS: return .overrun
    case .failure(let error): throw .system(error)
    }
  }

  /// All interfaces with their addresses, as they are now.
  package func interfaceTable() throws(Failure) -> InterfaceTable {
    // A list that was interrupted by a change may lack entries (NLM_F_DUMP_INTR): take it again.
    for _ in 0..<5 {
      let links = try self.dump(RTM_GETLINK, Self.linkRequest)
      let addresses = try self.dump(RTM_GETADDR, [UInt8](repeating: 0, count: 8))
      guard links.isConsistent && addresses.isConsistent else { continue }
      var table = InterfaceTable()
      for message in links.messages + addresses.messages {
        do throws(NetlinkMessage.Malformed) { try table.apply(message) } catch { throw .malformed(error) }
      }
      return table
    }
    throw .neverConsistent
  }

  struct Dump {
    var messages: [NetlinkMessage] = []
    var isConsistent = true
  }

  /// `struct ifinfomsg`, and the wish to be spared the statistics (IFLA_EXT_MASK).
  private static var linkRequest: [UInt8] {
    var request = [UInt8](repeating: 0, count: 16)
    request.append(number: 8 as UInt16)
    request.append(number: UInt16(IFLA_EXT_MASK))
    request.append(number: UInt32(RTEXT_FILTER_SKIP_STATS))
    return request
  }

  func dump(_ type: some BinaryInteger, _ request: [UInt8]) throws(Failure) -> Dump {
    let message = NetlinkMessage(
      type: UInt16(type), flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), sequence: 1, payload: request[...])
    let bytes = message.bytes
    guard send(self.descriptor.number, bytes, bytes.count, 0) == bytes.count else {
      throw .system(SystemError("ask netlink for a list"))
    }
    var dump = Dump()
    while true {
      let datagram: [UInt8]?
      do throws(SystemError) { datagram = try self.datagram(flags: 0) } catch { throw .system(error) }
      for message in try Self.messages(in: datagram ?? []) {
        if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { dump.isConsistent = false }
        switch Int32(message.type) {
        case NLMSG_DONE: return dump
        case NLMSG_ERROR: throw .refused(SystemError("list with netlink", code: Self.code(of: message)))
        default: dump.messages.append(message)
        }
      }
    }
  }

  /// One datagram; nil if there is none yet.
  private func datagram(flags: Int32) throws(SystemError) -> [UInt8]? {
    var length = 0
    let datagram = [UInt8](unsafeUninitializedCapacity: Self.largestDatagram) { buffer, count in
      repeat {
        length = recv(self.descriptor.number, buffer.baseAddress, buffer.count, flags)
      } while length < 0 && errno == EINTR
      count = max(0, length)
    }
    if length >= 0 { return datagram }
    guard errno == EAGAIN else { throw SystemError("receive from netlink") }
    return nil
  }

  private static func messages(in datagram: [UInt8]) throws(Failure) -> [NetlinkMessage] {
    do throws(NetlinkMessage.Malformed) {
      return try NetlinkMessage.messages(in: datagram)
    } catch {
      throw .malformed(error)
    }
  }

  /// The error that the kernel answered with: `struct nlmsgerr` begins with its negative.
  private static func code(of message: NetlinkMessage) -> Int32 {
    guard let code = try? message.payload.number(at: 0, as: Int32.self), (-4095..<0).contains(code) else {
      return EPROTO
    }
    return -code
  }
}
