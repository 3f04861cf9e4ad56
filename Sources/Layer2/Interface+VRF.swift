// Which VRF an interface is in: its device has the kind `vrf`, and is the master of the interfaces that are its members.

extension [Interface] {
  /// The VRF of each interface that is in one, by the interface's number; the device of a VRF is in it as well.
  package var vrfs: [Int: String] {
    let devices = self.vrfDevices
    guard !devices.isEmpty else { return [:] }
    let names = Dictionary(devices.map { ($0.value, $0.key) }) { first, _ in first }
    return self.reduce(into: [:]) { vrfs, interface in
      vrfs[interface.index] = names[interface.index] ?? interface.master.flatMap { names[$0] }
    }
  }

  /// The numbers of the VRFs' devices, by name.
  package var vrfDevices: [String: Int] {
    Dictionary(self.filter { $0.kind == "vrf" }.map { ($0.name, $0.index) }) { first, _ in first }
  }
}
