// SPDX-License-Identifier: MIT
import Foundation
import Settings
import Testing

@testable import FunctionRuntime

/// Paths and URLs that can't work stop the start instead of the first request.
@Suite struct AddressSettingsTests {
  private func problem(_ own: [String: String]) -> String? {
    var environment = ["PUSH_AUDIENCE": "a", "PUSH_SERVICE_ACCOUNT": "b"]
    environment.merge(own) { $1 }
    var reader = SettingsReader(environment: environment)
    _ = RuntimeSettings(&reader)
    _ = PushAuthentication(&reader)
    do throws(SettingsError) {
      try reader.check()
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    "http://192.0.2.1/certs", "file:///etc/passwd", "https://", "certs.json", "https:///certs",
    "https://a b/certs", "https://user@example.com/certs", "https://example.com:0/certs",
    "https://example.com:99999/", "http://localhost.example.com/", "ftp://localhost/",
    "https://[::1/",
    "https://exa_mple..com/", "https://1.2.3/",
  ])
  func `keys come over TLS or from this machine`(_ url: String) throws {
    let sentence = try #require(problem(["PUSH_JWKS_URL": url]))
    #expect(
      sentence
        == "PUSH_JWKS_URL is '\(url)': allowed is an https URL, or http to a loopback address")
  }

  @Test(arguments: [
    "https://www.googleapis.com/oauth2/v3/certs", "https://example.com/certs?v=3",
    "http://127.0.0.1:8080/certs", "http://localhost/certs", "http://[::1]:1/certs",
  ])
  func `other places of keys are taken`(_ url: String) {
    #expect(problem(["PUSH_JWKS_URL": url]) == nil)
  }

  @Test(arguments: ["s", "projects/p", "projects//subscriptions/s", "projects/p/topics/t", "/x/"])
  func `a subscription that no push can name stops the start`(_ name: String) throws {
    let sentence = try #require(problem(["PUSH_SUBSCRIPTION": name]))
    #expect(sentence.hasPrefix("PUSH_SUBSCRIPTION is '\(name)': allowed is projects/"))
    #expect(problem(["PUSH_SUBSCRIPTION": "projects/p/subscriptions/s"]) == nil)
  }

  @Test func `authorities that are not there, or are none, stop the start`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for text in ["", "no certificate", broken] {
      let file = folder.appendingPathComponent("ca.pem").path
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      #expect(
        problem(["SSL_CERT_FILE": file])
          == "SSL_CERT_FILE is '\(file)', which has no certificate: allowed is a file of them in PEM"
      )
    }
    for path in ["/nowhere/ca.pem", folder.path, "/dev/null"] {
      let sentence = try #require(problem(["SSL_CERT_FILE": path]))
      #expect(sentence.hasPrefix("SSL_CERT_FILE is '\(path)', which "))
    }
  }

  private static let bundle = "/etc/ssl/certs/ca-certificates.crt"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: bundle), "no package ca-certificates"))
  func `the system's own bundle is taken`() {
    #expect(problem(["SSL_CERT_FILE": Self.bundle]) == nil)
  }
}
