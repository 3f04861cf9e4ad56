import KubernetesModel
import Primitives

@testable import Balancer

/// The metadata of an object in MetalLB's namespace; `age` orders objects, the smaller the older.
func metadata(_ name: String, age: Int64? = nil, labels: [String: String]? = nil) -> ObjectMeta {
  var metadata = ObjectMeta(name: name, namespace: "metallb-system", labels: labels)
  metadata.creationTimestamp = age.map { Timestamp(seconds: $0) }
  return metadata
}

/// A BGPPeer that is all right, apart from what a test makes of it.
func peerObject(
  _ name: String = "tor", age: Int64? = nil, _ change: (inout BGPPeer.Spec) -> Void = { _ in }
) -> BGPPeer {
  var spec = BGPPeer.Spec(myASN: 64512, peerASN: 64513, peerAddress: "192.0.2.1")
  change(&spec)
  return BGPPeer(metadata: metadata(name, age: age), spec: spec)
}

func bgpAdvertisementObject(
  _ name: String = "ad", age: Int64? = nil, _ change: (inout BGPAdvertisement.Spec) -> Void = { _ in }
) -> BGPAdvertisement {
  var spec = BGPAdvertisement.Spec()
  change(&spec)
  return BGPAdvertisement(metadata: metadata(name, age: age), spec: spec)
}

func profileObject(_ name: String = "fast", _ spec: BFDProfile.Spec = BFDProfile.Spec()) -> BFDProfile {
  BFDProfile(metadata: metadata(name), spec: spec)
}

func communityObject(
  _ aliases: KeyValuePairs<String, String>, named name: String = "aliases", age: Int64? = nil
) -> CommunityAliases {
  CommunityAliases(
    metadata: metadata(name, age: age),
    spec: CommunityAliases.Spec(communities: aliases.map { CommunityAliases.Alias(name: $0.key, value: $0.value) }))
}

/// A selector that cannot be evaluated.
let nonsense = LabelSelector(matchExpressions: [.init(key: "k", operator: "Near", values: nil)])

extension Sequence where Element == Problem {
  /// Each problem in short: place and sentence.
  var lines: [String] { self.map { "\($0.field): \($0.message)" } }
}
