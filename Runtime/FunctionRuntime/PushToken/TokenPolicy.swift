// SPDX-License-Identifier: MIT

/// The rules for a push token's claims; pure, the time is passed in.
struct TokenPolicy: Sendable {
  var audience: String
  var serviceAccount: String
  /// How far clocks may differ, in seconds.
  var leeway = 60.0
  /// The longest life of a token, in seconds.
  var maxLife = 86_400.0

  static let issuers: Set<String> = ["https://accounts.google.com", "accounts.google.com"]

  /// Checks a token whose signature was verified or removed before.
  /// - Parameter now: Seconds since 1970.
  func checkClaims(_ token: PushToken, now: Double) throws(TokenRule) {
    let claims = try token.claims()
    guard let issuer = claims.issuer, Self.issuers.contains(issuer) else { throw .issuer }
    guard claims.audience == audience else { throw .audience }
    // Every comparison with NaN is false, so each is written to pass only for good numbers.
    guard let expires = claims.expires, let issued = claims.issued, expires + leeway > now,
      issued - leeway <= now, expires - issued <= maxLife, expires > issued
    else { throw .time }
    if let notBefore = claims.notBefore {
      guard notBefore - leeway <= now else { throw .time }
    }
    // Every Google account can get a token for our audience: the e-mail names the account.
    guard claims.isEmailVerified, claims.email == serviceAccount else { throw .email }
  }

  /// Checks signature and claims with the keys at hand.
  func check(_ token: PushToken, keys: KeySet, now: Double) throws(TokenRule) {
    guard let signature = token.signature else { throw .signatureRemoved }
    guard let key = keys.keys[token.header.kid] else { throw .unknownKey }
    guard key.verifies(signature, of: token.signed) else { throw .signature }
    try checkClaims(token, now: now)
  }
}
