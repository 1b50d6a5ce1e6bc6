// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import HTTPClient

/// The process's project and access token, shared by all loops: from the metadata server, or by a
/// service account's key.
///
/// Each value is asked for once at a time, whichever loop needs it first; the others wait for that
/// answer. A token is renewed early and the old one serves until it really ends.
public final class CloudAccess: Sendable {
  private let token: SharedValue
  private let projectID: SharedValue

  /// - Parameters:
  ///   - metadataHost: Host, or host:port, of the metadata server.
  ///   - project: Known from the settings; nil takes the key's, or asks the metadata server.
  ///   - key: Signs for tokens; nil asks the metadata server for them.
  public init(metadataHost: String, project: String?, key: ServiceAccountKey? = nil) {
    if let key {
      token = SharedValue(
        source: "token endpoint",
        request: { key.tokenRequest(nowSeconds: wallClockNanoseconds() / 1_000_000_000) },
        read: { response, now in AccessTokenAnswer.read(response.body, now: now) })
    } else {
      token = SharedValue(
        metadataHost, "/instance/service-accounts/default/token", read: AccessTokenAnswer.read)
    }
    projectID = SharedValue(metadataHost, "/project/project-id") { body, _ in
      let text = String(decoding: body, as: UTF8.self)
      return text.isEmpty ? nil : .init(text: text, renewAt: .distantFuture, endsAt: .distantFuture)
    }
    if let project = project ?? key?.project {
      projectID.set(.init(text: project, renewAt: .distantFuture, endsAt: .distantFuture))
    }
  }

  /// The project's id, `my-project`.
  public func withProject(
    _ loop: EventLoop, _ client: HTTPClient,
    _ completion: @escaping (Result<String, CloudError>) -> Void
  ) {
    projectID.get(loop, client, completion)
  }

  /// The value of an `Authorization` field for `endpoint`; nil if the endpoint needs no token.
  public func withAuthorization(
    for endpoint: Endpoint, _ loop: EventLoop, _ client: HTTPClient,
    _ completion: @escaping (Result<String?, CloudError>) -> Void
  ) {
    guard endpoint.wantsToken else { return completion(.success(nil)) }
    token.get(loop, client) { completion($0.map { "Bearer \($0)" }) }
  }

  /// A service answered 401 to this `Authorization`: if the token is still the current one, the next
  /// request gets a new one.
  public func refused(_ authorization: String?) {
    if let authorization { token.forget(String(authorization.dropFirst(7))) }
  }

  /// Whether a request to `endpoint` could be made at once.
  func isReady(for endpoint: Endpoint) -> Bool {
    projectID.isKnown && (!endpoint.wantsToken || token.isKnown)
  }
}

extension SharedValue {
  /// A value of the metadata server.
  fileprivate convenience init(
    _ host: String, _ path: String, read: @escaping @Sendable ([UInt8], Instant) -> Value?
  ) {
    self.init(
      source: "metadata server",
      request: {
        OutgoingRequest(
          url: "http://\(host)/computeMetadata/v1\(path)", headers: ["Metadata-Flavor: Google"],
          timeout: .seconds(5), connectTimeout: .seconds(2), maxAnswer: 64 * 1024)
      },
      read: { response, now in
        // Only the real one, or its stand-in, sends the field back.
        response.header("Metadata-Flavor") == "Google" ? read(response.body, now) : nil
      })
  }
}

/// The answer to a request for a token, of the metadata server and of the token endpoint alike.
enum AccessTokenAnswer {
  /// Renewed under 4 minutes before its end: the metadata server hands out the same token until five
  /// minutes are left (Google's own clients renew at 3 min 45 s).
  static let early = Duration.seconds(225)

  static func read(_ body: [UInt8], now: Instant) -> SharedValue.Value? {
    guard let answer = try? parse(body.span) else { return nil }
    let life = Duration.seconds(min(max(answer.expiresIn, 0), 86_400))
    let renew = life > early * 2 ? life - early : life / 2
    return .init(text: answer.token, renewAt: now + renew, endsAt: now + life)
  }

  private static func parse(
    _ bytes: Span<UInt8>
  ) throws(JSONError) -> (token: String, expiresIn: Int)? {
    var scanner = JSONScanner()
    var token: String?
    var expiresIn: Int?
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if name.equals("access_token", in: bytes) { token = value.string?.string(in: bytes) }
      if name.equals("expires_in", in: bytes) { expiresIn = Int(bytes.string(value.range)) }
    }
    try scanner.finish(in: bytes)
    guard let token, !token.isEmpty, let expiresIn else { return nil }
    // A text that would break out of a header field is not a token.
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    return (token, expiresIn)
  }
}
