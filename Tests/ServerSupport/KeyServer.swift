// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPServer
import Synchronization

/// Publishes the keys of signers, as slowly as it is told to.
public final class KeyServer: Sendable {
  /// Used by the server's handler, which is made before the server.
  private final class Answers: Sendable {
    private let keys = Mutex<(body: [UInt8], fetches: Int)>(([], 0))
    private let loop = Mutex<LoopBound<EventLoop>?>(nil)

    func use(_ own: EventLoop) {
      let own = LoopBound(own, of: own)
      loop.withLock { $0 = own }
    }

    func publish(_ body: [UInt8]) { keys.withLock { $0.body = body } }
    var fetches: Int { keys.withLock { $0.fetches } }

    func answer(_ call: Call, after delay: Duration) {
      let body = keys.withLock { keys in
        keys.fetches += 1
        return keys.body
      }
      let response = Response(
        status: 200, headers: [("Cache-Control", "max-age=3600")], body: body)
      loop.withLock { $0 }?.value.schedule(after: delay) { call.reply(response) }
    }
  }

  private let answers: Answers
  private let server: RunningServer

  public init(_ signers: [PushSigner], delay: Duration) throws {
    let answers = Answers()
    self.answers = answers
    server = try RunningServer { _, call in answers.answer(call, after: delay) }
    server.onLoop { answers.use($0.loop) }
    try publish(signers)
  }

  public var url: String { "http://127.0.0.1:\(server.port)/certs" }
  public var fetches: Int { answers.fetches }

  /// Other keys from now on.
  public func publish(_ signers: [PushSigner]) throws {
    let set = ["keys": signers.map(\.key)]
    answers.publish([UInt8](try JSONSerialization.data(withJSONObject: set)))
  }

  /// The settings of a stage that takes tokens of these signers.
  public func settings(_ mode: String = "oidc") -> [String: String] {
    [
      "PUSH_AUTH": mode, "PUSH_AUDIENCE": PushSigner.audience,
      "PUSH_SERVICE_ACCOUNT": PushSigner.account, "PUSH_JWKS_URL": url, "K_SERVICE": "stage",
    ]
  }

  public func stop() { server.stop() }
}
