// SPDX-License-Identifier: MIT
import HTTPClient
import Settings

/// The check of a push's sender: how its identity is proved, and which identities may push.
public struct PushAuthentication: Sendable {
  public enum Mode: String, Sendable, CaseIterable {
    /// This process verifies Google's signed token.
    case oidc
    /// Cloud Run's IAM has verified the caller before the container sees the request, and has removed
    /// the token's signature: its claims are checked. A token that has its signature is verified as with
    /// `oidc`.
    case platform
    /// Anybody may push: for a laptop only.
    case none
  }

  let mode: Mode
  let policy: TokenPolicy
  let subscription: String?
  let keys: KeyCache

  public init(_ reader: inout SettingsReader) {
    mode = reader.choice(
      "PUSH_AUTH", default: Mode.oidc,
      "oidc: the push's token is verified here; platform: Cloud Run has verified it and removed its "
        + "signature, its claims are checked; none: anybody may push, for a laptop")
    let audience = reader.optionalText(
      "PUSH_AUDIENCE", "audience that the token must have; required with oidc and platform")
    let account = reader.optionalText(
      "PUSH_SERVICE_ACCOUNT",
      "e-mail of the account that the token must be of; required with oidc and platform")
    subscription = reader.optionalText(
      "PUSH_SUBSCRIPTION", "the only subscription that may push: projects/P/subscriptions/S")
    if let subscription, !Self.isSubscription(subscription) {
      reader.fail(
        SettingsError(
          "PUSH_SUBSCRIPTION is '\(subscription)': allowed is projects/PROJECT/subscriptions/NAME"))
    }
    let url = reader.text(
      "PUSH_JWKS_URL", default: "https://www.googleapis.com/oauth2/v3/certs",
      "where the keys of the token's signer are: https, or http to a loopback address")
    // Who could change the keys on their way could sign any token.
    if !(ServiceURL(url)?.isTrusted ?? false) {
      reader.fail(
        SettingsError(
          "PUSH_JWKS_URL is '\(url)': allowed is an https URL, or http to a loopback address"))
    }
    policy = TokenPolicy(audience: audience ?? "", serviceAccount: account ?? "")
    keys = KeyCache(url: url)
    let isOnCloudRun = reader.raw("K_SERVICE") != nil
    switch mode {
    case .none where isOnCloudRun:
      reader.fail(
        SettingsError(
          "PUSH_AUTH is 'none' on Cloud Run (K_SERVICE is set): allowed there are oidc and platform"
        ))
    case .platform where !isOnCloudRun:
      reader.fail(
        SettingsError(
          "PUSH_AUTH is 'platform' outside Cloud Run (K_SERVICE is not set): nobody has checked the "
            + "caller; allowed are oidc, and none on a laptop"))
    case .oidc, .platform:
      for (name, value) in [("PUSH_AUDIENCE", audience), ("PUSH_SERVICE_ACCOUNT", account)]
      where value == nil {
        reader.fail(SettingsError("\(name) is not set: PUSH_AUTH=\(mode.rawValue) needs it"))
      }
    case .none: break
    }
  }

  private static func isSubscription(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "projects" && !parts[1].isEmpty
      && parts[2] == "subscriptions" && !parts[3].isEmpty
  }
}
