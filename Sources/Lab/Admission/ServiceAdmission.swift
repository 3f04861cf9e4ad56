import KubernetesModel
import Primitives

/// What a Service goes through before it is stored: defaults, rules, and the addresses and ports that the cluster gives.
///
/// Behaves as kube-apiserver 1.36 does in everything that walkthroughs and clients notice.
package struct ServiceAdmission: Sendable {
  private var ranges: ServiceRanges

  package init(ranges: ServiceRanges) {
    self.ranges = ranges
  }

  /// The form of a new Service that is stored. A status in the request is dropped.
  package mutating func prepareCreate(_ service: JSONValue, _ key: ObjectKey) throws(Rejection) -> JSONValue {
    var service = service
    var spec = service["spec"] ?? [:]
    ServiceDefaults.apply(to: &spec)
    service["spec"] = spec
    service["status"] = ["loadBalancer": [:]]
    let errors = ServiceValidation.errors(of: service)
    guard errors.isEmpty else { throw Rejection(errors) }
    try self.ranges.allocate(&spec, for: key)
    service["spec"] = spec
    return service
  }

  /// The form of a changed Service that is stored: what the request leaves out stays, what no longer fits the type goes.
  package mutating func prepareUpdate(_ service: JSONValue, replacing old: JSONValue, _ key: ObjectKey)
    throws(Rejection) -> JSONValue
  {
    let oldSpec = old["spec"] ?? [:]
    var service = service
    var spec = service["spec"] ?? [:]
    ServiceDefaults.inherit(into: &spec, from: oldSpec)
    if spec.text("type") == nil { spec["type"] = "ClusterIP" }
    ServiceDefaults.dropStale(from: &spec, old: oldSpec)
    ServiceDefaults.apply(to: &spec)
    service["spec"] = spec
    service["status"] = old["status"]
    let errors = ServiceValidation.errors(of: service) + ServiceValidation.errors(of: spec, replacing: oldSpec)
    guard errors.isEmpty else { throw Rejection(errors) }
    var ranges = self.ranges
    ranges.release(key, spec: oldSpec)
    try ranges.allocate(&spec, for: key)
    self.ranges = ranges
    service["spec"] = spec
    if spec["type"] != "LoadBalancer", oldSpec["type"] == "LoadBalancer" {
      var status = service["status"] ?? [:]
      status["loadBalancer"] = [:]
      service["status"] = status
    }
    return service
  }

  /// The form of a Service whose status alone is written: the spec stays, labels and annotations are taken.
  package func prepareStatusUpdate(_ service: JSONValue, replacing old: JSONValue) throws(Rejection) -> JSONValue {
    var service = service
    service["spec"] = old["spec"]
    var status = service["status"] ?? [:]
    if status == .null { status = [:] }
    status.setDefault([:], "loadBalancer")
    if let ingress = status[path: "loadBalancer", "ingress"]?.array {
      status["loadBalancer"]?["ingress"] =
        ingress.isEmpty
        ? nil
        : .array(
          ingress.map { entry in
            var entry = entry
            if entry.text("ip") != nil { entry.setDefault("VIP", "ipMode") }
            return entry
          })
    }
    service["status"] = status
    let errors = ServiceValidation.statusErrors(of: service)
    guard errors.isEmpty else { throw Rejection(errors) }
    return service
  }

  /// The Service is gone: its addresses and ports are free.
  package mutating func release(_ service: JSONValue, _ key: ObjectKey) {
    self.ranges.release(key, spec: service["spec"] ?? [:])
  }
}
