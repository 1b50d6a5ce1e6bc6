// SPDX-License-Identifier: MIT

/// The rules that a push token has to meet, in the order in which they are checked; one counter each.
public enum TokenRule: String, Error, Sendable, CaseIterable {
  /// Not exactly one `Authorization: Bearer` field.
  case bearer = "token_bearer"
  /// Longer than 16 kB, or not three parts of base64url.
  case form = "token_form"
  /// Its signature is the text that Cloud Run puts in the place of the one it has verified.
  case signatureRemoved = "token_signature_removed"
  /// The header is not RS256 with a `kid`, or has `crit`.
  case header = "token_header"
  /// No key with that `kid`.
  case unknownKey = "token_unknown_key"
  /// No keys could be fetched yet.
  case noKeys = "token_no_keys"
  case signature = "token_signature"
  /// The claims are not a JSON object, or have a name twice.
  case claims = "token_claims"
  case issuer = "token_issuer"
  case audience = "token_audience"
  /// `exp`, `iat` or `nbf`.
  case time = "token_time"
  /// Not the configured service account, or its e-mail is not verified.
  case email = "token_email"
  /// The message is another subscription's.
  case subscription = "token_subscription"

  /// 403 for a known account that may not push, 503 while keys are missing for the check, else 401.
  public var status: Int {
    switch self {
    case .email, .subscription: 403
    case .noKeys: 503
    default: 401
    }
  }
}
