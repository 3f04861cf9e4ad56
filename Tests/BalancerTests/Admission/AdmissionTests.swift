import KubernetesModel
import TestKit
import Testing

@testable import Balancer

/// Contract section 7: what is refused, in which words, and what is let through.
@Suite struct AdmissionTests {
  private let admission = Admission(namespace: "metallb-system")

  private func metadata(_ name: String, in namespace: String = "metallb-system", born: Int64? = nil) -> ObjectMeta {
    var metadata = ObjectMeta(name: name, namespace: namespace)
    metadata.creationTimestamp = born.map { Timestamp(seconds: $0) }
    return metadata
  }

  private func pool(
    _ name: String, _ addresses: String..., in namespace: String = "metallb-system", born: Int64? = nil
  ) -> IPAddressPool {
    IPAddressPool(metadata: self.metadata(name, in: namespace, born: born), spec: .init(addresses: addresses))
  }

  private func peer(_ name: String, in namespace: String = "metallb-system", _ spec: BGPPeer.Spec) -> BGPPeer {
    BGPPeer(metadata: self.metadata(name, in: namespace), spec: spec)
  }

  private func refusal(_ verdict: AdmissionVerdict) -> String? {
    if case .denied(let message, _) = verdict { message } else { nil }
  }

  @Test func `a good pool is let in`() {
    let verdict = self.admission.verdict(
      on: .create, of: .pool(self.pool("a", "192.0.2.0/24")), among: ConfigurationObjects(pools: []))
    #expect(verdict == .allowed)
  }

  @Test func `a pool that overlaps is refused in upstream's words`() {
    let existing = ConfigurationObjects(pools: [self.pool("a", "192.0.2.0/24", born: 1)])
    let verdict = self.admission.verdict(
      on: .create, of: .pool(self.pool("b", "192.0.2.128/25")), among: existing)
    #expect(
      self.refusal(verdict)
        == #"CIDR "192.0.2.128/25" in pool "b" overlaps with already defined CIDR "192.0.2.0/24""#)
  }

