// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
// The Swift programs that scripts/bench.sh measures. A package of their own, so that building the pipeline does not
// build them.
import PackageDescription

let modules: [Target.Dependency] = [.product(name: "MeasuredModules", package: "pixel-pipeline")]

func program(_ name: String, in folder: String, _ uses: [Target.Dependency] = []) -> Target {
  .executableTarget(
    name: name, dependencies: uses, path: folder,
    swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
}

let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "pixel-pipeline", path: "../..")],
  targets: [
    program("PushHandlers", in: "PushHandlers", modules),
    program("ParseCore", in: "parsers/ours", modules),
    program("ParseFoundation", in: "parsers/foundation"),
    program("PartsCore", in: "parts/ours", modules),
    program("PartsFoundation", in: "parts/foundation"),
  ]
)
