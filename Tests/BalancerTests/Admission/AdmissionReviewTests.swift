import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct AdmissionReviewTests {
  private static let good: JSONValue = [
    "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
    "request": [
      "uid": "u-1", "kind": ["group": "metallb.io", "version": "v1beta1", "kind": "IPAddressPool"],
      "operation": "CREATE", "namespace": "metallb-system", "name": "a", "object": ["spec": [:]], "oldObject": .null,
    ],
  ]

  @Test func `a review is read`() throws {
    let review = try AdmissionReview(Self.good.jsonText)
    #expect(review.uid == "u-1")
    #expect(review.operation == .create)
    #expect(review.kind == "IPAddressPool")
    #expect(review.object == ["spec": [:]])
    #expect(review.oldObject == nil)
  }

  @Test func `what is no review is named`() {
    func reason(_ change: (inout JSONValue) -> Void) -> String? {
      var document = Self.good
      change(&document)
      do throws(AdmissionReview.Malformed) {
        _ = try AdmissionReview(document.jsonText)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(reason { $0["request"]?["uid"] = nil } == "the AdmissionReview lacks request.uid")
    #expect(reason { $0["request"]?["uid"] = "" } == "the AdmissionReview lacks request.uid")
    #expect(reason { $0["request"] = nil } == "the AdmissionReview lacks request")
    #expect(reason { $0["request"] = "no" } == "the AdmissionReview lacks request")
    #expect(reason { $0["request"]?["operation"] = "READ" } == #"request.operation "READ" is not known"#)
    #expect(reason { $0["request"]?["kind"] = nil } == "the AdmissionReview lacks request.kind")
    #expect(
      reason { $0["kind"] = "Pod" }
        == #"the request body is not an AdmissionReview of admission.k8s.io/v1: it is a "Pod" of "admission.k8s.io/v1""#
    )
    #expect(throws: AdmissionReview.Malformed.empty) { try AdmissionReview([]) }
    #expect(throws: AdmissionReview.Malformed.notJSON("unexpected end of JSON input")) {
      try AdmissionReview(#"{"kind":"#.utf8)
    }
    #expect(throws: AdmissionReview.Malformed.self) { try AdmissionReview("[]".utf8) }
  }

  @Test func `answers have the shape that the API server expects`() {
    #expect(
      AdmissionVerdict.allowed(warnings: ["careful"]).answer(apiVersion: "admission.k8s.io/v1beta1", uid: "u")
        == [
          "apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview",
          "response": [
            "uid": "u", "allowed": true, "status": ["metadata": [:], "code": 200], "warnings": ["careful"],
          ],
        ])
    #expect(
      AdmissionVerdict.denied("no", warnings: []).answer(uid: "u")["response"]
        == [
          "uid": "u", "allowed": false,
          "status": ["metadata": [:], "code": 403, "reason": "Forbidden", "message": "no"],
        ])
    #expect(
      AdmissionVerdict.undecided(code: 400, "what?").answer()["response"]
        == ["uid": "", "allowed": false, "status": ["metadata": [:], "code": 400, "message": "what?"]])
  }

  @Test func `a review cut off or garbled anywhere is answered, never a crash`() {
    let text = Self.good.jsonText
    var dice = SplitMix64(seed: 7)
    for length in 0..<text.count { _ = try? AdmissionReview(text.prefix(length)) }
    for _ in 0..<2000 {
      var garbled = text
      for _ in 0..<Int.random(in: 1...6, using: &dice) {
        garbled[Int.random(in: 0..<garbled.count, using: &dice)] = UInt8.random(in: .min ... .max, using: &dice)
      }
      _ = try? AdmissionReview(garbled)
    }
  }
}
