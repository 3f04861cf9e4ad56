import KubernetesModel
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@testable import Balancer

/// Documents as objects, for tests; the `config` text of a ConfigMap is JSON here.
private struct TestCoder: DocumentCoder {
  func decode<R: KubernetesResource>(_ document: JSONValue, as type: R.Type) throws(DecodingFailure) -> R {
    do {
      return try JSONDecoder().decode(R.self, from: Data(document.jsonText))
    } catch {
      throw DecodingFailure(error)
    }
  }

  func encode(_ object: some KubernetesResource) -> JSONValue? {
    (try? JSONEncoder().encode(object)).flatMap { try? JSONValue(json: $0) }
  }

  func tree(_ text: String) throws(DecodingFailure) -> JSONValue {
    do {
      return try JSONValue(json: Array(text.utf8))
    } catch {
      throw DecodingFailure(error)
    }
  }
}

@Suite struct ManifestReadingTests {
  private func read(_ documents: JSONValue...) -> ManifestReading {
    ManifestReading(
      documents.enumerated().map { .init(place: "f, document \($0 + 1)", document: $1) }, namespace: "metallb-system",
      configMap: "config", coder: TestCoder())
  }

  private func pool(_ name: String, _ spec: JSONValue, namespace: String? = nil) -> JSONValue {
    var metadata: JSONValue = ["name": .string(name)]
    metadata["namespace"] = namespace.map { .string($0) }
    return ["apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": metadata, "spec": spec]
  }

  @Test func `objects are sorted by kind, and those without a namespace are MetalLB's`() {
    let reading = self.read(
      self.pool("a", ["addresses": ["10.0.0.0/24"]]),
      [
        "apiVersion": "metallb.io/v1beta1", "kind": "L2Advertisement",
        "metadata": ["name": "l2", "namespace": "metallb-system"],
      ],
      ["apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web"]], nil)
    #expect(reading.objects.pools?.map(\.key) == [key("metallb-system/a")])
    #expect(reading.objects.l2Advertisements?.count == 1)
    #expect(reading.passedOver == ["Deployment": 1])
    #expect(reading.problems.isEmpty)
    #expect(reading.count == 2)
    #expect(CheckReport(reading).isValid(strict: true))
  }

  @Test func `lists are taken apart`() {
    let reading = self.read([
      "apiVersion": "v1", "kind": "List",
      "items": [self.pool("a", ["addresses": []]), self.pool("b", ["addresses": []])],
    ])
    #expect(reading.objects.pools?.count == 2)
  }

  @Test func `each mistake is told with the object, the field and a remedy`() {
    let reading = self.read(
      self.pool("twice", ["addresses": ["10.0.0.0/24"]]), self.pool("twice", ["addresses": ["10.0.1.0/24"]]),
      self.pool("elsewhere", ["addresses": ["10.0.2.0/24"]], namespace: "default"),
      self.pool("shape", ["addresses": "10.0.0.0/24"]), self.pool("", ["addresses": []]),
      self.pool("extra", ["addresses": ["10.0.3.0/24"], "adresses": [], "serviceAllocation": ["namespace": "x"]]),
      ["apiVersion": "metallb.io/v1beta2", "kind": "IPAddressPool", "metadata": ["name": "v2"]],
      ["apiVersion": "metallb.io/v1beta1", "kind": "AddressPool", "metadata": ["name": "old"]],
      ["kind": "IPAddressPool"], "text")
    let problems = reading.problems.map { "\($0.kind) \($0.key.name) \($0.field): \($0.message)" }
    #expect(
      problems == [
        "IPAddressPool twice metadata.name: the object is there twice: in f, document 1 and in f, document 2",
        "IPAddressPool elsewhere metadata.namespace: resource must be created in metallb-system namespace",
        "IPAddressPool  metadata.name: the object has no name",
        #"IPAddressPool extra spec.adresses: unknown field "spec.adresses": the API server drops it"#,
        "IPAddressPool extra spec.serviceAllocation.namespace: unknown field "
          + #""spec.serviceAllocation.namespace": the API server drops it"#,
        "IPAddressPool v2 apiVersion: IPAddressPool is not in metallb.io/v1beta2",
        "AddressPool old kind: there is no kind AddressPool in metallb.io/v1beta1",
        "document f, document 9 apiVersion: the object has no apiVersion",
        "document f, document 10 : a document must be an object",
      ])
    #expect(reading.problems.filter { $0.severity == .warning }.count == 2)
    #expect(reading.objects.malformed.map(\.key.name) == ["shape"])
    #expect(reading.objects.pools?.map(\.key.name) == ["twice", "", "extra"])
  }

  @Test func `a BGPPeer of the deprecated version is read as one of today`() {
    let reading = self.read([
      "apiVersion": "metallb.io/v1beta1", "kind": "BGPPeer", "metadata": ["name": "p"],
      "spec": ["myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1"],
    ])
    #expect(reading.objects.bgpPeers?.first?.spec?.peerAddress == "10.0.0.1")
    #expect(reading.problems.isEmpty)
  }

  @Test func `the old ConfigMap is judged as the controller would`() {
    let reading = self.read([
      "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "config", "namespace": "metallb-system"],
      "data": ["config": #"{"address-pools": [{"name": "a", "protocol": "layer2", "addresses": ["10.0.0.0/33"]}]}"#],
    ])
    let report = CheckReport(reading)
    #expect(report.problems.map(\.kind) == ["ConfigMap"])
    #expect(report.problems.map(\.field) == ["address-pools[0]"])
    #expect(!report.isValid(strict: false))
  }

  @Test func `the report names the file, and a warning counts only where asked`() {
    let report = CheckReport(self.read(self.pool("extra", ["addresses": ["10.0.3.0/24"], "cidr": 1])))
    #expect(report.isValid(strict: false) && !report.isValid(strict: true))
    #expect(
      report.lines(colours: false) == [
        "IPAddressPool metallb-system/extra  (f, document 1)", "  warning  spec.cidr",
        #"    unknown field "spec.cidr": the API server drops it"#, "    → Correct its name, or remove it.", "",
        "1 object, 1 warning.",
      ])
    #expect(report.json(strict: true)["valid"] == false)
    #expect(report.json(strict: false)["problems"]?.array?.first?["file"] == "f, document 1")
  }
}
