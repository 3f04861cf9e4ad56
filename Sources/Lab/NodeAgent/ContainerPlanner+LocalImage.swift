import KubernetesModel

extension ContainerPlanner {
  /// Starts what the lab was told to run for the container's image; without such an image nothing changes.
  func useLocalImage(
    in spec: inout ContainerSpec, of container: JSONValue, environment: [String: String]
  ) throws(Missing) {
    let command = self.expanded(container["command"], environment)
    let arguments = self.expanded(container["args"], environment)
    switch self.images[container["image"]?.string ?? ""] {
    case nil: break
    case .program(let path):
      spec.program = path
      spec.arguments = [path] + command.dropFirst() + arguments
    case .bundle(let bundle):
      spec.arguments = (command.isEmpty ? bundle.arguments : command) + arguments
      guard let program = spec.arguments.first else { throw Missing(description: "the image has no program") }
      spec.program = program
      spec.image = ContainerSpec.Image(
        rootFileSystem: bundle.rootFileSystem,
        confinement: try Confinement(bundle: bundle, pod: self.place.pod.spec, container: container))
      let own = Set((container["env"]?.array ?? []).compactMap { $0["name"]?.string })
      let inherent = bundle.environment.filter { !own.contains(Self.name(of: $0)) }
      let names = Set(inherent.map(Self.name))
      spec.environment = spec.environment.filter { !names.contains(Self.name(of: $0)) } + inherent
    }
  }

  /// The name in `NAME=value`.
  private static func name(of variable: String) -> String {
    String(variable.prefix { $0 != "=" })
  }
}
