import FoundationEssentials
import KubernetesModel

/// Request bodies of the type `application/vnd.kubernetes.protobuf`.
///
/// Four bytes `k8s` NUL, then a `runtime.Unknown` message: apiVersion and kind, and the object's own message as bytes.
/// Which field number means what comes from `BuiltInTypes`.
package enum ProtobufBody {
  package static let mediaType = "application/vnd.kubernetes.protobuf"
  private static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]
  private static let maximumDepth = 64

  /// The object as it would stand in a JSON body.
  package static func decode(_ body: [UInt8]) throws(ProtobufError) -> JSONValue {
    guard body.starts(with: Self.magic) else { throw .noMagic }
    var reader = ProtobufReader(body[4...])
    var apiVersion = ""
    var kind = ""
    var raw: ArraySlice<UInt8> = []
    var contentType = ""
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (1, .bytes(let bytes)): (apiVersion, kind) = try self.typeMeta(bytes)
      case (2, .bytes(let bytes)): raw = bytes
      case (4, .bytes(let bytes)): contentType = try self.text(bytes)
      default: break
      }
    }
    var object: JSONValue
    if contentType == "application/json" {
      object = try self.json(raw)
    } else {
      let parts = apiVersion.split(separator: "/", maxSplits: 1).map(String.init)
      // The options of a deletion bear the version of what is deleted.
      let name =
        kind == "DeleteOptions"
        ? "meta.v1.DeleteOptions"
        : BuiltInTypes.recordName(group: parts.count == 2 ? parts[0] : "", version: parts.last ?? "", kind: kind)
      guard let record = BuiltInTypes.records[name] else { throw .unknownKind(apiVersion: apiVersion, kind: kind) }
      object = .object(try self.members(of: record, in: raw, depth: 0))
    }
    guard object.object != nil else { throw .malformed("the object is no object") }
    object["apiVersion"] = .string(apiVersion)
    object["kind"] = .string(kind)
    return object
  }

  private static func typeMeta(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> (String, String) {
    var reader = ProtobufReader(bytes)
    var result = ("", "")
    while let (number, value) = try reader.next() {
      guard case .bytes(let text) = value else { continue }
      if number == 1 { result.0 = try self.text(text) }
      if number == 2 { result.1 = try self.text(text) }
    }
    return result
  }

  private static func members(
    of record: RecordShape, in bytes: ArraySlice<UInt8>, depth: Int
  ) throws(ProtobufError) -> [String: JSONValue] {
    guard depth < Self.maximumDepth else { throw .malformed("too deep") }
    var members: [String: JSONValue] = [:]
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      // A newer client may send fields that are not known yet.
      guard let field = record.field(number: number) else { continue }
      if field.isInline {
        guard case .bytes(let inner) = value, let embedded = field.shape.record else { continue }
        members.merge(try self.members(of: embedded, in: inner, depth: depth + 1)) { _, new in new }
        continue
      }
      let place = "\(record.name).\(field.name)"
      switch field.shape {
      case .list(let element, _):
        guard let value = try self.value(value, element, at: place, depth: depth) else { continue }
        members[field.name] = .array((members[field.name]?.array ?? []) + [value])
      case .map(let element, _):
        guard case .bytes(let entry) = value else { throw .malformed("wrong wireType for field \(place)") }
        let (key, value) = try self.entry(entry, element, at: place, depth: depth)
        var entries = members[field.name]?.object ?? [:]
        entries[key] = value
        members[field.name] = .object(entries)
      default:
        guard let value = try self.value(value, field.shape, at: place, depth: depth) else { continue }
        if field.isOptional || !self.isZero(value) { members[field.name] = value }
      }
    }
    return members
  }

  /// Go writes scalars that are not set as zeros.
  private static func isZero(_ value: JSONValue) -> Bool { value == "" || value == 0 || value == false }

  private static func entry(
    _ bytes: ArraySlice<UInt8>, _ shape: Shape, at place: String, depth: Int
  ) throws(ProtobufError) -> (String, JSONValue) {
    var reader = ProtobufReader(bytes)
    var key = ""
    var result: JSONValue = ""
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (1, .bytes(let bytes)): key = try self.text(bytes)
      case (2, _):
        if case .list(let element, _) = shape, case .bytes(let list) = value {
          result = .array(try self.items(list, element, at: place, depth: depth))
        } else {
          result = try self.value(value, shape, at: place, depth: depth) ?? ""
        }
      default: break
      }
    }
    return (key, result)
  }

  /// A list as the value of a map is a message with the elements as its field 1.
  private static func items(
    _ bytes: ArraySlice<UInt8>, _ element: Shape, at place: String, depth: Int
  ) throws(ProtobufError) -> [JSONValue] {
    var reader = ProtobufReader(bytes)
    var items: [JSONValue] = []
    while let (number, value) = try reader.next() {
      if number == 1, let item = try self.value(value, element, at: place, depth: depth) { items.append(item) }
    }
    return items
  }

  private static func value(
    _ value: ProtobufReader.Value, _ shape: Shape, at place: String, depth: Int
  ) throws(ProtobufError) -> JSONValue? {
    switch (shape, value) {
    case (.scalar(.string), .bytes(let bytes)): return .string(try self.text(bytes))
    case (.scalar(.bytes), .bytes(let bytes)): return .string(Base64.encode(bytes))
    case (.scalar(.bool), .varint(let number)): return .bool(number != 0)
    case (.scalar(.int32), .varint(let number)): return .integer(Int64(Int32(truncatingIfNeeded: number)))
    case (.scalar(.int64), .varint(let number)): return .integer(Int64(bitPattern: number))
    case (.scalar(.double), .fixed64(let bits)): return .number(Double(bitPattern: bits))
    case (.scalar(.time), .bytes(let bytes)): return try self.time(bytes).map { .string($0.text) }
    case (.scalar(.microTime), .bytes(let bytes)): return try self.time(bytes).map { .string($0.microText) }
    case (.scalar(.quantity), .bytes(let bytes)): return .string(try self.fields(bytes).text)
    case (.scalar(.intOrString), .bytes(let bytes)):
      let fields = try self.fields(bytes)
      return fields.first == 1 ? .string(fields.text) : .integer(Int64(Int32(truncatingIfNeeded: fields.second)))
    case (.named, .bytes(let bytes)), (.record, .bytes(let bytes)):
      guard let record = shape.record else { throw .unsupported(place) }
      return .object(try self.members(of: record, in: bytes, depth: depth + 1))
    case (.opaque, .bytes(let bytes)), (.deduced, .bytes(let bytes)):
      // The types without fields of their own wrap a JSON text.
      var reader = ProtobufReader(bytes)
      guard case (1, .bytes(let raw))? = try reader.next() else { throw .unsupported(place) }
      guard let json = try? self.json(raw) else { throw .unsupported(place) }
      return json
    default:
      throw .malformed("wrong wireType for field \(place)")
    }
  }

  /// A time: seconds and nanoseconds since 1970; without seconds it is not set.
  private static func time(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> Timestamp? {
    var reader = ProtobufReader(bytes)
    var seconds: Int64?
    var nanoseconds: Int64 = 0
    while let (number, value) = try reader.next() {
      guard case .varint(let amount) = value else { continue }
      if number == 1 { seconds = Int64(bitPattern: amount) }
      if number == 2 { nanoseconds = Int64(Int32(truncatingIfNeeded: amount)) }
    }
    guard let seconds else { return nil }
    guard abs(seconds / 1_000_000) < 1_000_000 else { throw .malformed("time out of range") }
    return Timestamp(microseconds: seconds * 1_000_000 + nanoseconds / 1000)
  }

  /// The fields of the small messages for quantities and ports: up to two numbers and a text.
  private static func fields(
    _ bytes: ArraySlice<UInt8>
  ) throws(ProtobufError) -> (first: UInt64, second: UInt64, text: String) {
    var reader = ProtobufReader(bytes)
    var fields: (first: UInt64, second: UInt64, text: String) = (0, 0, "")
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (1, .varint(let amount)): fields.first = amount
      case (2, .varint(let amount)): fields.second = amount
      case (_, .bytes(let text)): fields.text = try self.text(text)
      default: break
      }
    }
    return fields
  }

  private static func text(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed("invalid UTF-8") }
    return text
  }

  private static func json(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    } catch {
      throw .malformed("the JSON in it cannot be read")
    }
  }
}
