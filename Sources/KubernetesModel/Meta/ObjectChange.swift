/// What a watch says of one kind of object, in order: each change, and once `synced` when everything that existed at the
/// start has been said.
package enum ObjectChange<Object: Sendable>: Sendable {
  case applied(Object)
  case deleted(ObjectKey)
  /// The object exists but does not have the shape of its kind; whoever has an older form of it keeps that.
  case malformed(ObjectKey, reason: String)
  case synced

  /// The same change with the object projected to what a decision needs.
  package func map<View>(_ project: (Object) -> View) -> ObjectChange<View> {
    switch self {
    case .applied(let object): .applied(project(object))
    case .deleted(let key): .deleted(key)
    case .malformed(let key, let reason): .malformed(key, reason: reason)
    case .synced: .synced
    }
  }
}

extension ObjectChange: Equatable where Object: Equatable {}
