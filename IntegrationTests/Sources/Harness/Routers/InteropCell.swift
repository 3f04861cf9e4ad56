/// What is tried with every router: the columns of `Docs/interop.md`.
package enum InteropCell: String, Sendable, Hashable, CaseIterable {
  // One session of each kind.
  case ipv4 = "IPv4 routes over IPv4"
  case ipv6 = "IPv6 routes over IPv6"
  case dualStack = "both families over one session"
  case external = "eBGP"
  case `internal` = "iBGP"
  case fourOctetASN = "an AS of four octets"
  case multihop = "a router in between, a source address"

  // What routes carry.
  case communities = "communities"
  case largeCommunities = "large communities"
  case localPreference = "LOCAL_PREF"
  case prepend = "prepending"
  case med = "MED"

  // What happens to a session.
  case changes = "one change on top"
  case routeRefresh = "route refresh"
  case password = "MD5"
  case wrongPassword = "MD5, wrong"
  case notificationFromRouter = "NOTIFICATION of the router"
  case shutdownText = "its shutdown communication"
  case notificationToRouter = "NOTIFICATION to the router"
  case holdTimeHere = "hold time, ours"
  case holdTimeThere = "hold time, the router's"
  case routerRestart = "the router is killed"
  case gracefulRestart = "graceful restart of the speaker"
  case gracefulShutdown = "graceful shutdown"
}
