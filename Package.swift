// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

/// scripts/dev/fuzz.sh sets it: then what ships is built to tell a fuzzer which branches were taken.
let isFuzzing = Context.environment["FUZZ"] != nil
/// Both in one flag: of two `-sanitize` the compiler takes the last, and `--sanitize=address` comes first.
let sanitizers = "-sanitize=address,fuzzer"
let coverage: [SwiftSetting] = isFuzzing ? [.unsafeFlags([sanitizers])] : []

/// Where infra/images/build-libcurl.sh has put libcurl: with it the functions become static executables.
let staticCurl = Context.environment["STATIC_CURL"]
let curlSettings: [CSetting] =
  staticCurl.map { [.define("PIXEL_CURL_LINKED"), .unsafeFlags(["-I\($0)/include"])] } ?? []
let staticLinking: [LinkerSetting] =
  staticCurl.map { folder in
    [.unsafeFlags(["-static-executable", "-L\(folder)/lib", "-Xlinker", "-s"])]
      + ["curl", "cares", "ssl", "crypto", "z"].map { .linkedLibrary($0) }
  } ?? []

/// Regular expressions are imported unasked, and are a megabyte that nothing here uses.
let slim: [SwiftSetting] =
  staticCurl == nil
  ? [] : [.unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"])]

let strict: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error)] + coverage + slim
let strictC: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all")]

/// Test-side code may use Foundation and need not mark unsafe calls.
let relaxed: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

func module(_ name: String, in folder: String, _ uses: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: uses, path: "\(folder)/\(name)",
    exclude: name == "FunctionRuntime" ? ["FunctionRuntime.docc"] : [], swiftSettings: strict)
}

func cModule(
  _ name: String, linking libraries: [String] = [], _ settings: [CSetting] = []
) -> Target {
  .target(
    name: name, path: "Runtime/\(name)", cSettings: strictC + settings,
    linkerSettings: libraries.map { .linkedLibrary($0) })
}

/// A function is a library with everything worth testing, and a `Main` that only wires it up.
func function(
  _ name: String, _ uses: [Target.Dependency] = [], docs: [String] = [], resources: [Resource] = []
) -> [Target] {
  [
    .target(
      name: name,
      dependencies: [
        "Bytes", "Envelopes", "PixelModel", "Settings", "FunctionRuntime", "GoogleCloud",
      ] + uses,
      path: "Functions/\(name)", exclude: ["Main"] + docs, resources: resources,
      swiftSettings: strict),
    .executableTarget(
      name: "\(name)Main",
      dependencies: [.target(name: name), "FunctionRuntime", "PixelModel", "Settings"],
      path: "Functions/\(name)/Main", swiftSettings: strict, linkerSettings: staticLinking),
  ]
}

func tests(
  _ name: String, _ uses: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: uses, path: "Tests/\(name)Tests", exclude: exclude,
    swiftSettings: relaxed)
}

/// One folder: an executable around libFuzzer with FUZZ, else the tests that run its corpus.
func fuzzing() -> [Target] {
  let uses: [Target.Dependency] = [
    "Bytes", "Envelopes", "PixelModel", "Settings", "HTTPServer", "FunctionRuntime", "LogParse",
    "PixelIngest",
  ]
  let rest = ["CFuzz", "Corpus", "Dictionaries"]
  guard isFuzzing else {
    return [
      .testTarget(
        name: "FuzzTests", dependencies: uses, path: "Tests/Fuzz", exclude: rest + ["Main"],
        swiftSettings: relaxed)
    ]
  }
  return [
    .target(name: "CFuzz", path: "Tests/Fuzz/CFuzz", cSettings: strictC),
    .executableTarget(
      name: "Fuzz", dependencies: uses + ["CFuzz"], path: "Tests/Fuzz",
      exclude: rest + ["CorpusTests.swift"], swiftSettings: relaxed,
      linkerSettings: [.unsafeFlags([sanitizers, "-use-ld=lld"])]),
  ]
}

