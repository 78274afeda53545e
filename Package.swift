// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// A library target; `Tests/<name>Tests` holds its tests.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let asyncHTTPClient: Target.Dependency = .product(
  name: "AsyncHTTPClient", package: "async-http-client")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let realModule: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")

let package = Package(
  name: "assay",
  products: [.executable(name: "assay", targets: ["assay"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    // C that Swift cannot import by itself; module maps of system libraries.
    .target(name: "CLinux"),
    .systemLibrary(name: "CAio"),
    .systemLibrary(name: "CNuma"),
    .systemLibrary(name: "CBlkid"),
    .systemLibrary(name: "CNghttp2"),
    .systemLibrary(name: "CXxhash"),
    .systemLibrary(name: "CVerbs"),

    // Arrows point down only (TidyTests holds them).
    library("Measure", ["CLinux"]),
    library("Statistics", ["Measure", realModule]),
    library("Simulation", ["Statistics", "Measure", realModule]),
    library("ControlPlane", ["Simulation", "Statistics", "Measure", realModule]),
    library("Host", ["Measure", "CLinux", "CNuma", "CBlkid"]),
    library(
      "Calibration",
      [
        "Ledger", "Host", "Statistics", "Measure", "CLinux", "CNghttp2", crypto, asyncHTTPClient,
        nioCore, nioHTTP, nioPosix, nioSSL, protobuf,
      ]),
    library(
      "Validation",
      [
        "Calibration", "ControlPlane", "Simulation", "Ledger", "Host", "Statistics", "Measure",
        crypto,
      ]),
    library("RDMA", ["Measure", "CVerbs"]),
    library("Deploy", ["Host", "Measure", "CLinux"]),
    library(
      "Storage",
      ["RDMA", "Host", "Measure", "Statistics", "CLinux", "CAio", "CNuma", "CXxhash"]),
    // Not `Network`: swift-nio takes a module of that name for Apple's (`canImport(Network)`).
    library("Networking", ["RDMA", "Host", "Measure", "CLinux"]),
    library(
      "Scenario", ["ControlPlane", "Storage", "Networking", "Deploy", "Host", "Measure", yams]),
    library("Ledger", ["Statistics", "Measure", "CLinux", crypto]),
    library("Judgement", ["Ledger", "Scenario", "Statistics", "Measure", realModule]),
    library(
      "Run",
      [
        "Scenario", "ControlPlane", "Storage", "Networking", "Deploy", "Host", "Ledger",
        "Judgement",
        "Simulation", "Measure", "Statistics", "CLinux",
      ]),
    library("Verify", ["Run", "Scenario", "Ledger", "Measure"]),
    library("Fio", ["Scenario", "Storage", "Ledger", "Measure"]),
    library(
      "Report", ["Judgement", "Ledger", "Scenario", "Statistics", "Measure", crypto, mustache]),
    .executableTarget(
      name: "assay",
      dependencies: [
        "Run", "Verify", "Fio", "Report", "Judgement", "Scenario", "ControlPlane", "Simulation",
        "Storage", "Networking", "Deploy", "Validation", "Calibration", "Ledger", "Host",
        "Measure", "Statistics", "CLinux", argumentParser,
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["CLinux"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("TestSupportTests", ["TestSupport"]),
    tests("LedgerTests", ["Ledger", "Measure", "TestSupport"]),
    tests(
      "RunTests",
      ["assay", "Verify", "Judgement", "Ledger", "Statistics", "Measure", "TestSupport"]),
    tests("SimulationTests", ["Simulation", "Statistics", "Measure", "TestSupport"]),
    .testTarget(
      name: "CalibrationTests",
      dependencies: [
        "assay", "Calibration", "Host", "Measure", "CLinux", "TestSupport", protobuf,
      ],
      swiftSettings: strict),
    tests(
      "ControlPlaneTests",
      ["ControlPlane", "Simulation", "Statistics", "Measure", "TestSupport"]),
    tests(
      "ValidationTests",
      [
        "Validation", "Calibration", "ControlPlane", "Simulation", "Ledger", "Host", "Statistics",
        "Measure", "TestSupport",
      ]),
    tests("StatisticsTests", ["Statistics", "Measure", "TestSupport"]),
    tests(
      "JudgementTests",
      ["Judgement", "Ledger", "Scenario", "Statistics", "Measure", "TestSupport"]),
    tests("MeasureTests", ["Measure", "CLinux", "TestSupport"]),
    tests("NetworkingTests", ["Networking", "RDMA", "Measure", "TestSupport"]),
    tests("RDMATests", ["RDMA", "Measure", "TestSupport"]),
    tests("DeployTests", ["Deploy", "Host", "Measure", "TestSupport"]),
    tests("StorageTests", ["Storage", "Host", "Measure", "TestSupport"]),
    tests(
      "ScenarioTests",
      ["Scenario", "ControlPlane", "Deploy", "Storage", "Host", "Measure", "TestSupport"],
      exclude: ["Bad"]),
    tests("TidyTests", ["TestSupport"]),
    tests("LabTests", ["assay", "Ledger", "Measure", "TestSupport"]),
    tests("HostTests", ["Host", "Measure", "CLinux", "TestSupport"]),
    .testTarget(
      name: "ReportTests",
      dependencies: [
        "Report", "Judgement", "Ledger", "Scenario", "Statistics", "Measure", "TestSupport", crypto,
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "FioTests",
      dependencies: ["Fio", "Scenario", "Storage", "Ledger", "Measure", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
