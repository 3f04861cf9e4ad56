import KubernetesModel
import Primitives

/// What interfaces a node must have in order to announce a Service.
package struct LinkDemand: Sendable, Hashable {
  package var family: IPFamily
  /// The interfaces of the advertisements for all nodes; nil = there is no such advertisement.
  package var general: InterfaceSelection?
  /// Those of each advertisement that selects nodes.
  package var selective: [ObjectKey: InterfaceSelection]

  package init(family: IPFamily, general: InterfaceSelection?, selective: [ObjectKey: InterfaceSelection] = [:]) {
    self.family = family
    self.general = general
    self.selective = selective
  }

  init(_ advertisements: [L2AdvertisementConfiguration], family: IPFamily) {
    self.init(family: family, general: nil)
    for advertisement in advertisements {
      if advertisement.nodeSelectors.isEmpty {
        self.general = self.general?.union(advertisement.interfaces) ?? advertisement.interfaces
      } else {
        self.selective[advertisement.key] = advertisement.interfaces
      }
    }
  }

  /// Whether a node that is selected by these advertisements has such an interface among its own.
  func isMet(by interfaces: [IPFamily: Set<String>], selectedBy advertisements: Set<ObjectKey>) -> Bool {
    guard let own = interfaces[self.family], !own.isEmpty else { return false }
    return self.selections(advertisements).contains { selection in
      switch selection {
      case .all: true
      case .named(let names): !names.isDisjoint(with: own)
      }
    }
  }

  private func selections(_ advertisements: Set<ObjectKey>) -> [InterfaceSelection] {
    [self.general].compactMap(\.self) + self.selective.filter { advertisements.contains($0.key) }.values
  }
}
