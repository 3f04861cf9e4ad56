import KubernetesModel
import Primitives

/// The string formats of OpenAPI that a schema can ask for; unknown ones accept everything.
enum StringFormat {
  static func isValid(_ string: String, as format: String) -> Bool {
    switch format {
    case "date-time", "datetime": Timestamp(string) != nil
    case "date": Timestamp("\(string)T00:00:00Z") != nil
    case "ipv4": IPAddress(string)?.family == .ipv4
    case "ipv6": IPAddress(string)?.family == .ipv6
    case "cidr": IPPrefix(string) != nil
    case "mac": MACAddress(string) != nil
    case "duration": CELDuration(string) != nil
    case "byte": Base64.decode(string) != nil
    case "uuid", "uuid3", "uuid4", "uuid5": Self.isUUID(string)
    case "hostname": !string.isEmpty && string.utf8.count <= 253 && string.utf8.allSatisfy(Self.isHostCharacter)
    case "uri": string.contains(":")
    case "email": string.split(separator: "@", omittingEmptySubsequences: false).count == 2
    default: true
    }
  }

  private static func isHostCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private static func isUUID(_ string: String) -> Bool {
    let digits = string.filter { $0 != "-" }
    return digits.utf8.count == 32 && digits.allSatisfy(\.isHexDigit)
  }
}
