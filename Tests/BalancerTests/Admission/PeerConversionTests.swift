import KubernetesModel
import TestKit
import Testing

@testable import Balancer

/// Contract sections 3.4 and 21.18.
@Suite struct PeerConversionTests {
  private func peer(_ version: String, _ spec: JSONValue, annotations: JSONValue? = nil) -> JSONValue {
    var metadata: JSONValue = ["name": "tor", "namespace": "metallb-system"]
    metadata["annotations"] = annotations
    return ["apiVersion": .string("metallb.io/\(version)"), "kind": "BGPPeer", "metadata": metadata, "spec": spec]
  }

  private func convert(_ object: JSONValue, to version: String) throws -> JSONValue {
    try PeerConversion.convert(object, to: "metallb.io/\(version)")
  }

  @Test func `fields of both versions are copied one to one, and what is absent stays absent`() throws {
    let fields: JSONValue = [
      "myASN": 64500, "peerASN": 64501, "peerAddress": "192.0.2.1", "sourceAddress": "192.0.2.2", "peerPort": 1179,
      "holdTime": "90s", "keepaliveTime": "30s", "routerID": "10.0.0.1", "password": "x", "bfdProfile": "fast",
      "ebgpMultiHop": true, "nodeSelectors": [["matchLabels": ["rack": "1"]]],
    ]
    #expect(try self.convert(self.peer("v1beta1", fields), to: "v1beta2") == self.peer("v1beta2", fields))
    #expect(try self.convert(self.peer("v1beta2", fields), to: "v1beta1") == self.peer("v1beta1", fields))
    let few: JSONValue = ["myASN": 64500, "peerASN": 64501, "peerAddress": "192.0.2.1"]
    #expect(try self.convert(self.peer("v1beta1", few), to: "v1beta2") == self.peer("v1beta2", few))
    #expect(try self.convert(self.peer("v1beta2", few), to: "v1beta1") == self.peer("v1beta1", few))
  }

  @Test func `fields that only v1beta2 has survive a round trip`() throws {
    let spec: JSONValue = [
      "myASN": 64500, "dynamicASN": "external", "interface": "eth1", "connectTime": "5s", "vrf": "red",
      "passwordSecret": ["name": "s"], "enableGracefulRestart": true, "localASN": 64999,
    ]
    let original = self.peer("v1beta2", spec, annotations: ["team": "net"])
    let shown = try self.convert(original, to: "v1beta1")
    #expect(shown["spec"] == ["myASN": 64500, "peerASN": 0, "peerAddress": ""])
    #expect(shown[path: "metadata", "annotations", "team"] == "net")
    #expect(try self.convert(shown, to: "v1beta2") == original)
  }

  @Test func `the defaults of v1beta2 are not worth an annotation`() throws {
    let spec: JSONValue = [
      "myASN": 64500, "peerASN": 64501, "peerAddress": "192.0.2.1", "disableMP": false, "dualStackAddressFamily": false,
    ]
    let shown = try self.convert(self.peer("v1beta2", spec), to: "v1beta1")
    #expect(shown[path: "metadata", "annotations"] == nil)
  }

  @Test func `a change made in v1beta1 wins over nothing that v1beta2 hides`() throws {
    let original = self.peer(
      "v1beta2", ["myASN": 64500, "peerASN": 64501, "peerAddress": "192.0.2.1", "vrf": "red"])
    var shown = try self.convert(original, to: "v1beta1")
    shown["spec"]?["peerASN"] = 64777
    let back = try self.convert(shown, to: "v1beta2")
    #expect(back[path: "spec", "peerASN"] == 64777)
    #expect(back[path: "spec", "vrf"] == "red")
    #expect(back[path: "metadata", "annotations"] == nil)
  }

  @Test func `an annotation that is no JSON stays what it is`() throws {
    let odd = self.peer(
      "v1beta1", ["myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1"],
      annotations: ["metallb.io/v1beta2-fields": "{"])
    let converted = try self.convert(odd, to: "v1beta2")
    #expect(converted[path: "metadata", "annotations"] == ["metallb.io/v1beta2-fields": "{"])
  }

  @Test func `a review is answered whole, and the same version passes through`() {
    let object = self.peer("v1beta2", ["myASN": 64500])
    let review: JSONValue = [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
      "request": ["uid": "u", "desiredAPIVersion": "metallb.io/v1beta2", "objects": [object]],
    ]
    #expect(
      ConversionReview.answer(to: review)
        == [
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
          "response": ["uid": "u", "convertedObjects": [object], "result": ["status": "Success"]],
        ])
  }

  @Test func `what cannot be converted is a failure with a reason`() {
    func failure(_ version: String, _ object: JSONValue) -> String? {
      let review: JSONValue = [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
        "request": ["uid": "u", "desiredAPIVersion": .string(version), "objects": [object]],
      ]
      return ConversionReview.answer(to: review)?[path: "response", "result", "message"]?.string
    }
    #expect(
      failure("metallb.io/v9", self.peer("v1beta2", [:])) == #"there is no version "metallb.io/v9" of BGPPeer"#)
    #expect(
      failure("metallb.io/v1beta2", ["kind": "Pod", "apiVersion": "v1"])
        == #"only BGPPeers have several versions, not "Pod""#)
    #expect(failure("metallb.io/v1beta2", "garbage") != nil)
    #expect(ConversionReview.answer(to: ["kind": "Pod"]) == nil)
    #expect(ConversionReview.answer(to: .null) == nil)
  }
}
