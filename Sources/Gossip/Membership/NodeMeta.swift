import Primitives

/// What our speakers tell each other of themselves in the metadata that memberlist carries for each node.
///
/// Words between spaces, the first of which is ours; words that are not known are passed over, so that later versions can
/// add some. Upstream's speakers neither set nor read metadata.
package struct NodeMeta: Sendable, Hashable {
  private static let signature = "metallb-swift"

  /// Whether the node is one of ours, that can be watched closely.
  package var isWatchable: Bool
  /// Whether the node owns no address: it has not come far enough yet, or is about to leave.
  package var isPassive: Bool
  /// Whether the node takes into account what others tell of their interfaces, and who has claimed which address.
  package var electsByFacts: Bool
  /// The names of the interfaces on which it can announce addresses of a family; nil = it does not tell.
  package var interfaces: [IPFamily: Set<String>]?
  /// The hardware addresses of these interfaces, by which others know whose a frame is; none = it does not tell.
  package var hardware: Set<MACAddress>

  /// What memberlist carries for a node, in bytes.
  private static let limit = 512
  private static let electsByFactsWord = "elects-by-facts"
  private static let interfacesPrefix = "interfaces="
  private static let hardwarePrefix = "hardware="

  package init(
    isWatchable: Bool = true, isPassive: Bool = false, electsByFacts: Bool = false,
    interfaces: [IPFamily: Set<String>]? = nil, hardware: Set<MACAddress> = []
  ) {
    self.isWatchable = isWatchable
    self.isPassive = isPassive
    self.electsByFacts = electsByFacts
    self.interfaces = interfaces
    self.hardware = hardware
  }

  /// Reads any metadata; what is not ours says nothing.
  package init(_ bytes: some Collection<UInt8>) {
    let words = Self.words(bytes)
    guard words.first == Self.signature else {
      self.init(isWatchable: false)
      return
    }
    self.init(
      isWatchable: words.contains("watchable"), isPassive: words.contains("passive"),
      electsByFacts: words.contains(Self.electsByFactsWord),
      interfaces: words.first { $0.hasPrefix(Self.interfacesPrefix) }.map {
        Self.interfaces(in: $0.dropFirst(Self.interfacesPrefix.count))
      },
      hardware: words.first { $0.hasPrefix(Self.hardwarePrefix) }.map {
        Set($0.dropFirst(Self.hardwarePrefix.count).split(separator: ",").compactMap { MACAddress($0) })
      } ?? [])
  }

  /// `eth0/46,eth1/4`: names, and the families for each. No name of an interface has a slash or a space in it.
  private static func interfaces(in text: Substring) -> [IPFamily: Set<String>] {
    var interfaces: [IPFamily: Set<String>] = [.ipv4: [], .ipv6: []]
    for item in text.split(separator: ",") {
      guard let slash = item.lastIndex(of: "/") else { continue }
      let families = item[item.index(after: slash)...]
      if families.contains("4") { interfaces[.ipv4, default: []].insert(String(item[..<slash])) }
      if families.contains("6") { interfaces[.ipv6, default: []].insert(String(item[..<slash])) }
    }
    return interfaces
  }

  private static func text(_ interfaces: [IPFamily: Set<String>]) -> String {
    let names = interfaces.values.reduce(into: Set()) { $0.formUnion($1) }
    return names.sorted().map { name in
      let families = [(IPFamily.ipv4, "4"), (.ipv6, "6")].filter { interfaces[$0.0]?.contains(name) ?? false }
      return "\(name)/\(families.map(\.1).joined())"
    }.joined(separator: ",")
  }

  /// Whether metadata are those of one of ours.
  package static func isOurs(_ bytes: some Collection<UInt8>) -> Bool { self.words(bytes).first == self.signature }

  private static func words(_ bytes: some Collection<UInt8>) -> [String] {
    bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
  }

  package var bytes: [UInt8] {
    var words = [Self.signature]
    if self.isWatchable { words.append("watchable") }
    if self.isPassive { words.append("passive") }
    if self.electsByFacts { words.append(Self.electsByFactsWord) }
    if let interfaces { words.append(Self.interfacesPrefix + Self.text(interfaces)) }
    if !self.hardware.isEmpty {
      words.append(Self.hardwarePrefix + self.hardware.sorted().map(\.description).joined(separator: ","))
    }
    // More than there is room for is not told, the last things first.
    var text = Array(words.joined(separator: " ").utf8)
    while text.count > Self.limit {
      words.removeLast()
      text = Array(words.joined(separator: " ").utf8)
    }
    return text
  }
}
