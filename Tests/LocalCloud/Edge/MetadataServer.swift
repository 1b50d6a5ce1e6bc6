// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer

/// The metadata server of a Google machine: tells functions who they are and gives them tokens.
final class MetadataServer {
  private let project: String
  private let lifetime: Duration
  private var current: Token?
  private var issued: [Token] = []

  private struct Token {
    var text: String
    var expires: Duration
  }

  static let email = "pixel@local.iam.gserviceaccount.com"

  init(project: String, lifetime: Duration = .seconds(3_600)) {
    (self.project, self.lifetime) = (project, lifetime)
  }

  func answer(_ request: APIRequest, at moment: Moment) -> APIResponse {
    let flavor = (name: "Metadata-Flavor", value: "Google")
    func plain(_ text: String, _ status: Int = 200) -> APIResponse {
      APIResponse(
        status, contentType: "application/text", headers: [flavor], body: Array(text.utf8))
    }
    // Both keep a page in a browser, or a request that a proxy passes on, from reading a token.
    guard request.headers["metadata-flavor"] == "Google" else {
      return plain("Missing required header \"Metadata-Flavor\": \"Google\"\n", 403)
    }
    guard request.headers["x-forwarded-for"] == nil else {
      return plain("X-Forwarded-For is not allowed.\n", 403)
    }
    guard request.method == "GET" else { return plain("Method not allowed.\n", 405) }

    let account = "instance/service-accounts/default"
    switch request.path.replacing("/computeMetadata/v1/", with: "", maxReplacements: 1) {
    case "project/project-id": return plain(project)
    case "project/numeric-project-id": return plain("123456789012")
    case "instance/region": return plain("projects/123456789012/regions/local")
    case "instance/id": return plain("1")
    case "\(account)/email": return plain(Self.email)
    case "\(account)/scopes": return plain("https://www.googleapis.com/auth/cloud-platform\n")
    case "\(account)/token":
      var response = APIResponse.json(token(at: moment.uptime))
      response.headers.append(flavor)
      return response
    case "\(account)/identity":
      guard let audience = request.parameter("audience"), !audience.isEmpty else {
        return plain("non-empty audience parameter required\n", 400)
      }
      return plain(identity(audience, at: moment))
    default: return plain("Not Found\n", 404)
    }
  }

  /// One token for all until five minutes of it remain, as the real server does.
  private func token(at now: Duration) -> JSON {
    if let current, current.expires - now > .seconds(300) { return Self.json(current, now) }
    let random = (0..<4).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }
    let token = Token(text: "ya29.local-" + random.joined(), expires: now + lifetime)
    issued = issued.filter { $0.expires > now } + [token]
    current = token
    return Self.json(token, now)
  }

  private static func json(_ token: Token, _ now: Duration) -> JSON {
    [
      "access_token": .string(token.text),
      "expires_in": JSON((token.expires - now).components.seconds), "token_type": "Bearer",
    ]
  }

  /// Shaped like Google's, but with an empty signature that nobody should accept.
  private func identity(_ audience: String, at moment: Moment) -> String {
    func part(_ json: JSON) -> String {
      Data(json.bytes).base64EncodedString().replacing("=", with: "")
        .replacing("+", with: "-").replacing("/", with: "_")
    }
    let now = moment.unix / 1_000_000
    let claims: JSON = [
      "aud": .string(audience), "azp": "100000000000000000000", "email": .string(Self.email),
      "email_verified": true, "exp": JSON(now + 3_600), "iat": JSON(now),
      "iss": "https://accounts.google.com", "sub": "100000000000000000000",
    ]
    return part(["alg": "none", "typ": "JWT"]) + "." + part(claims) + "."
  }

  /// Whether a request to an API may pass: with a token that was issued here and has not expired,
  /// or, as to an emulator, with none if `required` is false. A wrong token never passes.
  func admits(_ authorization: String?, required: Bool, at now: Duration) -> Bool {
    guard let authorization else { return !required }
    guard authorization.hasPrefix("Bearer ") else { return false }
    let text = authorization.dropFirst(7)
    return issued.contains { $0.text == text && $0.expires > now }
  }
}
