import Primitives
import Testing

@testable import Balancer

/// The sentences that users see inside `AllocationFailed` and `ClearAssignment`, to the letter (contract section 8.6).
@Suite struct AllocationErrorTests {
  @Test(
    arguments: [
      (.noneAvailable, "no available IPs"),
      (.noneAvailableInPool("p"), "no available IPs in pool p"),
      (.noneAvailableForFamily(pool: "p", families: .single(.ipv4)), "no available IPs in pool p for ipv4 IPFamily"),
      (.noneAvailableForFamily(pool: "p", families: .single(.ipv6)), "no available IPs in pool p for ipv6 IPFamily"),
      (.noneAvailableForFamily(pool: "p", families: .dual), "no available IPs in pool p for dual IPFamily"),
      (.unknownPool("p"), #"unknown pool "p""#),
      (.notInConfiguration([ip("4.3.2.1")]), #""4.3.2.1" is not allowed in config"#),
      (
        .notInConfiguration([ip("4.3.2.1"), ip("2001:db8::1")]),
        #"["4.3.2.1" "2001:db8::1"] is not allowed in config"#
      ),
      (.incompatiblePool("p"), "pool p not compatible for ip assignment"),
      (
        .moreThanTwo([ip("10.0.0.1"), ip("10.0.0.2"), ip("::1")]),
        #"more than two addresses ["10.0.0.1" "10.0.0.2" "::1"]"#
      ),
      (.sameFamily(ip("10.0.0.1"), ip("10.0.0.2")), #""10.0.0.1" "10.0.0.2" has the same family"#),
      (
        .otherSharingKey(service: key("ns/a"), users: [key("ns/b"), key("other/c")]),
        #"can't change sharing key for "ns/a", address also in use by ns/b,other/c"#
      ),
      (
        .portInUse(PortKey(protocol: "TCP", number: 80), ip("10.0.0.1")),
        #"port TCP/80 is already in use on "10.0.0.1""#
      ),
      (
        .otherFamily([ip("2001:db8::1")]),
        #"requested loadBalancer IP(s) ["2001:db8::1"] does not match the ipFamily of the service"#
      ),
      (
        .otherPool([ip("10.0.0.1")], requested: "p"),
        #"requested loadBalancer IP(s) ["10.0.0.1"] is not compatible with requested address pool p"#
      ),
      (.request(.askedTwice), "service can not have both metallb.io/loadBalancerIPs and svc.Spec.LoadBalancerIP"),
      (.request(.annotation("x,y")), #"invalid metallb.io/loadBalancerIPs: "x,y""#),
      (.request(.field("x")), #"invalid spec.loadBalancerIP "x""#),
      (.families(.invalid(["None"])), #"IPFamilyForAddresses: Invalid address ["None"]"#),
      (
        .families(.same(["10.0.0.1", "10.0.0.2"])),
        #"IPFamilyForAddresses: same address family ["10.0.0.1" "10.0.0.2"]"#
      ),
      (
        .families(.length(["10.0.0.1", "10.0.0.2", "::1"])),
        #"IPFamilyForAddresses: invalid ips length 3 ["10.0.0.1" "10.0.0.2" "::1"]"#
      ),
      (.noClusterIPs, "invalid ClusterIPs [[]] [], can't determine family"),
      (
        .notEnoughClusterIPs(["10.96.0.1"]), "Service requires dual stack but not enough clusterips [10.96.0.1]"
      ),
    ] as [(AllocationError, String)])
  func `each refusal has the sentence that users know`(error: AllocationError, sentence: String) {
    #expect(error.description == sentence)
  }
}
