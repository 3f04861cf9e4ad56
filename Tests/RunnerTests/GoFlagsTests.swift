import Testing

@testable import Runner

@Suite struct GoFlagsTests {
  private func rewritten(_ arguments: String...) -> [String] {
    GoFlags.arguments(arguments, commands: ["controller", "migrate", "speaker"])
  }

  @Test func `one dash is as good as two`() {
    #expect(
      self.rewritten("metallb", "controller", "-port=1", "-log-level", "info", "--x", "y")
        == ["controller", "--port=1", "--log-level", "info", "--x", "y"])
  }

  @Test func `a switch may be given a value`() {
    #expect(
      self.rewritten("metallb", "controller", "--disable-cert-rotation=true", "-webhook-http2=false")
        == ["controller", "--disable-cert-rotation"])
    #expect(
      self.rewritten("metallb", "speaker", "--ignore-exclude-lb=t", "--ml-wan-config=F")
        == ["speaker", "--ignore-exclude-lb"])
    #expect(
      self.rewritten("metallb", "migrate", "-only-data=true", "-stdout=false") == ["migrate", "--only-data"])
  }

  @Test func `an empty value is a value`() {
    #expect(
      self.rewritten("metallb", "speaker", "--ml-bindaddr=", "-lb-class=")
        == ["speaker", "--ml-bindaddr", "", "--lb-class", ""])
  }

  @Test func `what looks like yes or no is a value like others where a value belongs`() {
    #expect(
      self.rewritten("metallb", "controller", "--namespace=t", "-lb-class=true")
        == ["controller", "--namespace=t", "--lb-class=true"])
  }

  @Test func `a program called controller is the controller`() {
    #expect(self.rewritten("/controller", "-port=1") == ["controller", "--port=1"])
    #expect(self.rewritten("/usr/bin/speaker") == ["speaker"])
  }

  @Test func `other commands are left alone`() {
    #expect(self.rewritten("metallb", "lab", "-n=true", "-port=1") == ["lab", "-n=true", "-port=1"])
    #expect(self.rewritten("metallb") == [])
  }

  @Test func `short options, numbers and what follows two dashes are left alone`() {
    #expect(
      self.rewritten("metallb", "speaker", "-h", "-1", "-", "--", "-port=1")
        == ["speaker", "-h", "-1", "-", "--", "-port=1"])
  }
}
