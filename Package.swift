// swift-tools-version: 6.2
import PackageDescription

// The arrows of DESIGN section 3, enforced: a target sees only what its `dependencies` name, and
// the targets below the line list no package that could do I/O. `Scripts/check-layering` reads the
// imports and proves that nothing slips past the manifest.

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let certificates = Target.Dependency.product(name: "X509", package: "swift-certificates")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let hashTrees = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIO", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: [.target(name: name), "TestKit"] + (name == "Primitives" ? [] : ["Primitives"]) + dependencies,
    exclude: exclude,
    swiftSettings: strict)
}

let package = Package(
  name: "metallb",
  products: [.executable(name: "metallb", targets: ["metallb"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Nouns.
    library("Primitives", []),
    library("KubernetesModel", ["Primitives"]),

    // Deciders: no I/O, no clock, no dice, no logs, no locks.
    library("Balancer", ["KubernetesModel", "Primitives", crypto, hashTrees, heap]),
    library("BGP", ["Primitives"]),
    library("BFD", ["Primitives", heap]),
    library("Gossip", ["Primitives", crypto]),
    library("Layer2", ["Primitives", heap]),

    // What a page shows: also without I/O, on top of what is decided.
    .target(
      name: "Dashboard", dependencies: ["Balancer", "KubernetesModel", "Primitives", hashTrees],
      resources: [
        "page.html", "style.css", "script.js", "stream.js", "lists.js", "road.js", "elements.js", "icon.svg",
      ].map { .embedInCode("Assets/\($0)") }, swiftSettings: strict),

    // The run loop: the only reader of the clock.
    library("Runner", ["Primitives", deque, logging]),

    // I/O.
    .systemLibrary(name: "CLinux"),
    library(
      "KubernetesClient",
      [
        "KubernetesModel", "Primitives", "Runner", asyncHTTPClient, certificates, logging, nioCore, nioPosix, nioSSL,
        nioHTTP1, yams,
      ]),
    library("HostNetwork", ["CLinux", "Layer2", "Primitives", "Runner", logging]),
    library(
      "Serving",
      [
        "Primitives", "Runner", certificates, crypto, logging, nioCore, nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
      ]),

    // What both processes say.
    library(
      "Reporting",
      ["Balancer", "KubernetesClient", "KubernetesModel", "Primitives", "Runner", "Serving", crypto, logging]
    ),

    // Processes.
    library(
      "Controller",
      [
        "Balancer", "KubernetesClient", "KubernetesModel", "Primitives", "Reporting", "Runner", "Serving", logging,
        serviceLifecycle,
      ]),
    library(
      "Speaker",
      [
        "BFD", "BGP", "Balancer", "Gossip", "HostNetwork", "KubernetesClient", "KubernetesModel", "Layer2",
        "Primitives", "Reporting", "Runner", "Serving", logging, nioCore, nioPosix, serviceLifecycle, yams,
      ]),
    library(
      "Lab",
      [
        "CLinux", "HostNetwork", "KubernetesClient", "KubernetesModel", "Primitives", "Runner", "Serving", certificates,
        crypto, logging, nioCore, nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
      ]),
    .target(name: "CUnwind"),
    .executableTarget(
      name: "metallb",
      dependencies: [
        "Balancer", "CUnwind", "Controller", "Dashboard", "KubernetesClient", "KubernetesModel", "Lab", "Primitives",
        "Runner", "Serving", "Speaker", argumentParser, logging, nioCore, nioHTTP1, serviceLifecycle, unixSignals,
      ],
      swiftSettings: strict,
      linkerSettings: [
        .unsafeFlags(
          ["__register_frame_info", "__deregister_frame_info"].flatMap { ["-Xlinker", "--wrap=\($0)"] })
      ]),

    // Figures, not products: `swift run -c release allocator-benchmark`.
    .executableTarget(
      name: "allocator-benchmark", dependencies: ["Balancer", "KubernetesModel", "Primitives"],
      path: "Benchmarks/Allocator", swiftSettings: strict),
    .executableTarget(
      name: "election-benchmark", dependencies: ["Balancer", "KubernetesModel", "Primitives"],
      path: "Benchmarks/Election", swiftSettings: strict),
    .executableTarget(
      name: "arp-benchmark", dependencies: ["CLinux", "HostNetwork", "Layer2", "Primitives", "Runner", logging],
      path: "Benchmarks/ARP", swiftSettings: strict),
    .executableTarget(
      name: "controller-benchmark",
      dependencies: ["KubernetesClient", "KubernetesModel", "Primitives", "Runner", logging],
      path: "Benchmarks/Controller", swiftSettings: strict),
    .executableTarget(
      name: "bgp-benchmark",
      dependencies: ["BGP", "Balancer", "HostNetwork", "KubernetesModel", "Primitives", "Runner", "Speaker", logging],
      path: "Benchmarks/BGP", exclude: ["bgp_benchmark.py"], swiftSettings: strict),

    .executableTarget(
      name: "gossip-benchmark", dependencies: ["Gossip", "Primitives", "Simulation"], path: "Benchmarks/Gossip",
      exclude: ["serf_soak.py"], swiftSettings: strict),

    // Unit tests: pure, virtual time, no socket.
    .target(
      name: "TestKit", dependencies: ["Primitives", "KubernetesModel"], path: "Tests/TestKit", swiftSettings: strict),
    .target(
      name: "Simulation", dependencies: ["Gossip", "Primitives"], path: "Tests/Simulation", swiftSettings: strict),
    tests(of: "Primitives"),
    tests(of: "KubernetesModel"),
    tests(of: "Balancer", ["KubernetesModel"], exclude: ["Scenarios"]),
    tests(of: "Dashboard", ["Balancer", "KubernetesModel"]),
    tests(of: "BGP"),
    tests(of: "BFD"),
    tests(of: "Gossip", ["Simulation"]),
    tests(of: "Layer2"),
    tests(of: "Runner"),
    tests(of: "KubernetesClient", ["KubernetesModel", nioCore]),
    tests(of: "HostNetwork", ["CLinux", "Layer2"]),
    tests(of: "Serving"),
    tests(of: "Reporting", ["KubernetesClient", "Serving"]),
    tests(of: "Controller", ["Balancer", "KubernetesModel", "KubernetesClient"]),
    tests(
      of: "Speaker",
      [
        "BFD", "BGP", "Balancer", "Gossip", "HostNetwork", "KubernetesClient", "KubernetesModel", "Layer2", "Serving",
      ]),
    tests(of: "Lab", ["KubernetesModel"]),
  ],
  swiftLanguageModes: [.v6]
)
