import KubernetesModel

/// The flags that the containers of a pod are started with, in Go's and in GNU's spelling.
package enum PodArguments {
  /// The value of a flag, empty if it stands alone; nil = it is not given.
  package static func value(of flag: String, in pod: JSONValue) -> String? {
    let containers = pod[path: "spec", "containers"]?.array ?? []
    let words = containers.flatMap { ($0["command"]?.strings ?? []) + ($0["args"]?.strings ?? []) }
    for (index, word) in words.enumerated() {
      let name = word.drop { $0 == "-" }
      guard word.hasPrefix("-"), name.hasPrefix(flag) else { continue }
      let rest = name.dropFirst(flag.count)
      if rest.hasPrefix("=") { return String(rest.dropFirst()) }
      guard rest.isEmpty else { continue }
      let next = index + 1 < words.count ? words[index + 1] : ""
      return next.hasPrefix("-") ? "" : next
    }
    return nil
  }

  /// The class of Services that a controller is for; nil = those without one.
  package static func loadBalancerClass(of pod: JSONValue) -> String? {
    self.value(of: "lb-class", in: pod).flatMap { $0.isEmpty ? nil : $0 }
  }
}
