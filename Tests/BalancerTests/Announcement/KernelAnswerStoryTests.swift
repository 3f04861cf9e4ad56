import Primitives
import Testing

@testable import Balancer

/// Kernels that answer for addresses of Services, as they do with kube-proxy in IPVS mode without `strictARP`.
@Suite struct KernelAnswerStoryTests {
  private static let warning =
    #"> event default/mail Warning strictARP 192.0.2.8 is on interface "kube-ipvs0" of node "w1", whose kernel answers "#
    + "ARP for it, as will that of every other node that has it: set strictARP: true in kube-proxy's configuration, or "
    + "the kernel's net.ipv4.conf.all.arp_ignore to 1"

  private func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    var story = AnnouncementStory(probes: true)
    story.play(
      """
      pool main 192.0.2.0/24
      ad all
      node w1 at=198.18.0.11
      interfaces eth0
      endpoints default/mail w1
      synced
      """)
    story.expect(text, sourceLocation: sourceLocation)
  }

  @Test func `an address that the kernel has is announced without a question, with a warning`() {
    self.expect(
      """
      kernel 192.0.2.8,10.96.0.1 kube-ipvs0
      service default/mail 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      \(Self.warning)
      """)
  }

  @Test func `an address that the kernel gets later is warned of once`() {
    self.expect(
      """
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      free 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      kernel 10.96.0.1 kube-ipvs0
      kernel 10.96.0.1,192.0.2.8 kube-ipvs0
      \(Self.warning)
      kernel 10.96.0.1,10.96.0.2,192.0.2.8 kube-ipvs0
      """)
  }

  @Test func `a node that answers for an address is no stranger if this one's kernel has it too`() {
    self.expect(
      """
      service default/mail 192.0.2.8
      > probe 192.0.2.8 on all, again after 10.0
      occupied 192.0.2.8 02:00:00:00:00:66
      > event default/mail Warning addressInUse 192.0.2.8 is already in use by 02:00:00:00:00:66 on interface "eth0"; it is announced once that host gives it up. Exclude the address from the pool, or take it from that host
      kernel 192.0.2.8 kube-ipvs0
      > abandon 192.0.2.8
      > claim 192.0.2.8 on all
      > announce default/mail 192.0.2.8 on all
      > event default/mail Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      \(Self.warning)
      """)
  }
}