  @Test func `everything that is wrong with an object is told at once, one sentence a line`() {
    let verdict = self.admission.verdict(
      on: .update, of: .pool(self.pool("a", "192.0.2.9-192.0.2.1", "nonsense")), among: ConfigurationObjects(pools: []))
    #expect(
      self.refusal(verdict)
        == #"""
        parsing address pool a: invalid CIDR "192.0.2.9-192.0.2.1" in pool "a": invalid IP range "192.0.2.9-192.0.2.1": \#
        start IP "192.0.2.9" is after the end IP "192.0.2.1"
        parsing address pool a: invalid CIDR "nonsense" in pool "a": invalid CIDR "nonsense"
        """#)
  }

  @Test func `an advertisement may name a pool that comes later, but not one twice`() {
    func advertisement(_ pools: String...) -> AdmissionSubject {
      .l2Advertisement(L2Advertisement(metadata: self.metadata("ad"), spec: .init(ipAddressPools: pools)))
    }
    let existing = ConfigurationObjects(l2Advertisements: [])
    #expect(self.admission.verdict(on: .create, of: advertisement("later"), among: existing) == .allowed)
    #expect(
      self.refusal(self.admission.verdict(on: .create, of: advertisement("p", "p"), among: existing))
        == #"duplicate definition of ipAddressPools "p""#)
  }

  @Test func `an older pool that grows over a younger one is refused, not the younger one`() {
    let existing = ConfigurationObjects(pools: [
      self.pool("old", "192.0.2.0/25", born: 1), self.pool("young", "192.0.2.128/25", born: 2),
    ])
    let verdict = self.admission.verdict(
      on: .update, of: .pool(self.pool("old", "192.0.2.0/24", born: 1)), among: existing)
    #expect(
      self.refusal(verdict)
        == #"CIDR "192.0.2.0/24" in pool "old" overlaps with already defined CIDR "192.0.2.128/25""#)
  }

  @Test func `objects that are broken already never stand in the way of another`() {
    let existing = ConfigurationObjects(pools: [
      self.pool("broken", "not an address", born: 1), self.pool("overlapping", "192.0.2.0/24", born: 2),
      self.pool("overlapped", "192.0.2.0/24", born: 3),
    ])
    for operation in [AdmissionReview.Operation.create, .update] {
      let verdict = self.admission.verdict(
        on: operation, of: .pool(self.pool("fine", "198.51.100.0/24")), among: existing)
      #expect(verdict == .allowed)
    }
  }

  @Test func `a broken object may be mended, and may go`() {
    let existing = ConfigurationObjects(pools: [self.pool("a", "not an address", born: 1)])
    #expect(
      self.admission.verdict(on: .update, of: .pool(self.pool("a", "192.0.2.0/24", born: 1)), among: existing)
        == .allowed)
    #expect(
      self.admission.verdict(on: .delete, of: .pool(self.pool("a", "not an address", born: 1)), among: existing)
        == .allowed)
    var leaving = self.pool("a", "not an address", born: 1)
    leaving.metadata.deletionTimestamp = Timestamp(seconds: 5)
    #expect(self.admission.verdict(on: .update, of: .pool(leaving), among: existing) == .allowed)
  }

  @Test(arguments: [
    AdmissionSubject.pool(IPAddressPool(metadata: ObjectMeta(name: "a", namespace: "web"), spec: .init(addresses: []))),
    .bgpPeer(BGPPeer(metadata: ObjectMeta(name: "a", namespace: "web"))),
    .bgpAdvertisement(BGPAdvertisement(metadata: ObjectMeta(name: "a", namespace: "web"))),
    .l2Advertisement(L2Advertisement(metadata: ObjectMeta(name: "a", namespace: "web"))),
    .community(CommunityAliases(metadata: ObjectMeta(name: "a", namespace: "web"))),
    .bfdProfile(BFDProfile(metadata: ObjectMeta(name: "a", namespace: "web"))),
  ])
  func `an object of any kind outside the namespace is refused at its creation only`(subject: AdmissionSubject) {
    #expect(
      self.refusal(self.admission.verdict(on: .create, of: subject, among: ConfigurationObjects()))
        == "resource must be created in metallb-system namespace")
    #expect(self.admission.verdict(on: .update, of: subject, among: ConfigurationObjects()) == .allowed)
    #expect(self.admission.verdict(on: .delete, of: subject, among: ConfigurationObjects()) == .allowed)
  }

  @Test func `disableMP warns, and the namespace is looked at all the same`() {
    let spec = BGPPeer.Spec(myASN: 64500, peerASN: 64501, peerAddress: "192.0.2.1", disableMP: true)
    let warning = "disable mp is deprecated and has no effect since it's the default behavior now"
    let verdict = self.admission.verdict(
      on: .create, of: .bgpPeer(self.peer("a", spec)), among: ConfigurationObjects(bgpPeers: []))
    #expect(verdict == .allowed(warnings: [warning]))
    let elsewhere = self.admission.verdict(
      on: .create, of: .bgpPeer(self.peer("a", in: "web", spec)), among: ConfigurationObjects(bgpPeers: []))
    #expect(self.refusal(elsewhere) == "resource must be created in metallb-system namespace")
  }

  @Test func `a peer may name a profile and a secret that come later`() {
    let spec = BGPPeer.Spec(
      myASN: 64500, peerASN: 64501, peerAddress: "192.0.2.1", passwordSecret: .init(name: "later"), bfdProfile: "later")
    let verdict = self.admission.verdict(
      on: .create, of: .bgpPeer(self.peer("a", spec)), among: ConfigurationObjects(bgpPeers: []))
    #expect(verdict == .allowed)
  }

  @Test func `a BFD profile in use stays, one that only bears the name of another namespace's goes`() {
    let profile = BFDProfile(metadata: self.metadata("fast"))
    let existing = ConfigurationObjects(bgpPeers: [
      self.peer("z", .init(bfdProfile: "fast")), self.peer("b", .init(bfdProfile: "fast")),
      self.peer("a", .init(bfdProfile: "slow")),
    ])
    #expect(
      self.refusal(self.admission.verdict(on: .delete, of: .bfdProfile(profile), among: existing))
        == "failed to delete BFDProfile fast, used by BGPPeer b")
    let namesake = BFDProfile(metadata: self.metadata("fast", in: "web"))
    #expect(self.admission.verdict(on: .delete, of: .bfdProfile(namesake), among: existing) == .allowed)
    let unused = BFDProfile(metadata: self.metadata("idle"))
    #expect(self.admission.verdict(on: .delete, of: .bfdProfile(unused), among: existing) == .allowed)
  }
}
