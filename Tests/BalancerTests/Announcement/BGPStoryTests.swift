import Primitives
import TestKit
import Testing

@testable import Balancer

/// Announcing by BGP, as contract section 13 has it; we are w1.
@Suite struct BGPStoryTests {
  /// Two nodes, one pool, two routers, and one advertisement for everything; layer 2 announces nothing.
  private static let cluster = """
    pool main 192.0.2.0/24,2001:db8::/64
    bgpad all
    peer tor 10.0.0.1
    peer spine 10.0.0.2
    node w1 rack=1
    node w2 rack=2
    interfaces eth0
    """

  private func story(_ more: String = "") -> AnnouncementStory {
    var story = AnnouncementStory()
    story.play(Self.cluster + "\n" + more + "\nsynced")
    return story
  }

  private func expect(
    _ text: String, by story: consuming AnnouncementStory, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    story.expect(text, sourceLocation: sourceLocation)
  }

  private func routes(_ story: AnnouncementStory, to peer: String) -> [String] {
    story.state.bgpRoutes(to: peer).keys.sorted().map(\.description)
  }

  // MARK: Start and end

  @Test func `nothing is said to anybody before every list has been seen`() {
    self.expect(
      """
      service default/web 192.0.2.1
      endpoints default/web w2
      synced services
      synced endpoints
      synced nodes
      synced pools
      synced ads
      synced peers
      synced bgpads
      synced aliases
      synced profiles
      synced secrets
      > peers spine=10.0.0.2 tor=10.0.0.1
      > announce default/web 192.0.2.1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.1/32 tor +192.0.2.1/32
      """,
      by: {
        var story = AnnouncementStory(); story.play(Self.cluster); return story
      }())
  }

  @Test func `layer 2 does not wait for BGP's lists, nor BGP for its own elections`() {
    var story = AnnouncementStory()
    story.play(Self.cluster)
    self.expect(
      """
      ad all
      service default/web 192.0.2.1
      endpoints default/web w1
      synced services
      synced endpoints
      synced nodes
      synced pools
      # w1 comes before w2.
      synced ads
      > claim 192.0.2.1 on all
      > announce default/web 192.0.2.1 on all
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "layer2"
      synced peers
      synced bgpads
      synced aliases
      synced profiles
      synced secrets
      > peers spine=10.0.0.2 tor=10.0.0.1
      > announce default/web 192.0.2.1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.1/32 tor +192.0.2.1/32
      """, by: story)
  }

  @Test func `at the end all is withdrawn, and the sessions are left to whoever ends them`() {
    var story = self.story("service default/web 192.0.2.1\nendpoints default/web w1")
    #expect(self.routes(story, to: "tor") == ["192.0.2.1/32"])
    let end = "stopping\n> withdraw default/web 192.0.2.1 bgp speakerStopping"
    #expect(story.told(end) == end)
    #expect(story.state.bgpAnnouncements.isEmpty)
  }

  // MARK: Services

  @Test func `a Service is announced from every node, as long as somebody serves it`() {
    self.expect(
      """
      service default/web 192.0.2.1,2001:db8::1
      endpoints default/web w2
      > announce default/web 192.0.2.1,2001:db8::1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.1/32 +2001:db8::1/128 tor +192.0.2.1/32 +2001:db8::1/128
      endpoints default/web none
      > withdraw default/web 192.0.2.1,2001:db8::1 bgp noEndpoints
      > advertise spine -192.0.2.1/32 -2001:db8::1/128 tor -192.0.2.1/32 -2001:db8::1/128
      endpoints default/web w1
      > announce default/web 192.0.2.1,2001:db8::1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.1/32 +2001:db8::1/128 tor +192.0.2.1/32 +2001:db8::1/128
      service default/web 192.0.2.9
      > withdraw default/web 192.0.2.1,2001:db8::1 bgp loadBalancerIPChanged
      > announce default/web 192.0.2.9 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine -192.0.2.1/32 +192.0.2.9/32 -2001:db8::1/128 tor -192.0.2.1/32 +192.0.2.9/32 -2001:db8::1/128
      no service default/web
      > withdraw default/web 192.0.2.9 bgp serviceDeleted
      > advertise spine -192.0.2.9/32 tor -192.0.2.9/32
      """, by: self.story())
  }

