import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// The ConfigMap as a stand-in for objects that do not exist.
@Suite struct LegacyConfigurationTests {
  private static let configMapKey = key("metallb-system/config")

  private var machine = LegacyConfiguration(settings: .init(configMap: Self.configMapKey))

  private static func configMap(_ content: LegacyConfigMap.Content) -> ObjectChange<LegacyConfigMap> {
    var map = LegacyConfigMap(
      ConfigMap(metadata: ObjectMeta(name: "config", namespace: "metallb-system", uid: "u"), data: ["config": "x"]),
      parse: { _ in JSONValue.null })
    map.content = content
    return .applied(map)
  }

  private static func tree(_ pools: (String, String)...) -> LegacyConfigMap.Content {
    .tree([
      "address-pools": .array(
        pools.map { name, addresses in
          ["name": .string(name), "protocol": "layer2", "addresses": [.string(addresses)]]
        })
    ])
  }

  private static func legacyPool(_ name: String, _ addresses: String) -> IPAddressPool {
    IPAddressPool(
      metadata: ObjectMeta(name: name, namespace: "metallb-system"), spec: .init(addresses: [addresses]))
  }

  /// The pool changes among the actions.
  private mutating func pools(
    _ event: LegacyConfiguration.Event, at offset: Duration = .zero
  ) -> [ObjectChange<IPAddressPool>] {
    self.machine.handle(event, at: t0 + offset).compactMap {
      if case .change(.pools(let change)) = $0 { change } else { nil }
    }
  }

  private func problems(_ actions: [LegacyConfiguration.Action]) -> [Problem]? {
    actions.compactMap { if case .report(let problems) = $0 { problems } else { nil } }.last
  }

  @Test mutating func `without objects the ConfigMap's pools are in force, in either order of the lists`() {
    #expect(self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24"))))) == [])
    #expect(self.pools(.configMap(.synced)) == [])
    #expect(self.pools(.object(.pools(.synced))) == [.applied(Self.legacyPool("a", "10.0.0.0/24")), .synced])

    self.machine = LegacyConfiguration(settings: .init(configMap: Self.configMapKey))
    #expect(self.pools(.object(.pools(.synced))) == [])
    #expect(self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24"))))) == [])
    #expect(self.pools(.configMap(.synced)) == [.applied(Self.legacyPool("a", "10.0.0.0/24")), .synced])
  }

  @Test mutating func `with objects the ConfigMap's pools are never in force, and that is told`() {
    let object = poolObject("crd", ["10.1.0.0/24"])
    #expect(self.pools(.object(.pools(.applied(object)))) == [.applied(object)])
    _ = self.pools(.object(.pools(.synced)))
    _ = self.machine.handle(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24")))), at: t0)
    let actions = self.machine.handle(.configMap(.synced), at: t0)
    #expect(actions.contains(.change(.pools(.synced))))
    #expect(
      !actions.contains { if case .change(.pools(.applied)) = $0 { true } else { false } })
  }

  @Test mutating func `the first object does not take the pools away before the others have come`() {
    _ = self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")))))
    _ = self.pools(.configMap(.synced))
    _ = self.pools(.object(.pools(.synced)))
    // kubectl apply of the converted pools: the same name passes over, the other stays.
    let first = poolObject("a", ["10.0.0.0/24"])
    #expect(self.pools(.object(.pools(.applied(first))), at: .seconds(1)) == [.applied(first)])
    #expect(self.machine.nextDeadline == t0 + .seconds(6))
    let second = poolObject("b", ["10.0.1.0/24"])
    #expect(self.pools(.object(.pools(.applied(second))), at: .seconds(2)) == [.applied(second)])
    #expect(self.pools(.tick, at: .seconds(7)) == [])
    #expect(self.machine.nextDeadline == nil)
  }

  @Test mutating func `what was not converted ends when no object has come for a while`() {
    _ = self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")))))
    _ = self.pools(.configMap(.synced))
    _ = self.pools(.object(.pools(.synced)))
    let first = poolObject("other", ["10.9.0.0/24"])
    #expect(self.pools(.object(.pools(.applied(first)))) == [.applied(first)])
    #expect(self.pools(.tick, at: .seconds(4)) == [])
    #expect(
      self.pools(.tick, at: .seconds(5)) == [
        .deleted(key("metallb-system/a")), .deleted(key("metallb-system/b")),
      ])
    // And back again, without a gap, when the object goes.
    #expect(
      self.pools(.object(.pools(.deleted(key("metallb-system/other")))), at: .seconds(9)) == [
        .applied(Self.legacyPool("a", "10.0.0.0/24")), .applied(Self.legacyPool("b", "10.0.1.0/24")),
        .deleted(key("metallb-system/other")),
      ])
  }

  @Test mutating func `an object of the same name that goes is replaced, not removed`() {
    _ = self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24")))))
    _ = self.pools(.configMap(.synced))
    _ = self.pools(.object(.pools(.synced)))
    _ = self.pools(.object(.pools(.applied(poolObject("a", ["10.0.0.0/24"])))))
    #expect(
      self.pools(.object(.pools(.deleted(key("metallb-system/a"))))) == [
        .applied(Self.legacyPool("a", "10.0.0.0/24"))
      ])
  }

  @Test mutating func `changes of the ConfigMap take effect, one entry at a time`() {
    _ = self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")))))
    _ = self.pools(.configMap(.synced))
    _ = self.pools(.object(.pools(.synced)))
    #expect(
      self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24"), ("c", "10.0.2.0/24"))))) == [
        .applied(Self.legacyPool("c", "10.0.2.0/24")), .deleted(key("metallb-system/b")),
      ])
    #expect(
      self.pools(.configMap(.deleted(Self.configMapKey))) == [
        .deleted(key("metallb-system/a")), .deleted(key("metallb-system/c")),
      ])
  }

  @Test(arguments: [
    LegacyConfigMap.Content.missing, .unreadable("1:1: error: parser: boom"), .tree(["address-pools": "many"]),
    tree(("a", "10.0.0.0/24"), ("b", "10.0.0.0/33")),
  ])
  mutating func `an invalid form leaves the last good one in force, and is told once`(
    content: LegacyConfigMap.Content
  ) {
    _ = self.pools(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24")))))
    _ = self.pools(.configMap(.synced))
    _ = self.pools(.object(.pools(.synced)))
    let actions = self.machine.handle(.configMap(Self.configMap(content)), at: t0)
    #expect(!actions.contains { if case .change = $0 { true } else { false } })
    #expect(self.problems(actions)?.contains { $0.severity == .invalid && $0.kind == "ConfigMap" } == true)
    #expect(
      actions.contains {
        if case .emit(let note) = $0 {
          note.reason == "InvalidConfiguration" && note.object.name == "config"
        } else {
          false
        }
      })
    #expect(self.machine.handle(.configMap(Self.configMap(content)), at: t0) == [])
    let healed = self.machine.handle(.configMap(Self.configMap(Self.tree(("a", "10.0.0.0/24")))), at: t0)
    #expect(healed == [.report([])])
  }

  @Test mutating func `a ConfigMap that cannot be read holds nothing up for long`() {
    #expect(self.pools(.object(.pools(.synced)), at: .seconds(1)) == [])
    #expect(self.machine.nextDeadline == t0 + .seconds(11))
    #expect(self.pools(.tick, at: .seconds(11)) == [.synced])
    #expect(self.machine.nextDeadline == nil)
  }

  @Test mutating func `without a name no ConfigMap is waited for`() {
    self.machine = LegacyConfiguration(settings: .init(configMap: nil))
    #expect(self.pools(.object(.pools(.synced))) == [.synced])
  }
}
