import Balancer
import KubernetesModel
import Primitives

/// What users write into objects, files and the ConfigMap of old.
enum TextFuzzing {
  @Sendable static func durations(_ input: [UInt8]) {
    guard let duration = GoDuration.parse(String(decoding: input, as: UTF8.self)) else { return }
    let text = GoDuration.text(of: duration)
    guard let again = GoDuration.parse(text) else { return expect(false, "\(text) is not read as it was written") }
    // Less than a nanosecond is not written.
    expect(again.attoseconds / 1_000_000_000 == duration.attoseconds / 1_000_000_000, "\(text) is not \(duration)")
    expect(GoDuration.text(of: again) == text, "\(text) is written otherwise the second time")
  }

  @Sendable static func addresses(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    if let address = IPAddress(text) {
      expect(IPAddress(address.description) == address, "\(address) is not read as it was written")
    }
    if let prefix = IPPrefix(text) {
      expect(IPPrefix(prefix.description) == prefix, "\(prefix) is not read as it was written")
      expect(prefix.range.prefixes == [prefix], "\(prefix) is not the prefix of its range")
    }
    do throws(AddressBlock.Failure) {
      let range = try AddressBlock.parse(text)
      // An IPv6 address that stands for an IPv4 address is read as the latter, as Go does.
      if ![range.first, range.last].contains(where: Self.isMapped) {
        expect((try? AddressBlock.parse(range.description)) == range, "\(range) is not read as it was written")
      }
      Self.check(range.prefixes, cover: range)
    } catch {
      expect(!error.description.isEmpty, "a failure without a sentence")
    }
  }

  private static func isMapped(_ address: IPAddress) -> Bool {
    if case .v6(let address) = address { address.mappedIPv4 != nil } else { false }
  }

  /// The prefixes of a range follow each other without a gap, from its first address to its last.
  private static func check(_ prefixes: [IPPrefix], cover range: IPRange) {
    expect(prefixes.count <= 254, "\(prefixes.count) prefixes for \(range)")
    expect(prefixes.first?.range.lower == range.lower, "\(range) does not begin with its prefixes")
    expect(prefixes.last?.range.upper == range.upper, "\(range) does not end with its prefixes")
    for (left, right) in zip(prefixes, prefixes.dropFirst()) {
      expect(left.range.upper &+ 1 == right.range.lower, "\(left) and \(right) do not touch")
    }
  }

  /// What a fellow says of its claims, or of ours, in a user message of the gossip.
  @Sendable static func ownershipNotices(_ input: [UInt8]) {
    // What is no UTF-8 grows when it is read.
    if let notice = OwnershipNotice(input), notice.bytes.count <= 1024 {
      expect(OwnershipNotice(notice.bytes) == notice, "\(notice) is not read as it was written")
    }
    if let notice = ObjectionNotice(input), notice.bytes.count <= 1024 {
      expect(ObjectionNotice(notice.bytes) == notice, "\(notice) is not read as it was written")
    }
  }

  @Sendable static func communities(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    do throws(CommunityValue.Failure) {
      switch try CommunityValue.parse(text) {
      case .standard(let value):
        expect(
          (try? CommunityValue.parse(value.description)) == .standard(value), "\(value) is not read as it was written")
      case .large(let value):
        expect((try? CommunityValue.parse("large:\(value)")) == .large(value), "\(value) is not read as it was written")
      }
    } catch {
      expect(!error.description.isEmpty, "a failure without a sentence")
    }
  }

  /// A tree as YAML could give it, of names that mean something and values that may.
  @Sendable static func legacyConfiguration(_ input: [UInt8]) {
    var script = FuzzScript(input)
    let document = LegacyDocument(Self.tree(&script, depth: 0))
    for naming in [LegacyConversion.Naming.fitting, .asWritten] {
      let conversion = LegacyConversion(document, namespace: "metallb-system", naming: naming)
      let objects = ConfigurationObjects().filled(from: conversion)
      let problems = ConfigurationCheck.problems(in: objects)
      expect(problems.allSatisfy { !"\($0)".isEmpty }, "a problem without a sentence")
      expect(problems == ConfigurationCheck.problems(in: objects), "the same objects have other problems")
      for problem in conversion.problems(of: ObjectKey(namespace: "metallb-system", name: "config")) {
        expect(!"\(problem)".isEmpty, "a problem without a sentence")
      }
    }
  }

  private static let names = [
    "peers", "address-pools", "bgp-communities", "bfd-profiles", "name", "protocol", "addresses", "auto-assign",
    "avoid-buggy-ips", "bgp-advertisements", "aggregation-length", "aggregation-length-v6", "localpref", "communities",
    "my-asn", "peer-asn", "peer-address", "source-address", "peer-port", "hold-time", "keepalive-time", "router-id",
    "node-selectors", "match-labels", "match-expressions", "key", "operator", "values", "password", "bfd-profile",
    "ebgp-multihop", "receive-interval", "transmit-interval", "detect-multiplier", "echo-interval", "echo-mode",
    "passive-mode", "minimum-ttl",
  ]
  private static let words = [
    "layer2", "bgp", "10.0.0.0/24", "10.0.0.9-10.0.0.1", "2001:db8::/64", "10.0.0.1", "64512:1", "large:1:2:3", "3s",
    "90s", "In", "NotIn", "Exists", "a", "",
  ]

  private static func tree(_ script: inout FuzzScript, depth: Int) -> JSONValue {
    guard depth < 8 else { return .null }
    switch script.choice(10) {
    case 0: return .null
    case 1: return .bool(script.bool())
    case 2: return .integer(Int64(Int32(bitPattern: script.number())) << Int64(script.choice(32)))
    case 3: return .number(Double(bitPattern: UInt64(script.number()) << 32))
    case 4: return .string(script.text())
    case 5: return .string(Self.words[script.choice(Self.words.count)])
    case 6, 7: return .array((0..<script.choice(5)).map { _ in Self.tree(&script, depth: depth + 1) })
    default:
      var object: [String: JSONValue] = [:]
      for _ in 0..<script.choice(9) {
        let name = script.choice(Self.names.count + 1)
        object[name < Self.names.count ? Self.names[name] : script.text()] = Self.tree(&script, depth: depth + 1)
      }
      return .object(object)
    }
  }
}