  @Test func `with policy Local only nodes with an endpoint announce`() {
    self.expect(
      """
      service default/web 192.0.2.1 local
      endpoints default/web w2
      endpoints default/web w1,w2
      > announce default/web 192.0.2.1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.1/32 tor +192.0.2.1/32
      endpoints default/web w2
      > withdraw default/web 192.0.2.1 bgp noLocalEndpoints
      > advertise spine -192.0.2.1/32 tor -192.0.2.1/32
      """, by: self.story())
  }

  @Test(arguments: [
    ("no service default/web", "serviceDeleted"), ("service default/web 192.0.2.1 type=ClusterIP", "notLoadBalancer"),
    ("service default/web pending", "noIPAllocated"), ("service default/web garbage", "invalidIP"),
    ("service default/web 10.9.9.9", "loadBalancerIPChanged"), ("no bgpad all", "notOwner"),
    ("bgpad all on=rack=2", "notOwner"), ("node w1 rack=1 noNetwork", "nodeNetworkUnavailable"),
    ("bgpad all for=app=web", "noMatchingAdvertisement"), ("endpoints default/web none", "noEndpoints"),
    ("node w1 node.kubernetes.io/exclude-from-external-load-balancers=yes\nwait 5", "nodeLabeledExcludeBalancers"),
    ("bgpad all peers=other", "noMatchingPeer"), ("no node w1", "notOwner"),
  ])
  func `a withdrawal has its reason`(event: String, reason: String) {
    var story = self.story("service default/web 192.0.2.1\nendpoints default/web w1")
    let told = story.told(event)
    #expect(told.contains("> withdraw default/web 192.0.2.1 bgp \(reason)"))
    #expect(story.state.bgpAnnouncements.isEmpty)
    #expect(self.routes(story, to: "tor") == [])
  }

  @Test func `a Service whose pool is gone stays announced until the controller moves it`() {
    self.expect(
      """
      no pool main
      service default/web 192.0.2.1 app=web
      pool other 198.51.100.0/24
      service default/web 198.51.100.1 app=web
      > withdraw default/web 192.0.2.1 bgp loadBalancerIPChanged
      > announce default/web 198.51.100.1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine -192.0.2.1/32 +198.51.100.1/32 tor -192.0.2.1/32 +198.51.100.1/32
      """, by: self.story("service default/web 192.0.2.1\nendpoints default/web w1"))
  }

  // MARK: Peers

  @Test func `a node has sessions with the peers that select it`() {
    self.expect(
      """
      peer edge 10.0.0.3 on=rack=2
      peer tor 10.0.0.1 on=rack=1
      > peers spine=10.0.0.2 tor=10.0.0.1
      node w1 rack=2
      > peers edge=10.0.0.3 spine=10.0.0.2
      > announce default/web 192.0.2.1 to edge,spine
      > advertise edge +192.0.2.1/32
      no peer edge
      > peers spine=10.0.0.2
      > announce default/web 192.0.2.1 to spine
      peer spine 10.0.0.2 port=1179
      > peers spine=10.0.0.2
      no peer spine
      > peers 
      > withdraw default/web 192.0.2.1 bgp noMatchingPeer
      """, by: self.story("service default/web 192.0.2.1\nendpoints default/web w1"))
  }

  @Test func `without peers nothing is announced, and nobody is told so`() {
    self.expect(
      """
      no peer tor
      > peers spine=10.0.0.2
      no peer spine
      > peers 
      service default/web 192.0.2.1
      endpoints default/web w1
      peer tor 10.0.0.1
      > peers tor=10.0.0.1
      > announce default/web 192.0.2.1 to tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise tor +192.0.2.1/32
      """, by: self.story())
  }

  @Test func `a peer without its BFD profile is a problem, and waits for it`() {
    self.expect(
      """
      peer edge 10.0.0.3 bfd=fast
      > problems: peer edge referencing non existing bfd profile fast
      no peer edge
      > problems: none
      """, by: self.story())
  }

  // MARK: Advertisements

