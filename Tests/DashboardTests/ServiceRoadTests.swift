import Balancer
import KubernetesModel
import Testing

@testable import Dashboard

/// The road of one Service.
@Suite struct ServiceRoadTests {
  private static func endpoints(_ places: (node: String, isReady: Bool)...) -> ServiceRoad.Endpoints {
    var table = ObjectTable<EndpointSlice>()
    table.apply(
      .applied(
        EndpointSlice(
          metadata: ObjectMeta(
            name: "web-1", namespace: "default", labels: [EndpointSlice.serviceNameLabel: "web"]), addressType: "IPv4",
          endpoints: places.map {
            Endpoint(addresses: ["10.0.0.1"], conditions: .init(ready: $0.isReady), nodeName: $0.node)
          })))
    table.apply(.synced)
    return ServiceRoad.Endpoints(slices: table)
  }

  private static func advertised(_ picture: ClusterPicture) -> ClusterPicture {
    var picture = picture
    _ = picture.apply(
      .l2Advertisements(
        .applied(L2Advertisement(metadata: ObjectMeta(name: "l2", namespace: "metallb-system"), spec: nil))))
    return picture
  }

  @Test func `it leads from the pool over the node to the endpoints, and says why`() throws {
    let heir = Fixture.speaker("w2") { $0.layer2.successions = [.init(service: "default/web", owner: "w1")] }
    let picture = Self.advertised(
      Fixture.picture(
        nodes: [Fixture.node("w1"), Fixture.node("w2")], events: [Fixture.event("e", at: 5)],
        speakers: [Fixture.speaker("w1", announcing: ["default/web"]), heir]))
    let road = Fixture.road(
      of: "web", in: picture, endpoints: Self.endpoints(("w1", true), ("w1", true), ("w2", false)))
    #expect(road[path: "pool", "name"] == "main" && road["policy"] == "Cluster")
    let announcer = try #require(road["announcers"]?.array?.first)
    #expect(announcer["node"] == "w1" && announcer["interfaces"] == ["eth0"] && announcer["next"] == "w2")
    #expect(road[path: "endpoints", "ready"] == 2 && road[path: "endpoints", "total"] == 3)
    #expect(road[path: "endpoints", "nodes"]?.array?.map { $0["node"]?.string } == ["w1", "w2"])
    #expect(road["events"]?.array?.count == 1)
    #expect(road[path: "why", "advertisements"]?.array?.first?["match"] == "announces")
    let verdicts = road[path: "why", "layer2"]?.array?.compactMap { $0["verdict"]?.string } ?? []
    #expect(Set(verdicts) == ["announce", "notOwner"])
  }

  @Test func `routers say how many of the nodes that tell them they hear`() throws {
    let speakers = [("w1", true), ("w2", false)].map { node, isUp in
      Fixture.speaker(node) {
        $0.bgp.peers = [Fixture.peer("tor", isUp: isUp)]
        $0.bgp.announcements = [.init(service: "default/web", addresses: ["198.51.100.1"], peers: ["tor"], seconds: 5)]
      }
    }
    let road = Fixture.road(of: "web", in: Fixture.picture(speakers: speakers))
    let router = try #require(road["routers"]?.array?.first)
    #expect(router["name"] == "tor" && router["nodes"] == 2 && router["hearing"] == 1)
    #expect(router["reason"] == "the router refuses the connection" && router["address"] == "192.0.2.254:179")
  }

  @Test func `a Service without an advertisement, without an address and one that is gone say so`() {
    let road = Fixture.road(of: "web", in: Fixture.picture(speakers: [Fixture.speaker("w1")]))
    #expect(road[path: "service", "standing"] == "unannounced" && road[path: "why", "advertisements"] == [])
    let pending = Fixture.road(of: "web", in: Fixture.picture(services: [Fixture.service("web", nil)]))
    #expect(pending[path: "service", "standing"] == "pending" && pending["why"] == nil)
    #expect(Fixture.road(of: "other", in: Fixture.picture()) == ["key": "default/other", "gone": true])
  }

  @Test func `many nodes and endpoints stay a picture of bounded size`() {
    let nodes = (0..<600).map { Fixture.node("w\($0)") }
    let speakers = nodes.map { node in
      Fixture.speaker(node.key.name) {
        $0.bgp.announcements = [.init(service: "default/web", addresses: ["198.51.100.1"], peers: ["tor"], seconds: 5)]
      }
    }
    var table = ObjectTable<EndpointSlice>()
    for index in 0..<600 {
      table.apply(
        .applied(
          EndpointSlice(
            metadata: ObjectMeta(name: "s\(index)", namespace: "default"),
            endpoints: [Endpoint(addresses: ["10.0.0.1"], nodeName: "w\(index)")])))
    }
    let road = Fixture.road(
      of: "web", in: Self.advertised(Fixture.picture(nodes: nodes, speakers: speakers)),
      endpoints: ServiceRoad.Endpoints(slices: table))
    #expect(road["announcers"]?.array?.count == 8 && road["moreAnnouncers"] == 592)
    #expect(road[path: "endpoints", "more"] == 588 && road.jsonText.count < 20_000)
  }
}
