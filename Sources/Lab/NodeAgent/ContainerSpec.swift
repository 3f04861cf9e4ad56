import KubernetesModel
import Primitives

/// What a node's agent starts for one container, worked out beforehand in every detail.
package struct ContainerSpec: Codable, Sendable, Hashable {
  /// A directory of the machine shown at a place in the container.
  package struct Mount: Codable, Sendable, Hashable {
    package var source: String
    package var target: String

    package init(source: String, target: String) {
      self.source = source
      self.target = target
    }
  }

  /// The root file system that an image brings, and what its program may do in it.
  package struct Image: Codable, Sendable, Hashable {
    package var rootFileSystem: String
    package var confinement: Confinement
  }

  /// The path of the network namespace to live in.
  package var networkNamespace: String
  /// An empty directory of the machine, over which the container's root is put together.
  package var root: String
  package var hostname: String
  package var mounts: [Mount]
  package var program: String
  package var arguments: [String]
  /// `NAME=value`.
  package var environment: [String]
  /// nil = the machine's own root is shown.
  package var image: Image?
}

/// Where a pod lives: its own facts and those of its node, as the downward API tells them.
package struct PodPlace: Sendable, Hashable {
  package let pod: LabObject
  package let nodeName: String
  package let nodeAddress: String
  /// The primary one first.
  package let podAddresses: [String]
  package let networkNamespace: String
  /// The directory that holds the pod's volumes and roots.
  package let directory: String

  var isOnHostNetwork: Bool { self.pod.spec["hostNetwork"]?.bool == true }

  /// The value of a `fieldRef`; nil for a path that the downward API does not have.
  func field(_ path: String) -> String? {
    switch path {
    case "metadata.name": return self.pod.name
    case "metadata.namespace": return self.pod.namespace
    case "metadata.uid": return self.pod.uid
    case "spec.nodeName": return self.nodeName
    case "spec.serviceAccountName": return self.serviceAccount
    case "status.hostIP", "status.hostIPs": return self.nodeAddress
    case "status.podIP": return self.podAddresses.first
    case "status.podIPs": return self.podAddresses.joined(separator: ",")
    case "metadata.labels": return Self.lines(self.pod.labels)
    case "metadata.annotations": return Self.lines(self.pod.annotations)
    default:
      guard path.hasSuffix("']"), let open = path.firstIndex(of: "[") else { return nil }
      let key = String(path[path.index(open, offsetBy: 2)...].dropLast(2))
      switch path[..<open] {
      case "metadata.labels": return self.pod.labels[key] ?? ""
      case "metadata.annotations": return self.pod.annotations[key] ?? ""
      default: return nil
      }
    }
  }

  var serviceAccount: String {
    self.pod.spec["serviceAccountName"]?.string ?? self.pod.spec["serviceAccount"]?.string ?? "default"
  }

  private static func lines(_ pairs: [String: String]) -> String {
    pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: "\n")
  }
}

