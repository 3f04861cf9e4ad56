/// Why bytes from another member cannot be understood.
package enum WireError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The bytes end too early; on a stream, more may come.
  case truncated
  case unknownMessage(type: UInt8)
  /// A MessagePack value of another type than its place demands.
  case unexpectedValue(in: String)
  case missingField(String)
  case invalidAddress
  case invalidText
  case badChecksum
  case badCompression
  case tooDeep
  case tooLarge(Int, limit: Int)
  case tooMany(Int, limit: Int)
  case unencrypted
  case encrypted
  case unknownEncryption(version: UInt8)
  case undecryptable
  /// Labels separate clusters that share a network; neither implementation sets one.
  case labelled

  package var description: String {
    switch self {
    case .truncated: "the message ends too early"
    case .unknownMessage(let type): "messages of type \(type) are not known"
    case .unexpectedValue(let place): "\(place) holds a value of another type"
    case .missingField(let name): "the field \(name) is missing"
    case .invalidAddress: "an address has neither four nor sixteen octets"
    case .invalidText: "a name is not UTF-8"
    case .badChecksum: "the checksum does not match"
    case .badCompression: "the compressed part is damaged, or of an unknown method"
    case .tooDeep: "messages are wrapped in each other too often"
    case .tooLarge(let size, let limit): "\(size) bytes are more than the \(limit) that are accepted"
    case .tooMany(let count, let limit): "\(count) fields or values are more than the \(limit) that are accepted"
    case .unencrypted: "encryption is configured, but the message is not encrypted"
    case .encrypted: "the message is encrypted, but encryption is not configured"
    case .unknownEncryption(let version): "version \(version) of the encryption is not known"
    case .undecryptable: "the message was encrypted with another key"
    case .labelled: "the message carries the label of another cluster"
    }
  }
}
