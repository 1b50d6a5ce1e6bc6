// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import ServerSupport
import Settings
import Synchronization
import Testing

@testable import GoogleCloud

/// A key of this run, by the program `openssl`, which is also the judge of what it signs.
private struct TestKey {
  let folder: URL
  let pem: String

  init(bits: Int = 2048) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent("key.pem").path
    try openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)", "-out", file)
    pem = try String(contentsOfFile: file, encoding: .utf8)
  }

  func file(_ change: [String: Any?] = [:]) throws -> [UInt8] {
    var members: [String: Any] = [
      "type": "service_account", "project_id": "key-project", "private_key_id": "kid-1",
      "private_key": pem, "client_email": "me@key-project.iam.gserviceaccount.com",
      "token_uri": "https://oauth2.googleapis.com/token",
    ]
    for (name, value) in change { members[name] = value }
    return [UInt8](try JSONSerialization.data(withJSONObject: members))
  }

  func verifies(_ signature: Data, of text: String) throws -> Bool {
    let publicFile = folder.appendingPathComponent("public.pem").path
    try openssl(
      "pkey", "-in", folder.appendingPathComponent("key.pem").path, "-pubout", "-out", publicFile)
    let signed = folder.appendingPathComponent("signature")
    let data = folder.appendingPathComponent("text")
    try signature.write(to: signed)
    try Data(text.utf8).write(to: data)
    return
      (try? openssl("dgst", "-sha256", "-verify", publicFile, "-signature", signed.path, data.path))
      != nil
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}

private struct Failed: Error {}

private func openssl(_ arguments: String...) throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
  process.arguments = arguments
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw Failed() }
}

@Suite(
  .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/openssl"), "no program openssl"))
struct ServiceAccountKeyTests {
  private static func decode(_ part: Substring) throws -> Data {
    let text = part.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
    return try #require(Data(base64Encoded: text + padding))
  }

  private static func json(_ part: Substring) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: try decode(part)) as? [String: Any])
  }

  @Test func `an assertion says who asks for what, signed so that openssl agrees`() throws {
    let test = try TestKey()
    defer { test.remove() }
    let key = try ServiceAccountKey(file: test.file())
    #expect(key.project == "key-project")
    let assertion = try #require(key.assertion(nowSeconds: 1_767_225_600))
    #expect(!assertion.contains("=") && !assertion.contains("+") && !assertion.contains("/"))
    let parts = assertion.split(separator: ".", omittingEmptySubsequences: false)
    #expect(parts.count == 3)
    let header = try Self.json(parts[0])
    #expect(header as? [String: String] == ["alg": "RS256", "typ": "JWT", "kid": "kid-1"])
    let claims = try Self.json(parts[1])
    #expect(claims["iss"] as? String == "me@key-project.iam.gserviceaccount.com")
    #expect(claims["aud"] as? String == "https://oauth2.googleapis.com/token")
    #expect(claims["scope"] as? String == "https://www.googleapis.com/auth/cloud-platform")
    #expect(claims["iat"] as? Int == 1_767_225_600)
    #expect(claims["exp"] as? Int == 1_767_229_200)
    #expect(try test.verifies(try Self.decode(parts[2]), of: "\(parts[0]).\(parts[1])"))
    #expect(try !test.verifies(try Self.decode(parts[2]), of: "\(parts[0]).\(parts[1])x"))
  }

  @Test func `a file that is no such key is refused without a word of it`() throws {
    let test = try TestKey()
    let small = try TestKey(bits: 1024)
    defer {
      test.remove()
      small.remove()
    }
    let secret = "s3cr3t"
    let cases: [[UInt8]] = [
      [], Array(secret.utf8), Array("[]".utf8), Array("{".utf8),
      try test.file(["type": "authorized_user"]), try test.file(["type": nil, "x": secret]),
      try test.file(["client_email": nil]), try test.file(["private_key_id": nil]),
      try test.file(["private_key": secret]), try test.file(["private_key": small.pem]),
      try test.file(["private_key": ""]), try test.file(["token_uri": "http://\(secret).example/"]),
    ]
    for file in cases {
      do {
        _ = try ServiceAccountKey(file: file)
        Issue.record("taken: \(String(decoding: file.prefix(80), as: UTF8.self))")
      } catch {
        #expect(!"\(error)".contains(secret) && !"\(error)".contains("PRIVATE KEY"))
      }
    }
  }

  @Test func `the setting stops the start if its file can't be used`() throws {
    var reader = SettingsReader(environment: ["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"]
    )
    _ = CloudSettings(&reader)
    #expect(throws: SettingsError.self) { try reader.check() }
  }

  @Test func `a publisher with a key asks the token endpoint once, and never the metadata server`()
    throws
  {
    let test = try TestKey()
    defer { test.remove() }
    let seen = Mutex<[String]>([])
    let server = try RunningServer { request, call in
      let body = String(decoding: request.body, as: UTF8.self)
      seen.withLock {
        $0.append("\(request.path) \(request.header("authorization") ?? "") \(body)")
      }
      switch request.path {
      case "/token":
        let answer = #"{"access_token":"ya29.x","expires_in":3600,"token_type":"Bearer"}"#
        call.reply(Response(status: 200, body: Array(answer.utf8)))
      case "/v1/projects/key-project/topics/pixel-logs:publish":
        call.reply(Response(status: 200, body: Array(#"{"messageIds":["1"]}"#.utf8)))
      default: call.reply(Response(status: 404))
      }
    }
    let base = "http://127.0.0.1:\(server.port)"
    let file = test.folder.appendingPathComponent("key.json")
    try Data(try test.file(["token_uri": "\(base)/token"])).write(to: file)
    let publisher = try RunningPublisher([
      "GOOGLE_APPLICATION_CREDENTIALS": file.path, "PUBSUB_ENDPOINT": base,
      "GCE_METADATA_HOST": "127.0.0.1:\(server.port)",
    ])
    #expect(publisher.publish(["a"]) == [true])
    #expect(publisher.publish(["b", "c"]) == [false, false])  // one id for two messages
    let requests = seen.withLock { $0 }
    let tokens = requests.filter { $0.hasPrefix("/token") }
    #expect(tokens.count == 1)
    #expect(
      tokens[0].contains(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ"))
    #expect(requests.contains { $0.contains(":publish Bearer ya29.x ") })
    #expect(!requests.contains { $0.contains("computeMetadata") })
  }
}