/// Turns a container of a pod into what is started for it.
package struct ContainerPlanner: Sendable {
  /// Something that the pod refers to and that is not there (yet); the pod waits for it.
  package struct Missing: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  package let place: PodPlace
  /// The path of this very binary.
  package let binary: String
  package let apiServer: IPv4Address
  package let apiServerPort: Int
  /// The ConfigMaps and Secrets of the pod's namespace that exist.
  package let configMaps: [String: LabObject]
  package let secrets: [String: LabObject]
  /// Variables that every process of this machine needs, such as the path of shared libraries.
  package var inherited: [String] = []
  /// What runs from files of this machine.
  package var images = LocalImages()

  package init(
    place: PodPlace, binary: String, apiServer: IPv4Address, apiServerPort: Int, configMaps: [String: LabObject],
    secrets: [String: LabObject], inherited: [String] = [], images: LocalImages = LocalImages()
  ) {
    self.place = place
    self.binary = binary
    self.apiServer = apiServer
    self.apiServerPort = apiServerPort
    self.configMaps = configMaps
    self.secrets = secrets
    self.inherited = inherited
    self.images = images
  }

  package func spec(for container: JSONValue) throws(Missing) -> ContainerSpec {
    let name = container["name"]?.string ?? ""
    let environment = try self.environment(of: container)
    var spec = ContainerSpec(
      networkNamespace: self.place.networkNamespace, root: "\(self.place.directory)/roots/\(name)",
      hostname: self.place.isOnHostNetwork ? self.place.nodeName : self.place.pod.name,
      mounts: self.mounts(of: container), program: self.binary,
      arguments: [self.binary] + self.arguments(of: container, environment: environment),
      environment: environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + self.inherited)
    try self.useLocalImage(in: &spec, of: container, environment: environment)
    return spec
  }

  private func arguments(of container: JSONValue, environment: [String: String]) -> [String] {
    let command = self.expanded(container["command"], environment)
    let arguments = self.expanded(container["args"], environment)
    switch ContainerImage(container["image"]?.string ?? "") {
    case .webServer:
      return ["lab-web"] + Self.webServerPorts(of: container)
        + ["--pod", self.place.pod.name, "--node", self.place.nodeName]
    case .product(let subcommand):
      guard let program = command.first?.split(separator: "/").last.map(String.init) else {
        let isNamed = subcommand == nil || arguments.first == subcommand
        return (isNamed ? [] : [subcommand ?? ""]) + arguments
      }
      let isSubcommand = program == "controller" || program == "speaker"
      return (isSubcommand ? [program] : []) + command.dropFirst() + arguments
    }
  }

  /// The ports that a web server listens on: those declared, or the usual ones of an image that declares none.
  static func webServerPorts(of container: JSONValue) -> [String] {
    let declared = container["ports"]?.array ?? []
    if declared.isEmpty { return ["--tcp", "80", "--tcp", "8080"] }
    return declared.flatMap { port -> [String] in
      guard let number = port["containerPort"]?.integer else { return [] }
      return [port["protocol"]?.string == "UDP" ? "--udp" : "--tcp", String(number)]
    }
  }

  /// `$(NAME)` in arguments stands for a variable of the container; `$$(NAME)` for itself.
  func expanded(_ list: JSONValue?, _ environment: [String: String]) -> [String] {
    (list?.array ?? []).compactMap(\.string).map { Self.expand($0, environment) }
  }

  static func expand(_ text: String, _ environment: [String: String]) -> String {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result += "$"
        rest = rest.dropFirst()
      } else if rest.first == "(", let close = rest.firstIndex(of: ")"),
        let value = environment[String(rest[rest.index(after: rest.startIndex)..<close])]
      {
        result += value
        rest = rest[rest.index(after: close)...]
      } else {
        result += "$"
      }
    }
    return result + rest
  }

  func environment(of container: JSONValue) throws(Missing) -> [String: String] {
    var result = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "TERM": "dumb",
      "HOSTNAME": self.place.isOnHostNetwork ? self.place.nodeName : self.place.pod.name,
      "KUBERNETES_SERVICE_HOST": self.apiServer.description, "KUBERNETES_SERVICE_PORT": String(self.apiServerPort),
      "KUBERNETES_SERVICE_PORT_HTTPS": String(self.apiServerPort),
    ]
    for source in container["envFrom"]?.array ?? [] {
      let prefix = source["prefix"]?.string ?? ""
      if let reference = source["configMapRef"] {
        for (key, value) in try self.data(of: reference, kind: "configmap", in: self.configMaps) {
          result[prefix + key] = value
        }
      }
      if let reference = source["secretRef"] {
        for (key, value) in try self.data(of: reference, kind: "secret", in: self.secrets) {
          result[prefix + key] = value
        }
      }
    }
    for variable in container["env"]?.array ?? [] {
      guard let name = variable["name"]?.string else { continue }
      if let value = try self.value(of: variable) { result[name] = Self.expand(value, result) }
    }
    return result
  }

  private func value(of variable: JSONValue) throws(Missing) -> String? {
    guard let source = variable["valueFrom"] else { return variable["value"]?.string ?? "" }
    if let path = source[path: "fieldRef", "fieldPath"]?.string {
      guard let value = self.place.field(path) else { throw Missing(description: "unknown field \"\(path)\"") }
      return value
    }
    if let reference = source["configMapKeyRef"] {
      return try self.entry(reference, kind: "configmap", in: self.configMaps)
    }
    if let reference = source["secretKeyRef"] {
      return try self.entry(reference, kind: "secret", in: self.secrets)
    }
    return nil
  }

  private func entry(
    _ reference: JSONValue, kind: String, in objects: [String: LabObject]
  ) throws(Missing) -> String? {
    let key = reference["key"]?.string ?? ""
    let value = try self.data(of: reference, kind: kind, in: objects)[key]
    if value == nil, reference["optional"]?.bool != true {
      throw Missing(description: "\(kind) \"\(reference["name"]?.string ?? "")\" has no key \"\(key)\"")
    }
    return value
  }

  private func data(
    of reference: JSONValue, kind: String, in objects: [String: LabObject]
  ) throws(Missing) -> [String: String] {
    let name = reference["name"]?.string ?? ""
    guard let object = objects[name] else {
      if reference["optional"]?.bool == true { return [:] }
      throw Missing(description: "\(kind) \"\(name)\" not found")
    }
    return VolumeContent.entries(of: object).mapValues { String(decoding: $0, as: UTF8.self) }
  }

  private func mounts(of container: JSONValue) -> [ContainerSpec.Mount] {
    // The binary may lie where a container has directories of its own, such as below /tmp.
    let binaryDirectory = "/" + self.binary.split(separator: "/").dropLast().joined(separator: "/")
    var mounts = [
      ContainerSpec.Mount(source: binaryDirectory, target: binaryDirectory),
      ContainerSpec.Mount(
        source: "\(self.place.directory)/volumes/\(VolumeContent.serviceAccountVolume)",
        target: "/var/run/secrets/kubernetes.io/serviceaccount"),
    ]
    mounts.removeAll { $0.target == "/" }
    let image = container["image"]?.string ?? ""
    if case .bundle = self.images[image] { mounts.removeAll { $0.source == binaryDirectory } }
    // A web server shows nothing of its volumes, and their places would hide the machine's own directories.
    if self.images[image] == nil, ContainerImage(image) == .webServer { return mounts }
    for mount in container["volumeMounts"]?.array ?? [] {
      guard let name = mount["name"]?.string, let target = mount["mountPath"]?.string else { continue }
      var source = "\(self.place.directory)/volumes/\(name)"
      if let part = mount["subPath"]?.string, !part.isEmpty { source += "/\(part)" }
      mounts.append(ContainerSpec.Mount(source: source, target: target))
    }
    // What lies in another volume is shown after it, as container runtimes do.
    mounts.sort { $0.target < $1.target }
    return mounts
  }
}
