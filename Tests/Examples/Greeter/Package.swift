// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

let package = Package(
  name: "greeter",
  dependencies: [
    // From a package of your own: .package(url: "https://…/pixel-pipeline", from: "0.1.0")
    .package(name: "pixel-pipeline", path: "../../..")
  ],
  targets: [
    .target(name: "Greeting"),
    .executableTarget(
      name: "greeter",
      dependencies: ["Greeting", .product(name: "AsyncFunctions", package: "pixel-pipeline")]),
    .testTarget(name: "GreetingTests", dependencies: ["Greeting"]),
  ]
)
