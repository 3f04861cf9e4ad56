import Foundation
import KubernetesModel
import Testing

@testable import Balancer

/// Contract section 7 with the sentences of section 6: one refusal at least for each kind that has a webhook, to the letter.
@Suite struct AdmissionSentenceTests {
  /// What `kubectl apply` sends, as far as it differs from object to object.
  private func subject(_ path: AdmissionPath, spec: String) throws -> AdmissionSubject {
    let data = Data(#"{"metadata": {"name": "x", "namespace": "metallb-system"}, "spec": \#(spec)}"#.utf8)
    let decoder = JSONDecoder()
    return switch path {
    case .pool: .pool(try decoder.decode(IPAddressPool.self, from: data))
    case .bgpPeer: .bgpPeer(try decoder.decode(BGPPeer.self, from: data))
    case .bgpAdvertisement: .bgpAdvertisement(try decoder.decode(BGPAdvertisement.self, from: data))
    case .l2Advertisement: .l2Advertisement(try decoder.decode(L2Advertisement.self, from: data))
    case .community: .community(try decoder.decode(CommunityAliases.self, from: data))
    case .bfdProfile: .bfdProfile(try decoder.decode(BFDProfile.self, from: data))
    }
  }

  private var existing: ConfigurationObjects {
    ConfigurationObjects(
      pools: [
        IPAddressPool(
          metadata: ObjectMeta(name: "narrow", namespace: "metallb-system"),
          spec: .init(addresses: ["10.0.0.36/30"]))
      ], l2Advertisements: [], bgpAdvertisements: [], bgpPeers: [], bfdProfiles: [], communities: [])
  }

  @Test(
    arguments: [
      (.pool, #"{"addresses": []}"#, "parsing address pool x: pool has no prefixes defined"),
      (.bgpPeer, #"{"myASN": 0, "peerASN": 1, "peerAddress": "10.0.0.1"}"#, "parsing peer x missing local ASN"),
      (.bgpPeer, #"{"myASN": 1, "peerAddress": "10.0.0.1"}"#, "parsing peer x missing peer ASN and dynamicASN"),
      (
        .bgpPeer, #"{"myASN": 1, "peerASN": 2, "dynamicASN": "external", "peerAddress": "10.0.0.1"}"#,
        "parsing peer x both peer ASN and dynamicASN specified"
      ),
      (
        .bgpPeer, #"{"myASN": 1, "peerASN": 1, "peerAddress": "10.0.0.1", "ebgpMultiHop": true}"#,
        "parsing peer x invalid ebgp-multihop parameter set for an ibgp peer"
      ),
      (.bgpPeer, #"{"myASN": 1, "peerASN": 2}"#, "parsing peer x peer has no Address or Interface specified"),
      (
        .bgpPeer, #"{"myASN": 1, "peerASN": 2, "peerAddress": "10.0.0.1", "holdTime": "2s"}"#,
        #"parsing peer x invalid BGPPeer timers: invalid hold time "2s": must be 0 or >=3s"#
      ),
      (
        .bgpPeer, #"{"myASN": 1, "peerASN": 2, "peerAddress": "10.0.0.300"}"#,
        #"parsing peer x invalid BGPPeer address "10.0.0.300""#
      ),
      (.bgpAdvertisement, #"{"aggregationLength": 33}"#, "invalid aggregation length 33 for IPv4"),
      (
        .bgpAdvertisement, #"{"aggregationLength": 24, "ipAddressPools": ["narrow"]}"#,
        "invalid aggregation length 24: prefix 30 in this pool is more specific than the aggregation length for addresses "
          + "10.0.0.36/30"
      ),
      (.bgpAdvertisement, #"{"peers": ["a", "a"]}"#, #"duplicate definition of peers "a""#),
      (.l2Advertisement, #"{"ipAddressPools": ["a", "a"]}"#, #"duplicate definition of ipAddressPools "a""#),
      (
        .community, #"{"communities": [{"name": "a", "value": "1:2"}, {"name": "a", "value": "1:3"}]}"#,
        #"duplicate definition of community "a""#
      ),
      (.bfdProfile, #"{"detectMultiplier": 1}"#, "invalid detect multiplier value"),
    ] as [(AdmissionPath, String, String)])
  func `what is wrong with an object is refused in upstream's words`(
    path: AdmissionPath, spec: String, sentence: String
  ) throws {
    let admission = Admission(namespace: "metallb-system")
    let verdict = admission.verdict(on: .create, of: try self.subject(path, spec: spec), among: self.existing)
    guard case .denied(let message, _) = verdict else {
      Issue.record("\(spec) was let in: \(verdict)")
      return
    }
    #expect(message.contains(sentence))
  }
}
