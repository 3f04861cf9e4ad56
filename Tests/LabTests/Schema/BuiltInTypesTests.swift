import KubernetesModel
import Testing

@testable import Lab

@Suite struct BuiltInTypesTests {
  @Test func `every type that a field names is described`() {
    func missing(_ shape: Shape) -> [String] {
      switch shape {
      case .named(let name): BuiltInTypes.records[name] == nil ? [name] : []
      case .list(let element, _): missing(element)
      case .map(let value, _): missing(value)
      case .scalar, .record, .opaque, .deduced: []
      }
    }
    let fields = BuiltInTypes.records.values.flatMap(\.fields.values)
    #expect(fields.flatMap { missing($0.shape) } == [])
    #expect(fields.count > 900)
  }

  @Test func `a Service port is described with its merge key, its list keys and its default`() {
    let ports = BuiltInTypes.records["core.v1.ServiceSpec"]?.field("ports")
    #expect(ports?.shape == .list(.named("core.v1.ServicePort"), .map(keys: ["port", "protocol"])))
    #expect(ports?.patch == PatchBehaviour(merges: true, mergeKey: "port"))
    #expect(ports?.number == 1)
    let transport = BuiltInTypes.records["core.v1.ServicePort"]?.field("protocol")
    #expect(transport?.defaultValue == "TCP")
    #expect(transport?.enumeration == ["SCTP", "TCP", "UDP"])
  }

  @Test func `fields of an embedded type are found by their JSON name but have no number here`() {
    let volume = BuiltInTypes.records["core.v1.Volume"]
    #expect(volume?.field("configMap")?.shape == .named("core.v1.ConfigMapVolumeSource"))
    #expect(volume?.field("configMap")?.number == 0)
    #expect(volume?.field("name")?.number == 1)
    #expect(volume?.field("...core.v1.VolumeSource") == nil)
  }

  @Test func `list keys of a map list are fields of its elements`() {
    for record in BuiltInTypes.records.values {
      for field in record.fields.values {
        guard case .list(let element, .map(let keys)) = field.shape, let target = element.record else { continue }
        for key in keys { #expect(target.field(key) != nil, "\(record.name).\(field.name) has no key \(key)") }
        if let mergeKey = field.patch.mergeKey { #expect(target.field(mergeKey) != nil) }
      }
    }
  }
}