let package = Package(
  name: "pixel-pipeline",
  products: [
    .executable(name: "pixel-ingest", targets: ["PixelIngestMain"]),
    .executable(name: "log-parse", targets: ["LogParseMain"]),
    .executable(name: "bq-loader", targets: ["BQLoaderMain"]),
    .executable(name: "local-cloud", targets: ["LocalCloudMain"]),
    .executable(name: "event-echo", targets: ["EventEcho"]),
    .executable(name: "conformance", targets: ["ConformanceMain"]),
    .executable(name: "differential", targets: ["Differential"]),
    .executable(name: "pixel", targets: ["PixelMain"]),
    // For functions of other packages: Tests/Examples/Greeter is one.
    .library(
      name: "FunctionRuntime",
      targets: ["FunctionRuntime", "HTTPServer", "Envelopes", "Settings", "Bytes"]),
    .library(name: "AsyncFunctions", targets: ["AsyncFunctions"]),
    .library(name: "TypedFunctions", targets: ["TypedFunctions"]),
    .library(name: "GoogleCloud", targets: ["GoogleCloud"]),
    .library(name: "CloudLogging", targets: ["CloudLogging"]),
    // Modules that Tests/Benchmarks, a package of its own, measures one by one.
    .library(
      name: "MeasuredModules",
      targets: ["Bytes", "Envelopes", "PixelModel", "AsyncFunctions", "TypedFunctions", "LogParse"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    cModule("CBytes"),
    cModule("CSystem"),
    cModule("CCurl", linking: [], curlSettings),
    cModule("CCrypto", linking: ["crypto"]),
    cModule("CZlib", linking: [], staticCurl == nil ? [] : [.define("PIXEL_ZLIB_LINKED")]),

    module("Bytes", in: "Runtime", ["CBytes"]),
    module("EventLoop", in: "Runtime", ["CSystem"]),
    module("Settings", in: "Runtime", ["EventLoop"]),
    module("Envelopes", in: "Runtime", ["Bytes"]),
    module(
      "PixelModel", in: "Runtime", ["Bytes", "Envelopes", "Settings", "TimeZones", "CCrypto"]),
    module("TimeZones", in: "Runtime", ["Bytes", "Settings"]),
    module("HTTPClient", in: "Runtime", ["EventLoop", "CCurl"]),
    module("HTTPServer", in: "Runtime", ["Bytes", "EventLoop", "CSystem"]),
    module(
      "FunctionRuntime", in: "Runtime",
      [
        "Bytes", "Envelopes", "Settings", "EventLoop", "HTTPServer", "HTTPClient", "CSystem",
        "CCrypto",
      ]),
    module(
      "AsyncFunctions", in: "Runtime",
      ["FunctionRuntime", "HTTPServer", "Envelopes", "EventLoop", "Bytes"]),
    module(
      "CloudLogging", in: "Runtime", ["Bytes", .product(name: "Logging", package: "swift-log")]),
    module("TypedFunctions", in: "Runtime", ["AsyncFunctions", "FunctionRuntime", "Envelopes"]),
    module(
      "GoogleCloud", in: "Runtime",
      [
        "Bytes", "Envelopes", "Settings", "EventLoop", "HTTPClient", "FunctionRuntime", "CCrypto",
        "CZlib",
      ]),
  ]
    + function(
      "PixelIngest", ["EventLoop", "HTTPServer"], docs: ["README.md", "Tracker/README.md"],
      resources: [.embedInCode("Tracker/p.js")])
    + function("LogParse", docs: ["README.md"])
    + function("BQLoader", ["EventLoop", "TimeZones"], docs: ["README.md"])
    + [
      .target(
        name: "LocalCloud",
        dependencies: ["EventLoop", "HTTPServer", "HTTPClient"],
        path: "Tests/LocalCloud", exclude: ["Main", "README.md"], swiftSettings: relaxed),
      .target(
        name: "Acceptance",
        dependencies: [
          "LocalCloud", "LogParse", "ServerSupport", "PixelModel", "Bytes", "CCrypto", "EventLoop",
          "HTTPClient",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "Tests/Acceptance", swiftSettings: relaxed),
      .executableTarget(
        name: "LocalCloudMain",
        dependencies: [
          "LocalCloud", "Acceptance", "EventLoop", "FunctionRuntime",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "Tests/LocalCloud/Main", swiftSettings: relaxed),

      .target(
        name: "Pixel",
        dependencies: ["Bytes", "PixelModel", "TimeZones", "EventLoop", "HTTPClient"],
        path: "scripts/Pixel", exclude: ["Main"], swiftSettings: relaxed),
      .executableTarget(
        name: "PixelMain",
        dependencies: [
          "Pixel", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "scripts/Pixel/Main", swiftSettings: relaxed),

      .target(name: "TestSupport", path: "Tests/Support", swiftSettings: relaxed),
      .target(
        name: "ServerSupport", dependencies: ["EventLoop", "HTTPServer"],
        path: "Tests/ServerSupport", swiftSettings: relaxed),
      .executableTarget(
        name: "EventEcho", dependencies: ["FunctionRuntime", "Envelopes", "Settings", "Bytes"],
        path: "Tests/Examples/EventEcho", swiftSettings: strict),
      .executableTarget(
        name: "CrashingFunction", dependencies: ["FunctionRuntime", "HTTPServer"],
        path: "Tests/CrashingFunction",
        swiftSettings: relaxed),
      .target(
        name: "Conformance", dependencies: ["ServerSupport"], path: "Tests/Conformance",
        exclude: ["Main"], swiftSettings: relaxed),
      .executableTarget(
        name: "ConformanceMain", dependencies: ["Conformance"], path: "Tests/Conformance/Main",
        swiftSettings: relaxed),
      .executableTarget(
        name: "Differential", dependencies: ["Bytes", "TestSupport"], path: "Tests/Differential",
        exclude: ["oracle.py", "README.md"], swiftSettings: relaxed),
      .target(
        name: "PortableBytes", dependencies: ["CBytes"], path: "Tests/PortableBytes",
        cSettings: strictC),
      tests("Bytes", ["Bytes", "CBytes", "PortableBytes", "TestSupport"]),
      tests("Envelopes", ["Envelopes", "Bytes", "TestSupport"]),
      tests(
        "LogParse",
        [
          "LogParse", "PixelIngest", "Acceptance", "LocalCloud", "Envelopes", "PixelModel",
          "Settings", "Bytes",
          "TestSupport",
        ]),
      tests(
        "BQLoader",
        [
          "BQLoader", "Bytes", "GoogleCloud", "HTTPClient", "EventLoop", "PixelModel", "Settings",
          "FunctionRuntime", "HTTPServer", "ServerSupport",
        ]),
      tests("TimeZones", ["TimeZones", "TestSupport"]),
      tests("CloudLogging", ["CloudLogging", .product(name: "Logging", package: "swift-log")]),
      tests("EventLoop", ["EventLoop", "ServerSupport"]),
      tests("Settings", ["Settings"]),
      tests("Layout", []),
      tests(
        "PixelModel",
        [
          "PixelModel", "Bytes", "Settings", "Envelopes", "TimeZones", "FunctionRuntime",
          "TypedFunctions", "TestSupport",
        ]),
      tests(
        "HTTPServer", ["HTTPServer", "EventLoop", "Bytes", "ServerSupport", "TestSupport"]),
      tests(
        "FunctionRuntime",
        [
          "FunctionRuntime", "AsyncFunctions", "TypedFunctions", "Envelopes", "Settings",
          "EventLoop", "HTTPServer", "Bytes", "ServerSupport", "TestSupport", "CrashingFunction",
        ]),
      .testTarget(
        name: "ConformanceTests", dependencies: ["Conformance", "EventEcho"],
        path: "Tests/ConformanceTests", exclude: ["README.md"],
        swiftSettings: relaxed),
      tests("HTTPClient", ["HTTPClient", "EventLoop", "HTTPServer", "ServerSupport"]),
      tests(
        "GoogleCloud",
        [
          "GoogleCloud", "EventLoop", "FunctionRuntime", "HTTPServer", "HTTPClient", "Settings",
          "Bytes",
          "ServerSupport",
        ]),
      tests(
        "PixelIngest",
        [
          "PixelIngest", "PixelIngestMain", "Settings", "EventLoop",
          "FunctionRuntime", "HTTPServer", "Bytes", "ServerSupport",
        ]),
      tests(
        "LocalCloud",
        [
          "LocalCloud", "Acceptance", "EventLoop", "HTTPServer", "HTTPClient", "PixelModel",
          "ServerSupport", "TestSupport",
        ]),
      tests("Acceptance", ["Acceptance", "LocalCloud", "PixelModel", "Bytes"]),
      tests("Pixel", ["Pixel", "PixelModel", "HTTPServer", "ServerSupport"]),
      tests(
        "EndToEnd",
        [
          "EventLoop", "HTTPServer", "HTTPClient", "ServerSupport", "TestSupport",
          "Conformance", "EventEcho", "PixelIngestMain", "LogParseMain", "BQLoaderMain",
          "LocalCloudMain", "PixelMain",
        ],
        exclude: [
          "bigquery_judge.py", "browser.py", "Tracker", "cloudevents_client.py", "interrupts.py",
          "Tables",
          "README.md",
        ]),
    ] + fuzzing()
)

// ONLY_TESTS=LogParse,BQLoader leaves out the other suites, so that a change is built and tried sooner.
if let only = Context.environment["ONLY_TESTS"] {
  let wanted = Set(only.split(separator: ",").map { "\($0)Tests" })
  package.targets.removeAll { $0.type == .test && !wanted.contains($0.name) }
}
