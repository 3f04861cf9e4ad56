import Testing

@testable import Lab

@Suite struct PodProxyTests {
  @Test func `a pod is named with its port and its scheme, or without`() {
    #expect(PodProxy.Target("web")?.name == "web" && PodProxy.Target("web")?.port == nil)
    #expect(PodProxy.Target("web:8080")?.port == 8080)
    #expect(PodProxy.Target("http:web:8080")?.name == "web")
    #expect(PodProxy.Target("http:web:")?.port == nil)
    for text in ["", ":80:", "https:web:443", "web:0", "web:99999", "web:port", "a:b:c:d"] {
      #expect(PodProxy.Target(text) == nil, "\(text)")
    }
  }
}
