// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the product is never built with a sanitizer nor waits for a fuzzer. It has the pure targets
// alone, built once more through the link `Sources`: what fuzzers call has the access level `package`.
// `Scripts/fuzz` builds it with libFuzzer and runs it.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let hashTrees = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "Fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    library("Primitives", []),
    library("KubernetesModel", ["Primitives"]),
    library("Balancer", ["KubernetesModel", "Primitives", crypto, hashTrees, heap]),
    library("BGP", ["Primitives"]),
    library("BFD", ["Primitives", heap]),
    library("Gossip", ["Primitives", crypto]),
    library("Layer2", ["Primitives", heap]),
    .executableTarget(
      name: "fuzz", dependencies: ["BFD", "BGP", "Balancer", "Gossip", "KubernetesModel", "Layer2", "Primitives"],
      path: "Targets", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]),
  ],
  swiftLanguageModes: [.v6]
)
