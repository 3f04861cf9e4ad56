import KubernetesModel
import Primitives
import TestKit

@testable import Balancer

/// A story for the controller: lines of events, each followed by the actions that are expected of it.
///
/// Events:
///
///     start [class=C] [unknown-pool=fail] [writes=N] [unadvertised] [standby]   everything from the beginning
///     namespace NAME [LABEL=VALUE ...]              namespace-gone NAME
///     pool NAME ADDRESSES [option ...]              pool-gone NAME         pool-malformed NAME REASON
///     service NS/NAME [option ...]                  gone NS/NAME
///     l2|bgp NAME [pools=a,b] [pool-labels=k:v] [service-labels=k:v]          l2-gone|bgp-gone NAME
///     synced                                        all lists are complete; unless the start was `unadvertised`, there is
///                                                   an advertisement for all pools among them
///     advertisements-synced                         only those of advertisements
///     done|conflict|missing|failed NS/NAME          the write of a Service ended so
///     pool-done|pool-conflict|pool-failed NAME      the write of a pool's status ended so
///     elected|deposed                               this controller acts, or another may
///     wait MILLISECONDS
///
/// Options of a pool: `manual`, `avoid`, `priority=N`, `namespaces=a,b`, `namespace-labels=k:v`, `service-labels=k:v`,
/// `labels=k:v`, `status=A4,A6,F4,F6`. Options of a Service: `ip=`, `pool=`, `share=`, `ports=TCP/80,UDP/53`, `cluster=10.96.0.1,fd00::1`,
/// `policy=`, `local=app:web`, `status=ADDRESSES@POOL`, `class=`, `type=`, `labels=k:v`, `born=SECONDS`, `deprecated`,
/// `uid=`, `first=IPv6`, `annotation-ips=`. What is not given is absent; the status, if it is not given, is what was written last.
///
/// Actions, as lines that begin with `>`:
///
///     > write NS/NAME ADDRESSES|- from POOL|-       > pool NAME USED4,USED6,FREE4,FREE6
///     > Normal|Warning OBJECT REASON: MESSAGE       > problem OBJECT FIELD: MESSAGE        > valid
struct Scenario {
  struct Step: Equatable {
    var line: Int
    var event: String
    var actions: [String]
  }

  enum Malformed: Error {
    case line(Int, String)
  }

  var steps: [Step] = []

  init(_ text: String) throws {
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.split(separator: " ").joined(separator: " ")
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard line.hasPrefix("> ") else {
        self.steps.append(Step(line: index + 1, event: line, actions: []))
        continue
      }
      guard !self.steps.isEmpty else { throw Malformed.line(index + 1, line) }
      self.steps[self.steps.count - 1].actions.append(String(line.dropFirst(2)))
    }
  }

  /// What the controller does at each step, in the form of the expectation.
  func played() throws -> [Step] {
    var stage = Stage()
    return try self.steps.map { step in
      guard let actions = stage.play(step.event) else { throw Malformed.line(step.line, step.event) }
      return Step(line: step.line, event: step.event, actions: actions.map(Self.text))
    }
  }

  static func text(_ action: ControllerState.Action) -> String {
    switch action {
    case .writeService(let write):
      let ingress = (write.object.status?.loadBalancer?.ingress ?? []).compactMap(\.ip).joined(separator: ",")
      let pool = write.object.metadata.annotations?[ServiceAnnotation.allocatedFromPool.name]
      return "write \(write.key) \(ingress.isEmpty ? "-" : ingress) from \(pool ?? "-")"
    case .writePoolStatus(let write):
      let status = write.object.status
      let figures = [status?.assignedIPv4, status?.assignedIPv6, status?.availableIPv4, status?.availableIPv6]
      return "pool \(write.key.name) \(figures.map { $0.map(String.init) ?? "?" }.joined(separator: ","))"
    case .emit(let note):
      let object = [note.object.namespace, note.object.name].compactMap { $0 }.joined(separator: "/")
      return "\(note.type.rawValue) \(object) \(note.reason): \(note.message)"
    case .report(let problems):
      return problems.isEmpty
        ? "valid" : problems.map { "problem \($0.key) \($0.field): \($0.message)" }.joined(separator: " | ")
    }
  }
}

