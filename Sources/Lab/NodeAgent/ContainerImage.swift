/// What the lab runs for an image: there is no registry, and no need of one.
///
/// The images of this product are the running binary itself; everything else is a small web server that tells who
/// answers, which is all that a load balancer has to be shown.
package enum ContainerImage: Sendable, Hashable {
  /// This binary, with the subcommand that the image stands for, if it stands for one.
  case product(subcommand: String?)
  case webServer

  package init(_ reference: String) {
    let path = Self.repository(of: reference).split(separator: "/").map(String.init)
    let name = path.last ?? ""
    if name == "metallb" {
      self = .product(subcommand: nil)
    } else if path.dropLast().last == "metallb", ["controller", "speaker"].contains(name) {
      self = .product(subcommand: name)
    } else if ["metallb-controller", "metallb-speaker"].contains(name) {
      self = .product(subcommand: String(name.dropFirst("metallb-".count)))
    } else {
      self = .webServer
    }
  }

  /// The reference without its tag and its digest; a colon before the last slash is a registry's port.
  static func repository(of reference: String) -> String {
    let name = reference.split(separator: "@", maxSplits: 1).first.map(String.init) ?? reference
    guard let colon = name.lastIndex(of: ":") else { return name }
    return name[colon...].contains("/") ? name : String(name[..<colon])
  }
}
