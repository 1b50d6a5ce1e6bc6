// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient

/// The token that requests carry: the operator's own, from `gcloud auth print-access-token`.
///
/// Without gcloud: gcloud's own variable for a token, or a metadata server that is named as it is for the
/// programs. A stand-in on this machine wants none, unless one of these is set.
actor AccessToken {
  private let endpoint: String
  private let web: WebClient
  private var current: String?
  private var isKnown = false

  init(endpoint: String, web: WebClient) {
    (self.endpoint, self.web) = (endpoint, web)
  }

  static func isLocal(_ endpoint: String) -> Bool {
    guard endpoint.hasPrefix("http://") else { return false }
    let authority = endpoint.dropFirst(7).prefix { $0 != "/" }
    guard !authority.contains("@") else { return false }
    let host = authority.prefix { $0 != ":" }
    return host == "localhost" || host == "127.0.0.1"
  }

  func value() async throws -> String? {
    if isKnown { return current }
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["CLOUDSDK_AUTH_ACCESS_TOKEN"], !given.isEmpty {
      current = given
    } else if let host = environment["GCE_METADATA_HOST"], !host.isEmpty {
      current = try await fromMetadataServer(host)
    } else if !Self.isLocal(endpoint) {
      current = try fromGcloud()
    }
    isKnown = true
    return current
  }

  /// The token was refused: the next request gets a new one.
  func forget(_ refused: String?) {
    if refused == current { isKnown = false }
  }

  private func fromMetadataServer(_ host: String) async throws -> String {
    let url = "http://\(host)/computeMetadata/v1/instance/service-accounts/default/token"
    let answer = try await web.send(OutgoingRequest(url: url, headers: ["Metadata-Flavor: Google"]))
    guard answer.status == 200, let token = try JSON(answer.body)["access_token"]?.string else {
      throw Failure("GCE_METADATA_HOST is '\(host)', which gives no token.")
    }
    return token
  }

  private func fromGcloud() throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gcloud", "auth", "print-access-token"]
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let token = String(decoding: data, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    // 127 is env's word for a program that is not there.
    guard process.terminationStatus != 127 else {
      throw Failure(
        "gcloud is not installed: see https://cloud.google.com/sdk/docs/install, "
          + "or name a stand-in on this machine with --endpoint.")
    }
    guard process.terminationStatus == 0, !token.isEmpty else {
      throw Failure("gcloud has no credentials: run gcloud auth login.")
    }
    return token
  }
}

/// Why something could not be done, as a sentence, with what to do next.
public struct Failure: Error, CustomStringConvertible, Equatable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