/// The controller with a pretended API server behind it.
struct Stage {
  var state = ControllerState(settings: ControllerState.Settings(poolStatusDelay: .milliseconds(250), seed: 1))
  var now = t0
  /// Whether an advertisement for everything is among the lists, so that stories about other things need not say so.
  private var isAdvertised = true
  private var version = 100
  private var services: [ObjectKey: Service] = [:]
  private var pools: [ObjectKey: IPAddressPool] = [:]
  private var written: [ObjectKey: ServiceWrite] = [:]
  private var poolsWritten: [ObjectKey: PoolStatusWrite] = [:]

  /// Plays one event; nil if it makes no sense.
  mutating func play(_ event: String) -> [ControllerState.Action]? {
    let words = event.split(separator: " ").map(String.init)
    guard let verb = words.first else { return nil }
    let name = words.count > 1 ? words[1] : ""
    let options = Options(words.dropFirst(2))
    self.version += 1
    switch verb {
    case "start": return self.start(Options(words.dropFirst()))
    case "synced":
      let lists: [ControllerState.Event] = [.pools(.synced), .namespaces(.synced), .services(.synced)]
      let everything = L2Advertisement(metadata: ObjectMeta(name: "everything", namespace: "metallb-system"))
      let advertisements: [ControllerState.Event] = [
        .l2Advertisements(.applied(everything)), .l2Advertisements(.synced), .bgpAdvertisements(.synced),
      ]
      return (lists + (self.isAdvertised ? advertisements : [])).flatMap { self.handle($0) }
    case "advertisements-synced":
      return [.l2Advertisements(.synced), .bgpAdvertisements(.synced)].flatMap { self.handle($0) }
    case "l2", "bgp": return self.apply(advertisement: name, ofBGP: verb == "bgp", options)
    case "l2-gone":
      return self.handle(.l2Advertisements(.deleted(ObjectKey(namespace: "metallb-system", name: name))))
    case "bgp-gone":
      return self.handle(.bgpAdvertisements(.deleted(ObjectKey(namespace: "metallb-system", name: name))))
    case "elected": return self.handle(.elected)
    case "deposed": return self.handle(.deposed)
    case "wait":
      guard let duration = Int(name) else { return nil }
      self.now += .milliseconds(duration)
      return self.handle(.tick)
    case "namespace":
      return self.handle(
        .namespaces(.applied(Namespace(metadata: ObjectMeta(name: name, labels: options.pairs)))))
    case "namespace-gone": return self.handle(.namespaces(.deleted(ObjectKey(name: name))))
    case "pool":
      guard words.count > 2 else { return nil }
      return self.apply(pool: name, addresses: words[2], Options(words.dropFirst(3)))
    case "pool-gone":
      self.pools[ObjectKey(namespace: "metallb-system", name: name)] = nil
      return self.handle(.pools(.deleted(ObjectKey(namespace: "metallb-system", name: name))))
    case "pool-malformed":
      let reason = words.dropFirst(2).joined(separator: " ")
      return self.handle(.pools(.malformed(ObjectKey(namespace: "metallb-system", name: name), reason: reason)))
    case "service": return self.apply(service: key(name), options)
    case "gone":
      self.services[key(name)] = nil
      return self.handle(.services(.deleted(key(name))))
    case "done": return self.accept(key(name))
    case "conflict": return self.handle(.written(key(name), .conflicted))
    case "missing": return self.handle(.written(key(name), .notFound))
    case "failed": return self.handle(.written(key(name), .failed(reason: "no route")))
    case "pool-done": return self.acceptPool(ObjectKey(namespace: "metallb-system", name: name))
    case "pool-conflict":
      return self.handle(.poolStatusWritten(ObjectKey(namespace: "metallb-system", name: name), .conflicted))
    case "pool-failed":
      return self.handle(
        .poolStatusWritten(ObjectKey(namespace: "metallb-system", name: name), .failed(reason: "no route")))
    default: return nil
    }
  }

