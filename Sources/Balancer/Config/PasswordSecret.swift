import KubernetesModel

/// A Secret in the fields that a peer's password needs; nothing else of it is kept.
package struct PasswordSecret: Sendable, Hashable {
  /// The type that such a Secret must have.
  package static let requiredType = "kubernetes.io/basic-auth"

  package var key: ObjectKey
  package var type: String
  /// The octets under the key `password`; nil = there are none, or they cannot be decoded.
  package var password: [UInt8]?

  package init(key: ObjectKey, type: String = PasswordSecret.requiredType, password: [UInt8]?) {
    self.key = key
    self.type = type
    self.password = password
  }

  package init(_ secret: Secret) {
    let type = secret.type ?? "Opaque"
    let isOfUse = type == Self.requiredType
    let encoded = isOfUse ? secret.data?["password"].flatMap { Base64.decode($0) } : nil
    let plain = isOfUse ? secret.stringData?["password"].map { Array($0.utf8) } : nil
    self.init(key: secret.key, type: type, password: plain ?? encoded)
  }
}

extension PasswordSecret: CustomStringConvertible, CustomReflectable {
  package var description: String { "\(self.type) \(self.key)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
