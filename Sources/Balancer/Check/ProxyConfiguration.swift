import KubernetesModel

/// What kube-proxy's configuration does to addresses that are announced on the local network.
///
/// In IPVS mode each node has all addresses of Services on an interface of its own, and its kernel answers ARP for them
/// unless `strictARP` is set: every node would answer for every address, whoever its owner is.
package enum ProxyConfiguration {
  /// Where kubeadm and others keep it.
  package static let key = ObjectKey(namespace: "kube-system", name: "kube-proxy")

  /// What is wrong with it, if anything. `parse` reads a YAML text, or throws what is wrong with it.
  package static func problem<Failure: Error>(
    in object: ConfigMap, parse: (String) throws(Failure) -> JSONValue
  ) -> Problem? {
    guard let text = object.data?["config.conf"], let content = try? parse(text),
      content["mode"]?.string == "ipvs", content[path: "ipvs", "strictARP"] != .bool(true)
    else { return nil }
    return Problem(
      kind: ConfigMap.type.kind, key: object.key, field: "data.config.conf: ipvs.strictARP",
      message: "kube-proxy is in IPVS mode without strictARP: every node answers ARP for every address of a Service, "
        + "whichever node announces it",
      remedy: "Set strictARP: true below ipvs, and restart kube-proxy.", severity: .warning)
  }
}
