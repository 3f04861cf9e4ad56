import FoundationEssentials
import KubernetesModel
import NIOCore
import Testing

@testable import KubernetesClient

@Suite struct RequestTests {
  @Test func `slashes are written as they are, as the reader of what is applied takes YAML`() throws {
    let object = Namespace(metadata: ObjectMeta(name: "n", labels: ["metallb.io/kind": "a/b"]))
    let text = String(decoding: try Manifest.encoded(object), as: UTF8.self)
    #expect(text.contains(#""metallb.io/kind":"a/b""#), "\(text)")
  }

  @Test func `parameters without a value are left out, the others are encoded`() {
    let request = APIRequest(
      .get, "/api/v1/pods", query: [("limit", "500"), ("continue", nil), ("labelSelector", "a in (b,ü),c!=d e")])
    #expect(
      request.target == "/api/v1/pods?limit=500&labelSelector=a%20in%20%28b%2C%C3%BC%29%2Cc%21%3Dd%20e")
    #expect(APIRequest(.get, "/readyz").target == "/readyz")
  }

  @Test func `a written object names its version and kind`() throws {
    let service = Service(metadata: ObjectMeta(name: "web", namespace: "shop", resourceVersion: "7"))
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(try Manifest.encoded(service)))
    #expect(
      value
        == [
          "apiVersion": "v1", "kind": "Service",
          "metadata": ["name": "web", "namespace": "shop", "resourceVersion": "7"],
        ])
  }

  private func refusal(_ code: Int, _ body: String, retryAfter: String? = nil) -> APIError.Refusal {
    Refusals.read(code: code, retryAfter: retryAfter, body: ByteBuffer(string: body))
  }

  @Test func `a conflict is told from an object that exists already`() {
    let conflict = APIError.refused(
      self.refusal(
        409,
        #"{"kind":"Status","status":"Failure","message":"the object has been modified","reason":"Conflict","code":409}"#
      ))
    let exists = APIError.refused(
      self.refusal(409, #"{"kind":"Status","message":"there is one","reason":"AlreadyExists","code":409}"#))
    #expect(conflict.isConflict)
    #expect(!conflict.isAlreadyExists)
    #expect(!exists.isConflict)
    #expect(exists.isAlreadyExists)
    #expect(conflict.description == "the API server answers 409: the object has been modified")
  }

  @Test func `an overloaded server says in plain text when to come back`() {
    let refusal = self.refusal(429, "Too many requests, please try again later.\n", retryAfter: "1")
    #expect(
      refusal
        == APIError.Refusal(
          code: 429, status: APIStatus(message: "Too many requests, please try again later."),
          retryAfter: .seconds(1)))
    #expect(APIError.refused(refusal).isTransient)
    #expect(
      self.refusal(503, "", retryAfter: "9223372036854775807").retryAfter == .seconds(60), "whatever a proxy says")
  }

  @Test func `the wait may stand in the status alone`() {
    let refusal = self.refusal(429, #"{"reason":"TooManyRequests","details":{"retryAfterSeconds":7}}"#)
    #expect(refusal.retryAfter == .seconds(7))
  }

  @Test func `a wait that is a date is no wait`() {
    #expect(self.refusal(503, "", retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT").retryAfter == nil)
  }

  @Test func `an expired list is gone, by code or by reason`() {
    #expect(APIError.refused(self.refusal(410, "")).isGone)
    #expect(APIError.refused(self.refusal(500, #"{"reason":"Expired"}"#)).isGone)
    #expect(!APIError.refused(self.refusal(404, "404 page not found")).isGone)
  }

  @Test func `each patch has the type of its kind`() {
    #expect(Patch.merge([:]).contentType == "application/merge-patch+json")
    #expect(Patch.json([]).contentType == "application/json-patch+json")
    #expect(Patch.strategic([:]).contentType == "application/strategic-merge-patch+json")
    #expect(Patch.apply([:], manager: "m", force: true).contentType == "application/apply-patch+yaml")
  }
}

@Suite struct LineSplitterTests {
  @Test func `lines come out whole, however the bytes come in`() {
    let text = "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}\nrest"
    for size in 1...text.utf8.count {
      var splitter = LineSplitter()
      var lines: [String] = []
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        splitter.append(ByteBuffer(bytes: rest.prefix(size)))
        rest = rest.dropFirst(size)
        while let line = splitter.next() { lines.append(String(buffer: line)) }
      }
      #expect(lines == ["{\"a\":1}", "{\"b\":2}\r", "{\"c\":3}"], "in chunks of \(size)")
      #expect(!splitter.isAtLineEnd)
    }
  }

  @Test func `a stream that ends after a line end is whole`() {
    var splitter = LineSplitter()
    splitter.append(ByteBuffer(string: "a\n"))
    #expect(splitter.next() == ByteBuffer(string: "a"))
    #expect(splitter.next() == nil)
    #expect(splitter.isAtLineEnd)
  }

  @Test func `a line without end is noticed`() {
    var splitter = LineSplitter()
    splitter.append(ByteBuffer(repeating: 0x20, count: LineSplitter.maximumLine))
    #expect(splitter.next() == nil)
    #expect(!splitter.isOverlong)
    splitter.append(ByteBuffer(string: "x"))
    #expect(splitter.isOverlong)
  }
}

@Suite struct BackoffTests {
  @Test func `waits double up to the limit, each within half of its value, and begin anew after a success`() {
    var backoff = Backoff(base: .seconds(1), limit: .seconds(8), seed: 1)
    for expected in [1, 2, 4, 8, 8, 8] {
      let wait = backoff.next()
      #expect((Duration.seconds(expected) / 2...Duration.seconds(expected) * 3 / 2).contains(wait))
    }
    backoff.reset()
    #expect(backoff.next() <= .milliseconds(1500))
  }

  @Test func `two seeds wait differently`() {
    var one = Backoff(seed: 1)
    var other = Backoff(seed: 2)
    #expect(one.next() != other.next())
  }
}
