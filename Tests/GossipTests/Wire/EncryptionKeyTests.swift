import Gossip
import Testing

@Suite struct EncryptionKeyTests {
  @Test func `the controller's secret is filled up with the hash of nothing`() throws {
    let secret = Array("abcdefghijklmnopqrstuv".utf8)
    let key = try #require(EncryptionKey(secret: secret))
    #expect(key.bytes == secret + [0xE3, 0xB0, 0xC4, 0x42, 0x98, 0xFC, 0x1C, 0x14, 0x9A, 0xFB])
  }

  @Test func `a long secret is cut, a newline counts, an empty one means no encryption`() {
    #expect(EncryptionKey(secret: Array(repeating: 7, count: 40))?.bytes == Array(repeating: 7, count: 32))
    #expect(EncryptionKey(secret: Array("x\n".utf8)) != EncryptionKey(secret: Array("x".utf8)))
    #expect(EncryptionKey(secret: []) == nil)
  }
}
