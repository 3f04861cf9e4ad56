import KubernetesModel

/// What the watch has told, while all Services are read once more, of those that are not kept: that they are gone, or want
/// nothing from here.
///
/// The pages of a list are all as old as the first of them. What they hold of such a Service must not bring it back: nobody
/// would ever say again that it is gone.
struct Absentees: Sendable, Equatable {
  private enum Absence: Sendable, Equatable {
    /// Nil = which of that name it was is not known.
    case gone(uid: String?)
    /// Kept at no address, in this version.
    case dismissed(version: String)
  }

  private var absences: [ObjectKey: Absence] = [:]

  /// A Service is gone.
  mutating func note(goneOf key: ObjectKey, uid: String?) {
    self.absences[key] = .gone(uid: uid)
  }

  /// A Service is there, and wants nothing.
  mutating func note(_ view: ServiceView) {
    self.absences[view.key] = .dismissed(version: view.version)
  }

  /// Whether this form of a Service is one of the past.
  func includes(_ view: ServiceView) -> Bool {
    switch self.absences[view.key] {
    case nil: false
    case .gone(let uid): uid == nil || uid == view.metadata.uid
    case .dismissed(let version): !ResourceVersion.isEarlier(version, than: view.version)
    }
  }
}