  mutating func handle(_ event: ControllerState.Event) -> [ControllerState.Action] {
    let actions = self.state.handle(event, at: self.now)
    for action in actions {
      switch action {
      case .writeService(let write): self.written[write.key] = write
      case .writePoolStatus(let write): self.poolsWritten[write.key] = write
      case .emit, .report: break
      }
    }
    return actions
  }

  private mutating func start(_ options: Options) -> [ControllerState.Action] {
    let settings = ControllerState.Settings(
      loadBalancerClass: options["class"], unknownPool: options["unknown-pool"] == "fail" ? .fail : .allocate,
      writesInFlight: options["writes"].flatMap { Int($0) } ?? 32, poolStatusDelay: .milliseconds(250),
      awaitsElection: options.has("standby"), seed: 1)
    self = Stage()
    self.isAdvertised = !options.has("unadvertised")
    self.state = ControllerState(settings: settings)
    return []
  }

  private mutating func apply(pool name: String, addresses: String, _ options: Options) -> [ControllerState.Action] {
    let restricting = ["priority", "namespaces", "namespace-labels", "service-labels"]
    let hasRestriction = restricting.contains { options[$0] != nil }
    let restriction = IPAddressPool.ServiceAllocation(
      priority: options["priority"].flatMap { Int($0) }, namespaces: options.list("namespaces"),
      namespaceSelectors: options.labels("namespace-labels").map { [LabelSelector(matchLabels: $0)] },
      serviceSelectors: options.labels("service-labels").map { [LabelSelector(matchLabels: $0)] })
    var object = poolObject(
      name, addresses.split(separator: ",").map(String.init), autoAssign: options.has("manual") ? false : nil,
      avoidBuggyIPs: options.has("avoid") ? true : nil, serviceAllocation: hasRestriction ? restriction : nil,
      labels: options.labels("labels"), version: self.version)
    let figures = options.list("status")?.compactMap { Int64($0) } ?? []
    object.status =
      figures.count == 4
      ? IPAddressPool.Status(
        assignedIPv4: figures[0], assignedIPv6: figures[1], availableIPv4: figures[2], availableIPv6: figures[3])
      : self.pools[object.key]?.status
    self.pools[object.key] = object
    return self.handle(.pools(.applied(object)))
  }

  private mutating func apply(
    advertisement name: String, ofBGP isBGP: Bool, _ options: Options
  ) -> [ControllerState.Action] {
    let metadata = ObjectMeta(
      name: name, namespace: "metallb-system", uid: "uid-\(name)", resourceVersion: "\(self.version)")
    func selectors(_ name: String) -> [LabelSelector]? {
      options.labels(name).map { [LabelSelector(matchLabels: $0)] }
    }
    if isBGP {
      let spec = BGPAdvertisement.Spec(
        ipAddressPools: options.list("pools"), ipAddressPoolSelectors: selectors("pool-labels"),
        serviceSelectors: selectors("service-labels"))
      return self.handle(.bgpAdvertisements(.applied(BGPAdvertisement(metadata: metadata, spec: spec))))
    }
    let spec = L2Advertisement.Spec(
      ipAddressPools: options.list("pools"), ipAddressPoolSelectors: selectors("pool-labels"),
      serviceSelectors: selectors("service-labels"))
    return self.handle(.l2Advertisements(.applied(L2Advertisement(metadata: metadata, spec: spec))))
  }

