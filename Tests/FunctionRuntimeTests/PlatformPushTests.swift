// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop
import Foundation
import ServerSupport
import Settings
import Testing

@testable import FunctionRuntime

/// `PUSH_AUTH=platform`: Cloud Run has checked those tokens whose signature it has removed, and no others.
@Suite(.enabled(if: PushSigner.isAvailable, "no program openssl"))
final class PlatformPushTests {
  private let signer: PushSigner
  private let keys: KeyServer
  private let function: RunningFunction

  init() throws {
    signer = try PushSigner(kid: "ours")
    let keys = try KeyServer([signer], delay: .milliseconds(50))
    self.keys = keys
    function = try RunningFunction { _ in
      var reader = SettingsReader(environment: keys.settings("platform"))
      return .messages(
        MessageFunction(
          authentication: PushAuthentication(&reader), receive: { $0.finish(.done) },
          record: { _, _, completion in completion(true) }))
    }
  }

  deinit {
    function.stop()
    keys.stop()
  }

  private func status(_ token: String) throws -> Int {
    let body = #"{"message":{"data":"eA==","messageId":"1"},"subscription":"s"}"#
    let client = try RawClient(port: function.port)
    try client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    return try client.readAnswer().status
  }

  private static let removed = "SIGNATURE_REMOVED_BY_GOOGLE"

  @Test func `a removed signature is taken by its claims, and no keys are fetched`() throws {
    #expect(try status(signer.token(signature: Self.removed)) == 204)
    #expect(try status(signer.token(["email": "other@x"], signature: Self.removed)) == 403)
    #expect(keys.fetches == 0)
  }

  @Test func `an intact signature is verified`() throws {
    #expect(try status(signer.token()) == 204)
    #expect(keys.fetches == 1)
    #expect(try status(signer.token()) == 204)
    #expect(keys.fetches == 1)
  }

  @Test(arguments: ["AAAA", "", "SIGNATURE_REMOVED_BY_GOOGLE2", "signature_removed_by_google", "%"])
  func `any other signature is refused`(_ signature: String) throws {
    #expect(try status(signer.token(signature: signature)) == 401)
  }

  @Test func `a token of somebody else's key is refused, also under our key's name`() throws {
    #expect(try status(PushSigner(kid: "theirs").token()) == 401)
    #expect(try status(PushSigner(kid: "ours").token()) == 401)
    #expect(try status(signer.token()) == 204)
  }

  @Test func `while the keys can't be had nobody with a signature is taken`() throws {
    try keys.publish([])
    #expect(try status(signer.token()) == 503)
    #expect(try status(signer.token(signature: Self.removed)) == 204)
  }
}
