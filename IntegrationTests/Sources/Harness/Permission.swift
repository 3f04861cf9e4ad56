import Foundation

/// One verb on one kind of object: what a role grants, or what a request needs.
package struct Permission: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let verb: String
  package let group: String
  /// With its subresource, as `services/status`.
  package let resource: String

  package init(_ verb: String, _ resource: String, in group: String = "") {
    self.verb = verb
    self.group = group
    self.resource = resource
  }

  package var description: String { "\(self.verb) \(self.resource)\(self.group.isEmpty ? "" : ".\(self.group)")" }

  /// What the API server says to whoever lacks it.
  package var refusal: String { #"cannot \#(self.verb) resource "\#(self.resource)" in API group "\#(self.group)""# }

  package static func < (left: Permission, right: Permission) -> Bool {
    (left.group, left.resource, left.verb) < (right.group, right.resource, right.verb)
  }
}

/// What the service accounts of our manifest may do.
package enum Permissions {
  private struct Role: Decodable {
    struct Rule: Decodable {
      let apiGroups: [String]
      let resources: [String]
      let verbs: [String]
    }
    let rules: [Rule]
  }

  /// The roles of an account in the manifest; those of both have the name of what they are for.
  private static let roles = [
    "controller": ["clusterrole/metallb-system:controller", "role/controller", "role/pod-lister"],
    "speaker": ["clusterrole/metallb-system:speaker", "role/speaker", "role/pod-lister"],
  ]

  /// By the manifest, as the cluster has it.
  package static func granted(to account: String, _ kubectl: Kubectl) async throws -> Set<Permission> {
    var granted: Set<Permission> = []
    for name in Self.roles[account] ?? [] {
      let text = try await kubectl("get", name, "--namespace=metallb-system", "--output=json")
      for rule in try JSONDecoder().decode(Role.self, from: Data(text.utf8)).rules {
        for group in rule.apiGroups {
          for resource in rule.resources {
            for verb in rule.verbs { granted.insert(Permission(verb, resource, in: group)) }
          }
        }
      }
    }
    return granted
  }

  private struct Accesses: Decodable {
    struct Access: Decodable {
      let user: String
      let verb: String
      let group: String?
      let resource: String?
      let allowed: Bool
    }
    let accesses: [Access]
  }

  /// What an account has asked of a lab's API server so far, by whether it might.
  package static func used(
    by account: String, _ kubectl: Kubectl
  ) async throws -> (allowed: Set<Permission>, denied: Set<Permission>) {
    let text = try await kubectl("get", "--raw", "/lab/accesses")
    let user = "system:serviceaccount:metallb-system:\(account)"
    var (allowed, denied): (Set<Permission>, Set<Permission>) = ([], [])
    for access in try JSONDecoder().decode(Accesses.self, from: Data(text.utf8)).accesses where access.user == user {
      guard let resource = access.resource else { continue }
      let permission = Permission(access.verb, resource, in: access.group ?? "")
      if access.allowed { allowed.insert(permission) } else { denied.insert(permission) }
    }
    return (allowed, denied)
  }
}
