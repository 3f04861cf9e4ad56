import Primitives
import Testing

@testable import Layer2

@Suite struct InterfaceTests {
  static let ethernet = Interface(
    index: 2, name: "eth0", hardwareAddress: MACAddress(bits: 0x0200_0000_0001),
    flags: [.up, .broadcast, .multicast, .lowerUp],
    addresses: [Interface.Address(.v6(IPv6Address(bits: 0xFE80 << 112 | 1)), prefixLength: 64)])

  static func changed(_ change: (inout Interface) -> Void) -> Interface {
    var interface = ethernet
    change(&interface)
    return interface
  }

  @Test(arguments: IPFamily.allCases) func `an Ethernet interface that is up announces either family`(family: IPFamily)
  {
    #expect(Self.ethernet.unsuitability(for: family) == nil)
  }

  @Test(arguments: IPFamily.allCases) func `a link without carrier is kept, as its interface is up`(family: IPFamily) {
    let unplugged = Self.changed { $0.flags.remove(.lowerUp) }
    #expect(unplugged.unsuitability(for: family) == nil)
    #expect(!unplugged.hasCarrier)
  }

  @Test(arguments: [
    (changed { $0.flags.remove(.up) }, Interface.Unsuitable.down),
    (changed { $0.master = 7 }, .enslaved),
    (changed { $0.flags.insert(.noARP) }, .noARP),
    (changed { $0.hardwareAddress = nil }, .noHardwareAddress),
  ])
  func `an interface that can announce nothing says why`(interface: Interface, reason: Interface.Unsuitable) {
    #expect(interface.unsuitability(for: .ipv4) == reason)
    #expect(interface.unsuitability(for: .ipv6) == reason)
  }

  @Test func `IPv4 needs broadcasts and IPv6 does not`() {
    let interface = Self.changed { $0.flags.remove(.broadcast) }
    #expect(interface.unsuitability(for: .ipv4) == .noBroadcast)
    #expect(interface.unsuitability(for: .ipv6) == nil)
  }

  @Test func `IPv6 needs a link-local address and IPv4 does not`() {
    let interface = Self.changed {
      $0.addresses = [Interface.Address(.v4(IPv4Address(192, 0, 2, 1)), prefixLength: 24)]
    }
    #expect(interface.unsuitability(for: .ipv6) == .noLinkLocalAddress)
    #expect(interface.unsuitability(for: .ipv4) == nil)
  }

  @Test func `the links are the suitable interfaces that are not excluded`() {
    let interfaces = [
      Self.ethernet,
      Interface(index: 3, name: "veth12", hardwareAddress: MACAddress(bits: 3), flags: [.up, .broadcast]),
      Interface(index: 4, name: "eth1", hardwareAddress: MACAddress(bits: 4), flags: [.broadcast]),
      Interface(index: 5, name: "bond0", hardwareAddress: MACAddress(bits: 5), flags: [.up, .broadcast]),
    ]
    var standard = LinkSelector(excluding: .standard)
    let links = standard.links(among: interfaces)
    #expect(
      links[.ipv4] == [
        Link(index: 2, name: "eth0", hardwareAddress: MACAddress(bits: 0x0200_0000_0001)),
        Link(index: 5, name: "bond0", hardwareAddress: MACAddress(bits: 5)),
      ])
    #expect(links[.ipv6]?.map(\.index) == [2])
    var all = LinkSelector(excluding: .none)
    #expect(all.links(among: interfaces)[.ipv4]?.map(\.index) == [2, 3, 5])
  }

  @Test func `names that come are matched and names that are gone forgotten, whatever else changes`() {
    func links(_ names: [String], _ selector: inout LinkSelector) -> [String] {
      let interfaces = names.enumerated().map { index, name in
        Interface(index: index, name: name, hardwareAddress: MACAddress(bits: 3), flags: [.up, .broadcast])
      }
      return selector.links(among: interfaces)[.ipv4]?.map(\.name) ?? []
    }
    var selector = LinkSelector(excluding: .standard)
    #expect(links(["eth0", "veth1"], &selector) == ["eth0"])
    #expect(links(["eth0", "veth1", "veth2", "eth1"], &selector) == ["eth0", "eth1"])
    // Renamed.
    #expect(links(["veth0", "eth2", "veth2", "eth1"], &selector) == ["eth2", "eth1"])
    #expect(selector.rememberedNames == 4)
    #expect(links(["eth2"], &selector) == ["eth2"])
    #expect(selector.rememberedNames == 1)
  }

  @Test func `from an address something can be sent while an interface that has it has a carrier`() {
    let address = IPAddress.v4(IPv4Address(192, 0, 2, 1))
    func interface(_ flags: Interface.Flags) -> Interface {
      Interface(index: 2, name: "eth0", flags: flags, addresses: [Interface.Address(address, prefixLength: 24)])
    }
    #expect([interface([.up, .lowerUp])].canSend(from: address))
    #expect(![interface([.up])].canSend(from: address))
    #expect([interface([.up]), interface([.up, .lowerUp])].canSend(from: address))
    #expect(![interface([.up, .lowerUp])].canSend(from: .v4(IPv4Address(192, 0, 2, 2))), "nobody has it")
    #expect([Interface]().canSend(from: .v4(IPv4Address(0, 0, 0, 0))), "nothing is known of where that leaves")
  }

  @Test(arguments: [
    "docker0", "cbr0", "dummy1", "virbr0-nic", "lxcbr0", "veth1a2b", "lo", "cali123", "tunl0", "flannel.1",
    "kube-ipvs0", "cni0", "nodelocaldns", "lxc_health",
  ])
  func `interfaces of container runtimes and CNI plugins are excluded when there is no file`(name: String) {
    #expect(InterfaceExclusions.standard.excludes(name))
  }

  @Test(arguments: ["eth0", "enp3s0", "lo1", "bond0", "br0", "eth0.docker", "wlan0"])
  func `other interfaces are not`(name: String) {
    #expect(!InterfaceExclusions.standard.excludes(name))
  }

  @Test func `a pattern matches anywhere in the name unless it is anchored`() throws {
    let exclusions = try InterfaceExclusions(["th", "^x$"])
    #expect(exclusions.excluded(among: ["eth0", "x", "xx", "wlan0"]) == ["eth0", "x"])
  }

  @Test func `patterns are written as for Go`() throws {
    let exclusions = try InterfaceExclusions([
      #"^(?:en|wl)p\d{1,2}s[[:digit:]]+$"#, #"^(?P<zone>dmz|lan)\z"#, #"^\pLx"#, "(?i)^TUN",
    ])
    #expect(
      exclusions.excluded(among: ["enp3s0", "wlp12s1", "enp123s0", "dmz", "lan0", "äx", "1x", "tun0"])
        == ["enp3s0", "wlp12s1", "dmz", "äx", "tun0"])
  }

  @Test func `a pattern that is not a regular expression is named`() {
    #expect { try InterfaceExclusions(["^eth.*", "^(cali"]) } throws: { error in
      guard let error = error as? InterfaceExclusions.InvalidPattern else { return false }
      return error.pattern == "^(cali"
        && error.description.hasPrefix(#"announcedInterfacesToExclude: "^(cali" is not a regular expression: "#)
    }
  }

  @Test func `the union of interface lists is what either has, and all stays all`() {
    #expect(InterfaceSet.only(["b", "a"]).union(.only(["c", "a"])) == .only(["a", "b", "c"]))
    #expect(InterfaceSet.only(["a"]).union(.all) == .all)
    #expect(InterfaceSet.all.union(.only([])) == .all)
    #expect(InterfaceSet.all.contains("eth0"))
  }
}
