import KubernetesModel
import Testing

@testable import Balancer

/// What a ConfigurationState says (contract section 14).
@Suite struct ConfigurationVerdictTests {
  static func problem(_ name: String, _ message: String, severity: Problem.Severity = .invalid) -> Problem {
    Problem(
      kind: "IPAddressPool", key: key("metallb-system/\(name)"), field: "spec.addresses[0]", message: message,
      remedy: "Write a CIDR.", severity: severity)
  }

  private func status(_ problems: Problem...) -> ConfigurationState.Status {
    ConfigurationVerdict(problems).status(conditionType: "poolReconcilerValid", since: nil)
  }

  @Test func `without problems it is Valid, Reconciled and silent`() {
    #expect(
      self.status()
        == ConfigurationState.Status(
          result: "Valid",
          conditions: [
            ConfigurationState.Condition(type: "poolReconcilerValid", status: "True", reason: "Reconciled", message: "")
          ]))
  }

  @Test func `an invalid object makes it Invalid, with upstream's sentence first and the remedy behind it`() {
    let line =
      "configuration error: parsing address pool b: invalid CIDR (IPAddressPool metallb-system/b, spec.addresses[0]). "
      + "Write a CIDR."
    #expect(
      self.status(Self.problem("b", "parsing address pool b: invalid CIDR"))
        == ConfigurationState.Status(
          result: "Invalid", errorSummary: line,
          conditions: [
            ConfigurationState.Condition(
              type: "poolReconcilerValid", status: "False", reason: "ConfigurationError", message: line)
          ]))
  }

  @Test func `an object that waits for another one makes it Invalid as well`() {
    #expect(self.status(Self.problem("b", "no such profile", severity: .unresolved)).result == "Invalid")
  }

  @Test func `warnings alone leave it Valid and stand in the message`() {
    let status = self.status(Self.problem("a", "names nobody", severity: .warning))
    #expect(status.result == "Valid")
    #expect(status.errorSummary == nil)
    #expect(
      status.conditions?.first?.message
        == "warning: names nobody (IPAddressPool metallb-system/a, spec.addresses[0]). Write a CIDR.")
    #expect(status.conditions?.first?.status == "True")
  }

  @Test func `each problem has its line, what is invalid first`() {
    let status = self.status(
      Self.problem("a", "one", severity: .warning), Self.problem("b", "two"), Self.problem("c", "three"))
    let lines = (status.errorSummary ?? "").split(separator: "\n").map { $0.prefix { $0 != "(" } }
    #expect(lines == ["configuration error: two ", "configuration error: three ", "warning: one "])
  }

  @Test func `before anything is read it is Unknown, without a condition`() {
    #expect(
      ConfigurationVerdict.unknown.status(conditionType: "poolReconcilerValid", since: nil)
        == ConfigurationState.Status(result: "Unknown", conditions: []))
  }

  @Test func `ten thousand problems fit into what the server takes`() {
    let verdict = ConfigurationVerdict((0..<10_000).map { Self.problem("p\($0)", "wrong") })
    #expect(verdict.message.utf8.count < 32_768)
    #expect(verdict.message.contains("\nand ") && verdict.message.hasSuffix(" more"))
  }
}
