import Glibc
import KubernetesClient
import KubernetesModel

/// The objects that the demo applies.
package enum DemoManifest {
  /// The product's own manifest, as it ships: looked for from the working directory and from the binary upwards.
  package static func product(binary: String) throws -> [JSONValue] {
    let place = "Deploy/manifests/metallb-native.yaml"
    var candidates = [place]
    var parts = binary.split(separator: "/").map(String.init)
    while !parts.isEmpty {
      parts.removeLast()
      candidates.append("/" + (parts + [place]).joined(separator: "/"))
    }
    guard let path = candidates.first(where: { access($0, R_OK) == 0 }), let bytes = BlockingFiles.read(path) else {
      throw LabRefusal("\(place) was not found: run the demo from the project's directory")
    }
    return try self.objects(in: String(decoding: bytes, as: UTF8.self))
  }

  package static func objects(in yaml: String) throws -> [JSONValue] {
    try YAMLText.documents(yaml).filter { $0.object != nil }
  }

  /// A pool and its announcement, as the first page of every walkthrough has them.
  package static let configuration = """
    apiVersion: metallb.io/v1beta1
    kind: IPAddressPool
    metadata: {name: primary-pool, namespace: metallb-system}
    spec:
      addresses: [10.0.0.35-10.0.0.39]
    ---
    apiVersion: metallb.io/v1beta1
    kind: L2Advertisement
    metadata: {name: l2-net, namespace: metallb-system}
    spec:
      ipAddressPools: [primary-pool]
    """

  package static let workload = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: nginx, namespace: default}
    spec:
      replicas: 3
      selector: {matchLabels: {app: nginx}}
      template:
        metadata: {labels: {app: nginx}}
        spec:
          terminationGracePeriodSeconds: 0
          containers:
            - name: nginx
              image: nginx
              ports: [{containerPort: 80}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: nginx, namespace: default}
    spec:
      type: LoadBalancer
      selector: {app: nginx}
      ports: [{port: 80, targetPort: 80}]
    """

  /// The same workload, where each node serves what it runs itself: what a node that dies takes along is its own.
  package static var localWorkload: String {
    self.workload.replacing("  type: LoadBalancer", with: "  type: LoadBalancer\n  externalTrafficPolicy: Local")
  }

  /// A pool, and what the routers of the rack are told of it.
  package static let peering = """
    apiVersion: metallb.io/v1beta1
    kind: IPAddressPool
    metadata: {name: rack, namespace: metallb-system}
    spec:
      addresses: [192.168.5.0/24]
    ---
    apiVersion: metallb.io/v1beta1
    kind: BFDProfile
    metadata: {name: rack, namespace: metallb-system}
    spec: {receiveInterval: 100, transmitInterval: 100, detectMultiplier: 3}
    ---
    apiVersion: metallb.io/v1beta1
    kind: BGPAdvertisement
    metadata: {name: rack, namespace: metallb-system}
    spec:
      ipAddressPools: [rack]
      aggregationLength: 24
      communities: ["64700:120", "large:64700:300:100"]
    """

  /// The routers of the rack as peers, with BFD or without.
  package static func peers(of plan: AddressPlan, withBFD: Bool) -> String {
    plan.rackRouters.map { router in
      """
      apiVersion: metallb.io/v1beta2
      kind: BGPPeer
      metadata: {name: \(router.name), namespace: metallb-system}
      spec:
        myASN: 64700
        peerASN: \(AddressPlan.rackASN)
        peerAddress: \(router.address)
        enableGracefulRestart: true
        connectTime: 1s
      \(withBFD ? "  bfdProfile: rack" : "")
      """
    }.joined(separator: "\n---\n")
  }
}