  private mutating func apply(service key: ObjectKey, _ options: Options) -> [ControllerState.Action] {
    let prefix = options.has("deprecated") ? ServiceAnnotation.deprecatedPrefix : "metallb.io"
    var annotations: [String: String] = [:]
    annotations["\(prefix)/address-pool"] = options["pool"]
    annotations["\(prefix)/allow-shared-ip"] = options["share"]
    annotations["\(prefix)/loadBalancerIPs"] = options["annotation-ips"]
    let cluster = options.list("cluster") ?? ["10.96.0.1"]
    let ports = (options.list("ports") ?? ["TCP/80"]).map { text in
      let parts = text.split(separator: "/")
      return ServicePort(protocol: String(parts[0]), port: parts.last.flatMap { Int($0) } ?? 0)
    }
    let spec = ServiceSpec(
      type: options["type"] ?? "LoadBalancer", selector: options.labels("local"), ports: ports,
      clusterIP: cluster.first, clusterIPs: cluster, ipFamilies: options["first"].map { [$0] },
      ipFamilyPolicy: options["policy"], loadBalancerIP: options["ip"], loadBalancerClass: options["class"],
      externalTrafficPolicy: options["local"].map { _ in "Local" })
    var ingress = self.services[key]?.status?.loadBalancer?.ingress
    var pool = self.services[key]?.metadata.annotations?[ServiceAnnotation.allocatedFromPool.name]
    if let status = options["status"] {
      let parts = status.split(separator: "@", omittingEmptySubsequences: false)
      ingress = parts[0].split(separator: ",").map { LoadBalancerIngress(ip: String($0), ipMode: "VIP") }
      pool = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
    }
    annotations[ServiceAnnotation.allocatedFromPool.name] = pool
    var metadata = ObjectMeta(
      name: key.name, namespace: key.namespace, uid: options["uid"] ?? "uid-\(key)", resourceVersion: "\(self.version)",
      labels: options.labels("labels"), annotations: annotations.isEmpty ? nil : annotations)
    metadata.creationTimestamp = Timestamp(seconds: options["born"].flatMap { Int64($0) } ?? 0)
    let service = Service(
      metadata: metadata, spec: spec, status: ServiceStatus(loadBalancer: LoadBalancerStatus(ingress: ingress)))
    self.services[key] = service
    return self.handle(.services(.applied(ServiceView(service))))
  }

  /// The server takes the last write of a Service, says so, and the watch shows it.
  private mutating func accept(_ key: ObjectKey) -> [ControllerState.Action]? {
    guard let write = self.written[key], var service = self.services[key] else { return nil }
    service.metadata = write.object.metadata
    service.metadata.resourceVersion = "\(self.version)"
    service.status = write.object.status
    let ingress = service.status?.loadBalancer?.ingress?.map { LoadBalancerIngress(ip: $0.ip, ipMode: "VIP") }
    service.status?.loadBalancer?.ingress = ingress
    self.services[key] = service
    return self.handle(.written(key, .succeeded(resourceVersion: "\(self.version)")))
      + self.handle(.services(.applied(ServiceView(service))))
  }

  private mutating func acceptPool(_ key: ObjectKey) -> [ControllerState.Action]? {
    guard let write = self.poolsWritten[key], var object = self.pools[key] else { return nil }
    object.status = write.object.status
    object.metadata.resourceVersion = "\(self.version)"
    self.pools[key] = object
    return self.handle(.poolStatusWritten(key, .succeeded(resourceVersion: "\(self.version)")))
      + self.handle(.pools(.applied(object)))
  }

  /// Words of the form `name` and `name=value`.
  struct Options {
    private var values: [String: String] = [:]
    private var words: [String] = []

    init(_ texts: some Sequence<String>) {
      for text in texts {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { self.values[String(parts[0])] = String(parts[1]) } else { self.words.append(text) }
      }
    }

    subscript(name: String) -> String? { self.values[name] }
    var pairs: [String: String] { self.values }
    func has(_ word: String) -> Bool { self.words.contains(word) }
    func list(_ name: String) -> [String]? { self.values[name]?.split(separator: ",").map(String.init) }

    func labels(_ name: String) -> [String: String]? {
      self.list(name).map { pairs in
        Dictionary(
          pairs.map { pair in
            let parts = pair.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
          }, uniquingKeysWith: { $1 })
      }
    }
  }
}