  @Test func `attributes go with the routes, and change with the advertisement`() {
    self.expect(
      """
      bgpad all pref=100 communities=64512:7,large:64512:1:2,quiet med=5 prepend=2 peers=tor
      > problems: invalid community format: quiet; invalid community "quiet" in BGP advertisement
      alias quiet 65535:65281
      > problems: none
      > announce default/web 192.0.2.1 to tor
      > advertise spine -192.0.2.1/32 tor +192.0.2.1/32(pref=100 64512:7+65535:65281+large:64512:1:2 prepend=2 med=5)
      """,
      by: self.story("service default/web 192.0.2.1\nendpoints default/web w1"))
  }

  @Test func `the weight of a node is the number of its endpoints`() {
    self.expect(
      """
      endpoints default/web w1,w2,w1
      > announce default/web 192.0.2.1 to spine,tor
      > advertise spine +192.0.2.1/32(weight=2) tor +192.0.2.1/32(weight=2)
      endpoints default/web w1,w2,w2
      > announce default/web 192.0.2.1 to spine,tor
      > advertise spine +192.0.2.1/32(weight=1) tor +192.0.2.1/32(weight=1)
      endpoints default/web w2,w2
      > announce default/web 192.0.2.1 to spine,tor
      > advertise spine +192.0.2.1/32(weight=0) tor +192.0.2.1/32(weight=0)
      """,
      by: self.story("bgpad all bandwidth\nservice default/web 192.0.2.1\nendpoints default/web w1"))
  }

  @Test func `an aggregate is announced as soon as one address is under it, and until the last one is gone`() {
    self.expect(
      """
      service default/a 192.0.2.1
      endpoints default/a w1
      > announce default/a 192.0.2.1 to spine,tor
      > event default/a Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.0/24 tor +192.0.2.0/24
      service default/b 192.0.2.200
      endpoints default/b w1
      > announce default/b 192.0.2.200 to spine,tor
      > event default/b Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      no service default/a
      > withdraw default/a 192.0.2.1 bgp serviceDeleted
      no service default/b
      > withdraw default/b 192.0.2.200 bgp serviceDeleted
      > advertise spine -192.0.2.0/24 tor -192.0.2.0/24
      """, by: self.story("bgpad all length=24"))
  }

  @Test func `several advertisements of a Service announce side by side, and unite where they meet`() {
    self.expect(
      """
      bgpad more communities=1:1
      > announce default/web 192.0.2.1 to spine,tor
      > advertise spine +192.0.2.1/32(1:1) tor +192.0.2.1/32(1:1)
      bgpad wide length=24 peers=spine
      > announce default/web 192.0.2.1 to spine,tor
      > advertise spine +192.0.2.0/24
      bgpad wide length=24 peers=spine communities=2:2,1:1
      > announce default/web 192.0.2.1 to spine,tor
      > advertise spine +192.0.2.0/24(1:1+2:2)
      no bgpad more
      > announce default/web 192.0.2.1 to spine,tor
      > advertise spine +192.0.2.1/32 tor +192.0.2.1/32
      """, by: self.story("service default/web 192.0.2.1\nendpoints default/web w1"))
  }

  @Test func `two values of LOCAL_PREF for one Service keep it back`() {
    self.expect(
      """
      bgpad web pref=200 for=app=web
      > withdraw default/web 192.0.2.1 bgp conflictingAdvertisements
      > advertise spine -192.0.2.1/32 tor -192.0.2.1/32
      service default/web 192.0.2.1 app=mail
      > announce default/web 192.0.2.1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.1/32 tor +192.0.2.1/32
      """, by: self.story("service default/web 192.0.2.1 app=web\nendpoints default/web w1"))
  }

  @Test func `an advertisement that does not fit a pool is out of force there, and a problem`() {
    self.expect(
      """
      pool small 198.51.100.0/26
      > problems: invalid aggregation length 24: prefix 26 in this pool is more specific than the aggregation length for addresses 198.51.100.0/26
      service default/small 198.51.100.1
      endpoints default/small w1
      service default/web 192.0.2.1
      endpoints default/web w1
      > announce default/web 192.0.2.1 to spine,tor
      > event default/web Normal nodeAssigned announcing from node "w1" with protocol "bgp"
      > advertise spine +192.0.2.0/24 tor +192.0.2.0/24
      """, by: self.story("bgpad all length=24"))
  }

  // MARK: In general

