// SPDX-License-Identifier: MIT

/// Who may push: how the sender's identity is checked.
public struct PushAuthentication: Sendable {
  public enum Mode: String, Sendable, CaseIterable {
    /// This process verifies Google's signed token.
    case oidc
    /// Cloud Run has verified the caller before the container sees the request.
    case platform
    /// Anybody may push: for a laptop only.
    case none
  }

  public var mode: Mode
  public var audience: String?
  public var serviceAccount: String?
  public var subscription: String?
  public var keySetURL: String

  public init(_ reader: inout SettingsReader) {
    mode = reader.choice(
      "PUSH_AUTH", default: Mode.oidc,
      "oidc verifies the push token, platform trusts Cloud Run's check, none is for a laptop")
    audience = reader.optionalText("PUSH_AUDIENCE", "audience of the push token")
    serviceAccount = reader.optionalText(
      "PUSH_SERVICE_ACCOUNT", "e-mail of the account that pushes")
    subscription = reader.optionalText("PUSH_SUBSCRIPTION", "the only subscription that may push")
    keySetURL = reader.text(
      "PUSH_JWKS_URL", default: "https://www.googleapis.com/oauth2/v3/certs",
      "where the keys of the token's signer are")
    if mode == .none, reader.raw("K_SERVICE") != nil {
      reader.fail(
        SettingsError(
          "PUSH_AUTH is 'none' on Cloud Run (K_SERVICE is set): allowed there are oidc and platform"
        ))
    }
  }

  /// Whether a request may be read further.
  ///
  /// Tokens are not verified yet, so every mode but `none` refuses all.
  func admits(_ request: Request) -> Bool { mode == .none }
}
