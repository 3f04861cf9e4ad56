import Foundation

/// The images of Scripts/build-image around what is under test, linked fully static, and unpacked as container runtimes unpack
/// images.
package struct BuiltImages: Sendable {
  package static let repository = "localhost/metallb"
  package static let tag = "0.1.0"

  /// An OCI layout.
  package let layout: String
  /// OCI bundles by the references of the images, as `lab up --image` takes them.
  package let bundles: [String: String]

  package static func make() async throws -> BuiltImages {
    let directory = Workspace.current.newDirectory("image")
    let executable = directory.appendingPathComponent("metallb").path
    _ = try await run([try Tool.script("link-static"), executable], within: .seconds(240)).expectSuccess()
    let layout = directory.appendingPathComponent("layout").path
    _ = try await self.build(executable, to: layout).expectSuccess()
    var bundles: [String: String] = [:]
    for name in ["controller", "speaker"] {
      let bundle = directory.appendingPathComponent(name).path
      let reference = "\(self.repository)/\(name)"
      _ = try await run(
        ["umoci", "unpack", "--image", "\(layout):\(reference):\(self.tag)", bundle], within: .seconds(60)
      ).expectSuccess()
      bundles[reference] = bundle
    }
    return BuiltImages(layout: layout, bundles: bundles)
  }

  package static func build(_ executable: String, to layout: String, _ further: String...) async throws -> Output {
    try await run(
      [try Tool.script("build-image"), "--binary", executable, "--output", layout] + further, within: .seconds(120))
  }
}
