// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import HTTPClient

/// The process's project and access token, both from the metadata server, shared by all loops.
///
/// Each value is asked for once at a time, whichever loop needs it first; the others wait for that
/// answer. A token is renewed early and the old one serves until it really ends.
public final class CloudAccess: Sendable {
  private let token: SharedValue
  private let projectID: SharedValue

  /// - Parameter project: Known from the settings; nil asks the metadata server.
  public init(metadataHost: String, project: String?) {
    let base = "http://\(metadataHost)/computeMetadata/v1"
    token = SharedValue(
      url: "\(base)/instance/service-accounts/default/token", read: AccessTokenAnswer.read)
    projectID = SharedValue(url: "\(base)/project/project-id") { body, _ in
      let text = String(decoding: body, as: UTF8.self)
      return text.isEmpty ? nil : .init(text: text, renewAt: .distantFuture, endsAt: .distantFuture)
    }
    if let project {
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

  /// The value of an `Authorization` field for `endpoint`; nil if it wants none.
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

/// The metadata server's answer to a request for a token.
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
    // What would break out of a header field is not a token.
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    return (token, expiresIn)
  }
}