  @Test(arguments: 0..<8)
  func `after any number of changes a speaker announces what a fresh one would, and peers know exactly that`(seed: Int)
  {
    var dice = SplitMix64(seed: UInt64(seed))
    func one(_ choices: [String]) -> String { choices[Int(dice.next() % UInt64(choices.count))] }
    var lines: [String: String] = [
      "pool main": "pool main 192.0.2.0/24", "node w1": "node w1 rack=1", "node w2": "node w2 rack=2",
      "interfaces": "interfaces eth0",
    ]
    var story = AnnouncementStory()
    var known: [String: [IPPrefix: BGPRoute]] = [:]
    var sessions: Set<String> = []
    func follow(_ line: String) {
      for action in story.actions(of: line) {
        switch action {
        case .configurePeers(let peers):
          sessions = Set(peers.keys)
          known = known.filter { sessions.contains($0.key) }
        case .advertise(let changes):
          for change in changes {
            for peer in change.peers {
              for (prefix, route) in change.routes { known[peer, default: [:]][prefix] = route }
              if known[peer]?.isEmpty == true { known[peer] = nil }
            }
          }
        default: break
        }
      }
    }
    for line in lines.values.sorted() + ["synced"] { follow(line) }
    for step in 0..<150 {
      let (name, line): (String, String)
      switch dice.next() % 6 {
      case 0:
        name = "peer " + one(["a", "b", "c"])
        line = "\(name) 10.0.0.1 \(one(["", "on=rack=1", "on=rack=2"]))"
      case 1:
        name = "bgpad " + one(["x", "y", "z"])
        line =
          "\(name) \(one(["", "length=24", "on=rack=1", "for=app=web"])) \(one(["", "peers=a", "peers=a,b"]))"
          + " \(one(["", "pref=7", "communities=1:1", "bandwidth"]))"
      case 2:
        name = "pool " + one(["main", "more"])
        line = "\(name) \(name == "pool main" ? one(["192.0.2.0/24", "192.0.2.0/25"]) : "198.51.100.0/24")"
      case 3:
        name = "node w1"
        line = "\(name) \(one(["rack=1", "rack=2", "noNetwork rack=1"]))"
      case 4:
        name = "service d/\(one(["1", "2", "3", "4"]))"
        line =
          "\(name) \(one(["192.0.2.1", "192.0.2.2", "192.0.2.200", "198.51.100.1", "pending"]))"
          + " \(one(["", "local", "app=web"]))"
      default:
        name = "endpoints d/\(one(["1", "2", "3", "4"]))"
        line = "\(name) \(one(["w1", "w2", "w1,w1,w2", "none"]))"
      }
      if dice.next() % 4 == 0, name != "node w1" {
        guard lines.removeValue(forKey: name) != nil else { continue }
        follow("no \(name)")
      } else {
        lines[name] = line
        follow(line)
      }
      guard step % 5 == 0 else { continue }
      var fresh = AnnouncementStory()
      fresh.play(lines.values.sorted().joined(separator: "\n") + "\nsynced")
      // A Service without a pool may be held by the one and not by the other, so only worlds with all pools compare.
      guard lines["pool main"] == "pool main 192.0.2.0/24", lines["pool more"] != nil else { continue }
      #expect(story.state.bgpAnnouncements == fresh.state.bgpAnnouncements)
      let told = story.state.reading().bgpAnnouncements(at: t0).map { [$0.service] + $0.addresses + $0.peers }
      #expect(
        told
          == story.state.bgpAnnouncements.values.sorted { $0.service < $1.service }.map {
            [$0.service.description] + $0.addresses.map(\.description) + $0.peers
          })
      #expect(Set(story.state.bgpPeers.keys) == sessions)
      for peer in sessions {
        #expect(known[peer] ?? [:] == story.state.bgpRoutes(to: peer))
        #expect(fresh.state.bgpRoutes(to: peer) == story.state.bgpRoutes(to: peer))
      }
    }
  }

  @Test func `a change costs what it concerns, however much is announced`() {
    var story = AnnouncementStory()
    story.play(Self.cluster)
    story.play(
      (0..<500).map { "service d/s\($0) 192.0.2.\($0 % 250)\nendpoints d/s\($0) w1" }.joined(separator: "\n"))
    story.play("synced")
    let actions = story.actions(of: "endpoints d/s7 none")
    #expect(actions.count == 1)
    #expect(story.actions(of: "peer tor 10.0.0.1 port=1179").count == 1)
  }
}
