// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import HTTPServer

/// Decides whether a call may push; one for each worker.
final class PushVerifier {
  private let authentication: PushAuthentication
  private let worker: Worker
  /// When a refusal by each rule was last logged: once a minute is enough.
  private var logged: [TokenRule: Instant] = [:]

  enum Verdict {
    case admitted
    case refused(TokenRule)
    /// The token's key is not at hand; it can be decided once keys have been fetched.
    case undecided
  }

  init(authentication: PushAuthentication, worker: Worker) {
    self.authentication = authentication
    self.worker = worker
    guard authentication.mode == .oidc else { return }
    let keys = authentication.keys
    worker.addReadiness { keys.keys != nil }
    // After the listening socket is open: the first push should find the keys here.
    worker.loop.atTurnEnd { keys.renewIfDue(worker.loop, worker.client) }
  }

  /// Before the body is read: only POST, only from an allowed sender, only without a content coding, only as
  /// many as fit.
  func admit(_ request: Request) -> Response? {
    guard request.method == .post else { return OutcomeResponses.postOnly }
    switch verdict(on: request) {
    case .admitted: break
    case .refused(let rule): return refusal(rule)
    case .undecided: request.isUndecided = true
    }
    guard !request.isEncoded else {
      worker.countAndWarn(.contentEncoding)
      return OutcomeResponses.encoded
    }
    guard worker.load.callsInFlight < worker.settings.limits.maxInFlight else {
      worker.countAndWarn(.overloaded)
      return OutcomeResponses.overloaded
    }
    return nil
  }

  /// Runs `body` if it turns out that an undecided sender may push; else the call is answered.
  func identify(_ request: Request, _ call: Call, _ body: @escaping () -> Void) {
    decide(request) { [self] rule in
      guard call.isOpen else { return }
      if let rule { return refuse(call, rule) }
      body()
    }
  }

  /// Answers a call whose sender may not push. Counted here, and logged once a minute.
  func refuse(_ call: Call, _ rule: TokenRule) {
    call.reply(refusal(rule), note: CallLogNote(result: .done, reason: rule.rawValue))
  }

  func verdict(on request: Request) -> Verdict {
    do throws(TokenRule) {
      switch authentication.mode {
      case .none: return .admitted
      case .platform, .oidc:
        let token = try token(of: request)
        if authentication.mode == .platform, token.signature == nil {
          try authentication.policy.checkClaims(token, now: Self.now())
          return .admitted
        }
        // With platform too: who has a signature to show is not who Cloud Run has checked.
        authentication.keys.renewIfDue(worker.loop, worker.client)
        guard let keys = authentication.keys.keys else { return .undecided }
        try authentication.policy.check(token, keys: keys, now: Self.now())
      }
      return .admitted
    } catch {
      return error == .unknownKey ? .undecided : .refused(error)
    }
  }

  /// Decides an undecided call, with newer keys if they can be fetched. Nil: admitted.
  func decide(_ request: Request, _ completion: @escaping (TokenRule?) -> Void) {
    let token: PushToken
    do throws(TokenRule) { token = try self.token(of: request) } catch { return completion(error) }
    authentication.keys.afterRefresh(worker.loop, worker.client) { [authentication] in
      guard let keys = authentication.keys.keys else { return completion(.noKeys) }
      do throws(TokenRule) {
        try authentication.policy.check(token, keys: keys, now: Self.now())
        completion(nil)
      } catch {
        completion(error)
      }
    }
  }

  /// A token for our audience may come from another subscription of the same account.
  func mayPush(from subscription: @autoclosure () -> String?) -> Bool {
    guard let wanted = authentication.subscription else { return true }
    return subscription() == wanted
  }

  /// The answer to a refused push: no detail; that is in the counter and the log.
  func refusal(_ rule: TokenRule) -> Response {
    worker.callCounters.count("refused", rule.rawValue)
    let now = worker.loop.now
    if logged[rule].map({ now >= $0 + .seconds(60) }) ?? true {
      logged[rule] = now
      worker.log.warning(
        rule == .signatureRemoved
          ? "A push token came without its signature: Cloud Run has verified the caller and removed "
            + "it, so this service needs PUSH_AUTH=platform."
          : "A push was refused.", ["reason": .text(rule.rawValue)])
    }
    return OutcomeResponses.refused(status: rule.status)
  }

  private func token(of request: Request) throws(TokenRule) -> PushToken {
    guard request.headerCount("authorization") == 1 else { throw .bearer }
    let parsed = request.withHeader("authorization") { value -> Result<PushToken, TokenRule> in
      // The scheme's case does not matter (RFC 9110 §11.1).
      guard value.count > 7, value.equalsIgnoringCase("bearer ", prefixOf: 0..<value.count) else {
        return .failure(.bearer)
      }
      do throws(TokenRule) {
        return .success(try PushToken(value.extracting(7..<value.count)))
      } catch {
        return .failure(error)
      }
    }
    guard let parsed else { throw .bearer }
    return try parsed.get()
  }

  private static func now() -> Double { Double(wallClockNanoseconds()) / 1e9 }
}
