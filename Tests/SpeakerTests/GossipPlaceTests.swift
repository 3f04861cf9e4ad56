import Gossip
import KubernetesModel
import Primitives
import Testing

@testable import Speaker

/// Where speakers are: as people write it, and as the API server lists it.
@Suite struct GossipPlaceTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1:7946"), ("192.0.2.1:80", "192.0.2.1:80"), ("2001:db8::1", "[2001:db8::1]:7946"),
    ("[2001:db8::1]:80", "[2001:db8::1]:80"),
  ]) func `an address stands alone or with its port`(text: String, place: String) {
    #expect(GossipProbe.Place(text)?.endpoint.description == place)
  }

  @Test(arguments: [
    "", "node-1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "[192.0.2.1]:80", "2001:db8::g", "[::1]",
  ])
  func `what is no place is refused`(text: String) {
    #expect(GossipProbe.Place(text) == nil)
  }

  private func pod(on node: String?, address: String? = nil, phase: String = "Running") -> Pod {
    Pod(
      metadata: ObjectMeta(name: "speaker", namespace: "metallb-system"), spec: Pod.PodSpec(nodeName: node),
      status: Pod.PodStatus(phase: phase, podIP: address))
  }

  private func speakers(_ pods: Pod...) -> Speakers {
    var speakers = Speakers()
    for pod in pods { speakers.add(pod, port: 7946, ownNode: "own") }
    return speakers
  }

  @Test func `speakers that are about to have an address are waited for, others are not`() {
    let known = self.pod(on: "node-1", address: "192.0.2.1")
    #expect(self.speakers(known).endpoints == [MemberAddress(.v4(IPv4Address(192, 0, 2, 1)), 7946)])
    #expect(!self.speakers(known).areSomeUnaddressed)
    #expect(self.speakers(known, self.pod(on: "node-2", phase: "Pending")).areSomeUnaddressed)
    #expect(!self.speakers(known, self.pod(on: nil, phase: "Pending")).areSomeUnaddressed, "not scheduled")
    #expect(!self.speakers(known, self.pod(on: "own", phase: "Pending")).areSomeUnaddressed, "ourselves")
    #expect(!self.speakers(known, self.pod(on: "node-2", phase: "Failed")).areSomeUnaddressed, "over")
  }
}
