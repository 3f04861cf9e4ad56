import Balancer
import HostNetwork
import Layer2
import Logging
import Primitives
import Runner

/// Finds out by what else the holder of an address is known, so that a node of the cluster can be told from a stranger.
///
/// It asks the kernel's neighbour table, at most once a second however many claims there are.
struct HolderDirectory {
  private let logger: Logger
  private var addresses: [MACAddress: [IPAddress]] = [:]
  private var staleAt: ContinuousClock.Instant?

  init(logger: Logger) {
    self.logger = logger
  }

  mutating func holder(_ claim: LinkFrame.Claim, on interface: String) -> AddressHolder {
    let now = Time.now
    if self.staleAt.map({ now >= $0 }) ?? true {
      self.staleAt = now + .seconds(1)
      self.refresh()
    }
    // That he claims this address tells nothing new.
    let others = (self.addresses[claim.holder] ?? []).filter { $0 != claim.address }
    return AddressHolder(hardware: claim.holder, interface: interface, addresses: others.sorted())
  }

  private mutating func refresh() {
    do {
      let neighbours = try NetlinkSocket(hearing: []).neighbours()
      self.addresses = Dictionary(grouping: neighbours, by: \.hardwareAddress).mapValues { $0.map(\.address) }
    } catch {
      self.logger.warning("the neighbour table is unreadable", metadata: ["reason": "\(error)"])
    }
  }
}
