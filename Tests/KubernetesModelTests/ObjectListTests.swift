import FoundationEssentials
import KubernetesModel
import Testing

@Suite struct ObjectListTests {
  private func page(_ json: String) throws -> ObjectList<IPAddressPool> {
    try JSONDecoder().decode(ObjectList<IPAddressPool>.self, from: Data(json.utf8))
  }

  @Test func `one malformed object does not hide the others`() throws {
    let page = try page(
      """
      {"metadata":{"resourceVersion":"7","continue":""},"items":[
        {"metadata":{"name":"good","namespace":"metallb-system"},"spec":{"addresses":["10.0.0.0/8"]}},
        {"metadata":{"name":"bad","namespace":"metallb-system"},"spec":{"addresses":"10.0.0.0/8"}},
        {"metadata":{"name":"empty","namespace":"metallb-system"},"spec":{}}]}
      """)
    #expect(page.metadata.resourceVersion == "7")
    #expect(page.items.count == 3)
    guard case .object(let good) = page.items[0], case .malformed(let bad, let reason) = page.items[1],
      case .malformed(let empty, let missing) = page.items[2]
    else {
      Issue.record("unexpected shape: \(page.items)")
      return
    }
    #expect(good.key == ObjectKey(namespace: "metallb-system", name: "good"))
    #expect(bad == ObjectKey(namespace: "metallb-system", name: "bad"))
    #expect(reason.contains("spec.addresses"))
    #expect(empty.name == "empty")
    #expect(missing.contains("\"addresses\" is missing"))
  }

  @Test func `any JSON document reads and writes unchanged`() throws {
    let text = #"{"a":[1,-2,1.5,true,false,null,"x"],"b":{"c":{},"d":[]},"e":9007199254740993}"#
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(value["a"] == [1, -2, .number(1.5), true, false, nil, "x"])
    #expect(value["e"] == .integer(9_007_199_254_740_993))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == text)
  }

  @Test func `a member of an object can be set and removed through its path`() {
    var value: JSONValue = ["metadata": ["labels": ["a": "b"]]]
    value["metadata"]?["labels"]?["c"] = "d"
    value["metadata"]?["labels"]?["a"] = nil
    #expect(value == ["metadata": ["labels": ["c": "d"]]])
    #expect(value[path: "metadata", "labels", "c"] == "d")
  }

  @Test func `paths of collections, objects and subresources`() {
    #expect(Service.type.path() == "/api/v1/services")
    #expect(
      Service.type.path(namespace: "default", name: "web", subresource: "status")
        == "/api/v1/namespaces/default/services/web/status")
    #expect(Node.type.path(namespace: "ignored", name: "n1") == "/api/v1/nodes/n1")
    #expect(
      IPAddressPool.type.path(namespace: "metallb-system")
        == "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools")
  }
}
