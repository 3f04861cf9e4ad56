import KubernetesModel
import Testing

@testable import Lab

@Suite struct CELExpressionTests {
  private let advertisement: JSONValue = [
    "aggregationLength": 24, "serviceSelectors": [["a": "b"]], "peers": ["x", "y"], "name": "first", "time": "90s",
    "labels": ["k": "v"],
  ]

  private func value(_ text: String) throws -> CELValue {
    try CELExpression(text).evaluate(["self": CELValue(self.advertisement)])
  }

  @Test(arguments: [
    "has(self.peers) && !has(self.nope)",
    "!has(self.serviceSelectors) || size(self.serviceSelectors) == 0 || self.aggregationLength != 32",
    "self.peers.size() == 2 && self.peers[1] == 'y'",
    "'x' in self.peers && !('z' in self.peers) && 'k' in self.labels",
    "self.peers.all(p, p.size() == 1) && self.peers.exists(p, p == \"y\")",
    "self.peers.exists_one(p, p == 'x') && self.peers.filter(p, p != 'x') == ['y']",
    "self.peers.map(p, p + '!') == ['x!', 'y!']",
    "self.name.matches('^f.*t$') && self.name.startsWith('fi') && self.name.endsWith('st') && self.name.contains('irs')",
    "duration(self.time).getSeconds() == 90 && duration('1h30m') > duration('89m')",
    "duration('1500ms').getMilliseconds() % 1000 == 500",
    "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 / 2 == 3 && -7 % 3 == -1",
    "self.aggregationLength >= 24 && self.aggregationLength <= 24 && self.aggregationLength < 24.5",
    "self.aggregationLength == 24 ? self.name == 'first' : false",
    "true || self.nope == 1",
    "self.nope == 1 || true",
    "!(self.nope == 1 && false)",
    "self.labels['k'] == 'v' && self.labels.k == 'v' && {'a': 1}.a == 1",
    "int('7') == 7 && string(7) == '7' && double(7) == 7.0",
    "'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b' && 'abc'.substring(1) == 'bc'",
    "r'\\d' == '\\\\d' && 'a\\u0062' == 'ab' && 0x10 == 16",
    "isIP('192.0.2.1') && isCIDR('192.0.2.0/24') && !isIP('x')",
  ])
  func `an expression that holds is true`(text: String) throws {
    #expect(try self.value(text) == .bool(true))
  }

  @Test(arguments: [
    ("self.nope", CELError.noSuchKey("nope")), ("nope", .noSuchVariable("nope")), ("frob(1)", .noSuchFunction("frob")),
    ("self.peers[2]", .outOfRange), ("1 / 0", .outOfRange), ("9223372036854775807 + 1", .outOfRange),
    ("1 < 'a'", .noSuchOverload("<")), ("self.nope == 1 && true", .noSuchKey("nope")),
  ])
  func `an expression without a value says why`(text: String, error: CELError) {
    #expect(throws: error) { try self.value(text) }
  }

  @Test(arguments: ["", "self ==", "(1", "has(self)", "self.peers.all(1, true)", "'abc", "a b", "1..2", "#", "[1,"])
  func `what is no expression is refused`(text: String) {
    #expect(throws: CELError.self) { try CELExpression(text) }
  }

  @Test func `deep nesting is refused and not followed`() {
    #expect(throws: CELError.tooComplex) {
      try CELExpression(String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000))
    }
  }

  @Test func `an expression knows whether it looks at the old object`() throws {
    #expect(try CELExpression("self == oldSelf").usesOldSelf)
    #expect(try !CELExpression("self == 'oldSelf'").usesOldSelf)
  }

  @Test(arguments: [("90s", 90_000_000_000), ("1h1m1.5s", 3_661_500_000_000), ("-2ms", -2_000_000), ("0", 0)])
  func `durations are in Go's notation`(text: String, nanoseconds: Int64) {
    #expect(CELDuration(text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: ["", "5", "s", "5x", "1e400h", "--1s"])
  func `what is no duration is refused`(text: String) {
    #expect(CELDuration(text) == nil)
  }
}
