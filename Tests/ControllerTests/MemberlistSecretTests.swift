import FoundationEssentials
import Primitives
import Testing

@testable import Controller

@Suite struct MemberlistSecretTests {
  @Test func `the key is the unpadded base64 text of sixteen bytes`() throws {
    var dice = SplitMix64(seed: 1)
    let key = MemberlistSecretUpkeep.newKey(using: &dice)
    let stored = try #require(key["secretkey"])
    let text = String(decoding: try #require(Data(base64Encoded: stored)), as: UTF8.self)
    #expect(text.count == 22)
    #expect(Data(base64Encoded: text + "==")?.count == 16)
    #expect(MemberlistSecretUpkeep.newKey(using: &dice) != key)
  }
}
