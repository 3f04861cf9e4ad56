import Balancer
import KubernetesModel
import Testing

@testable import Dashboard

/// What a page shows of a cluster.
@Suite struct PageModelTests {
  @Test func `a cluster in which all is well says so, with who announces what since when`() throws {
    let page = Fixture.page()
    #expect(page[path: "connection", "state"] == "live")
    #expect(page[path: "summary", "well"] == true && page[path: "problems", "total"] == 0)
    let service = try #require(page.rows("services").first)
    #expect(service["standing"] == "well" && service["addresses"] == ["198.51.100.1"] && service["pool"] == "main")
    let announcer = try #require(service["announcers"]?.array?.first)
    #expect(announcer["node"] == "w1" && announcer["via"] == "layer2" && announcer["since"] == 999_940)
    let node = try #require(page.rows("nodes").first)
    #expect(node["state"] == "works" && node["announced"] == 1)
    #expect(node[path: "announcements"]?.array?.first?["interfaces"] == ["eth0"])
    let pool = try #require(page.rows("pools").first)
    #expect(pool["state"] == "roomy" && pool["families"]?.array?.first?["share"] == .number(0.25))
  }

  @Test func `Services with something wrong come first, each with its own word and sentence`() {
    let pending = Fixture.service("z-pending", nil)
    let silent = Fixture.service("y-silent", "198.51.100.2")
    let foreign = Fixture.service("a-foreign", nil, class: "other")
    let page = Fixture.page(
      Fixture.picture(
        services: [Fixture.service("web"), pending, silent, foreign],
        controllers: [Fixture.controller(waiting: [("default/z-pending", "no available IPs")])]))
    #expect(page.column("services", "name") == ["y-silent", "z-pending", "web", "a-foreign"])
    #expect(page.column("services", "standing") == ["unannounced", "pending", "well", "foreign"])
    #expect(page.rows("services")[1]["sentence"] == "no available IPs")
    #expect(page[path: "summary", "services"] == 3 && page[path: "summary", "troubled"] == 2)
    #expect(page[path: "summary", "pending"] == 1 && page[path: "summary", "well"] == false)
    // A problem leads to the Service that it is about.
    #expect(page.column("problems", "service").contains("default/z-pending"))
  }

  @Test func `an address that no router hears, and one that two nodes answer for, are not well`() {
    let unheard = Fixture.speaker("w1") {
      $0.bgp.peers = [Fixture.peer("tor", isUp: false)]
      $0.bgp.announcements = [.init(service: "default/web", addresses: ["198.51.100.1"], peers: ["tor"], seconds: 5)]
    }
    let page = Fixture.page(Fixture.picture(speakers: [unheard]))
    #expect(page.column("services", "standing") == ["unheard"])
    #expect(page.column("sessions", "state") == ["Active"])
    #expect(page.rows("sessions").first?["reason"] == "the router refuses the connection")
    #expect(page[path: "summary", "established"] == 0 && page[path: "summary", "sessions"] == 1)
    let both = ["w1", "w2"].map { Fixture.speaker($0, announcing: ["default/web"]) }
    #expect(Fixture.page(Fixture.picture(speakers: both)).column("services", "standing") == ["contested"])
  }

  @Test func `of 20,000 Services a page gets 50, and finds one among all`() throws {
    var picture = Fixture.picture(
      services: (0..<20_000).map { Fixture.service("web-\($0)", "203.0.\($0 / 250 % 250).\($0 % 250)") }, speakers: [])
    picture.speakers = [Fixture.speaker("w1", announcing: (0..<20_000).map { "default/web-\($0)" })]
    let snapshot = Fixture.snapshot(of: picture)
    func page(_ parameters: (String, String)...) -> JSONValue {
      PageModel(of: snapshot, for: DashboardQuery(parameters.map { (name: $0.0, value: $0.1) })).json()
    }
    let first = page()
    #expect(first.rows("services").count == 50 && first[path: "services", "pages"] == 400)
    #expect(first.jsonText.count < 100_000)
    let last = page(("services", "999999"))
    #expect(last[path: "services", "page"] == 400 && last[path: "services", "last"] == 20_000)
    let found = page(("q", "WEB-17777"))
    #expect(found.column("services", "name") == ["web-17777"] && found[path: "services", "total"] == 20_000)
  }

