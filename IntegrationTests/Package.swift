// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it knows the product only as its users do, by the `metallb` binary, kubectl, arping and curl.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "IntegrationTests",
  targets: [
    .target(name: "Harness", swiftSettings: strict),
    .testTarget(name: "IntegrationTests", dependencies: ["Harness"], swiftSettings: strict),
  ]
)
