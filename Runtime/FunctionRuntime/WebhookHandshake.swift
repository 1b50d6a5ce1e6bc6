// SPDX-License-Identifier: MIT
import HTTPServer

/// Consent to be sent events (HTTP 1.1 Web Hooks for Event Delivery 1.0.2 §4): `OPTIONS` with an origin.
///
/// The answer is the consent, so a callback is never called, and any rate is allowed: too much of it is
/// answered 429 when it happens.
enum WebhookHandshake {
  static func isOne(_ request: Request) -> Bool {
    request.method == .options && request.headerCount("webhook-request-origin") > 0
  }

  static func answer(to request: Request, allowing origins: [String]?) -> Response {
    guard let origin = request.header("webhook-request-origin"),
      origins.map({ $0.contains { $0.lowercased() == origin.lowercased() } }) ?? true
    else { return OutcomeResponses.postOnly }
    var headers = [("Allow", "POST"), ("WebHook-Allowed-Origin", origins == nil ? "*" : origin)]
    if request.headerCount("webhook-request-rate") > 0 {
      headers.append(("WebHook-Allowed-Rate", "*"))
    }
    return Response(status: 200, headers: headers)
  }
}