  @Test func `a search goes through names, addresses, pools, nodes and routers, and every word counts`() {
    let picture = Fixture.picture(
      services: [Fixture.service("web"), Fixture.service("mail", "198.51.100.2", pool: "second")],
      nodes: [Fixture.node("w1"), Fixture.node("w2")])
    #expect(Fixture.page(picture, ("q", "198.51.100.2")).column("services", "name") == ["mail"])
    #expect(Fixture.page(picture, ("q", "second")).column("services", "name") == ["mail"])
    #expect(Fixture.page(picture, ("q", "w1")).column("services", "name") == ["web"])
    #expect(Fixture.page(picture, ("q", "w2")).column("nodes", "name") == ["w2"])
    #expect(Fixture.page(picture, ("q", "default mail")).column("services", "name") == ["mail"])
    #expect(Fixture.page(picture, ("q", "web mail")).column("services", "name") == [])
    #expect(Fixture.page(picture, ("show", "troubled")).column("services", "name") == ["mail"])
  }

  @Test func `a full pool, a nearly full one and one that nobody tells of are told apart`() {
    func state(_ assigned: Int64, _ controllers: Bool = true) -> String? {
      Fixture.page(Fixture.picture(controllers: controllers ? [Fixture.controller(assigned: assigned)] : []))
        .column("pools", "state").first
    }
    #expect(state(4) == "full" && state(3) == "roomy" && state(4, false) == "unknown")
    let vast = IPAddressPool(
      metadata: Fixture.pool.metadata, spec: .init(addresses: ["2001:db8::/48"]),
      status: .init(assignedIPv4: 0, assignedIPv6: 7, availableIPv4: 0, availableIPv6: .max - 3))
    let page = Fixture.page(Fixture.picture(pools: [vast], controllers: []))
    let family = page.rows("pools").first?["families"]?.array?.first
    #expect(family?["capacity"] == "2^80" && family?["assigned"] == "7" && family?["share"] == .number(0))
  }

  @Test func `nodes say what is special about them, also those without a speaker`() {
    let label = NodeView.exclusionLabel
    let picture = Fixture.picture(nodes: [
      Fixture.node("w1"), Fixture.node("w2", labels: [label: "metallb-drain"]), Fixture.node("w3", ready: "Unknown"),
    ])
    let page = Fixture.page(picture)
    #expect(page.column("nodes", "state") == ["works", "none", "none"])
    #expect(page.rows("nodes").map { $0["marks"] } == [[], ["drained"], ["not ready"]])
  }

  @Test func `Events come with the newest first, and no more are kept than are bounded`() {
    let many = (0..<3000).map { Fixture.event("e\($0)", at: Int64($0), message: "m\($0)") }
    let picture = Fixture.picture(events: many)
    #expect(picture.events.objects.count <= ClusterPicture.eventLimit * 5 / 4)
    #expect(Fixture.page(picture).column("events", "message").prefix(2) == ["m2999", "m2998"])
  }

  @Test func `what is not read yet is no problem, and what may not be read is said`() {
    var picture = ClusterPicture()
    picture.hasAsked = true
    let page = Fixture.page(picture)
    #expect(page[path: "connection", "state"] == "loading" && page[path: "problems", "total"] == 0)
    var limited = Fixture.picture()
    limited.unreadable["Event"] = "you may not"
    let notes = Fixture.page(limited)["notes"]?.array?.compactMap(\.string) ?? []
    #expect(notes.contains("objects of kind Event cannot be read: you may not"))
  }

  @Test func `what a cluster says is not trusted to be short or plain`() {
    let event = Fixture.event("e", at: 1, message: String(repeating: "<script>", count: 10_000))
    #expect(Fixture.page(Fixture.picture(events: [event])).jsonText.count < 20_000)
  }

  @Test func `warnings come with their object and what to do, are no problems, and are found by a search`() {
    var picture = Fixture.picture()
    picture.inspection = .init(
      warnings: (0..<12).map { number in
        Problem(
          kind: "IPAddressPool", key: ObjectKey(namespace: "metallb-system", name: "pool-\(number)"), field: "spec",
          message: "nothing announces it", remedy: "create an L2Advertisement", severity: .warning)
      })
    let page = Fixture.page(picture)
    #expect(page[path: "summary", "well"]?.bool == true && page.rows("problems") == [])
    #expect(page.rows("warnings").count == 10 && page[path: "warnings", "total"]?.integer == 12)
    #expect(
      page.rows("warnings").first == [
        "object": "IPAddressPool metallb-system/pool-0", "field": "spec", "text": "nothing announces it",
        "remedy": "create an L2Advertisement",
      ])
    #expect(Fixture.page(picture, ("q", "pool-11")).column("warnings", "object").count == 1)
  }

  @Test func `before anybody has looked around nothing is judged`() {
    var picture = Fixture.picture(services: [Fixture.service("web", nil, class: "c")])
    picture.inspection = nil
    #expect(Fixture.page(picture)[path: "connection", "state"]?.string == "loading")
    #expect(Fixture.page(picture).rows("problems") == [])
  }
}
