// SPDX-License-Identifier: MIT
import Bytes
import HTTPClient
import Settings

/// A service account's key file: signs for access tokens where there is no metadata server (RFC 7523;
/// "Using OAuth 2.0 for server to server applications").
///
/// Nothing of it may be logged; so it has no description.
public struct ServiceAccountKey: Sendable {
  static let scope = "https://www.googleapis.com/auth/cloud-platform"
  static let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  /// The longest that Google allows.
  static let life = 3600

  let project: String?
  let email: String
  private let keyID: String
  private let tokenURL: String
  private let signer: RSASigner

  /// The key that `GOOGLE_APPLICATION_CREDENTIALS` names, if it is set.
  init?(_ reader: inout SettingsReader) {
    let name = "GOOGLE_APPLICATION_CREDENTIALS"
    let path = reader.optionalText(
      name, "a service account's key file; else the metadata server gives tokens")
    guard let path else { return nil }
    do throws(KeyFileError) {
      guard let file = try? readFile(path, limit: 1 << 20) else {
        throw KeyFileError("it can't be read")
      }
      try self.init(file: file)
    } catch {
      reader.fail(
        SettingsError("\(name) is '\(path)': allowed is a service account's key file, but \(error)")
      )
      return nil
    }
  }

  init(file: [UInt8]) throws(KeyFileError) {
    guard let members = try? Self.members(file.span) else {
      throw KeyFileError("it is not a JSON object")
    }
    guard members["type"] == "service_account" else {
      // Another kind of file; the type is one of Google's words, but a file may hold anything.
      throw KeyFileError("its type is not service_account")
    }
    guard let email = members["client_email"], let keyID = members["private_key_id"],
      let pem = members["private_key"]
    else { throw KeyFileError("client_email, private_key_id or private_key is missing") }
    let url = members["token_uri"] ?? "https://oauth2.googleapis.com/token"
    guard Endpoint.mayCarryToken(url) else { throw KeyFileError("its token_uri is not https") }
    guard let signer = RSASigner(pem: pem) else {
      throw KeyFileError("its private_key is no RSA key of 2048 bits or more")
    }
    self.signer = signer
    self.email = email
    self.keyID = keyID
    tokenURL = url
    project = members["project_id"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Asks for an access token with a signed assertion; nil if it can't be signed.
  func tokenRequest(nowSeconds: Int64) -> OutgoingRequest? {
    guard let assertion = assertion(nowSeconds: nowSeconds) else { return nil }
    // Of all characters in these two only the colon means something in a form.
    let grant = Self.grant.split(separator: ":").joined(separator: "%3A")
    return OutgoingRequest(
      method: "POST", url: tokenURL,
      headers: ["Content-Type: application/x-www-form-urlencoded"],
      body: Array("grant_type=\(grant)&assertion=\(assertion)".utf8),
      timeout: .seconds(10), maxAnswer: 64 * 1024)
  }

  /// The JSON Web Token of RFC 7523 §3, signed with RS256.
  func assertion(nowSeconds: Int64) -> String? {
    var header = ByteWriter(capacity: 128)
    header.append("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":")
    header.append(json: keyID)
    header.append("}")
    var claims = ByteWriter(capacity: 512)
    claims.append("{\"iss\":")
    claims.append(json: email)
    claims.append(",\"scope\":\"\(Self.scope)\",\"aud\":")
    claims.append(json: tokenURL)
    claims.append(",\"iat\":")
    claims.append(decimal: nowSeconds)
    claims.append(",\"exp\":")
    claims.append(decimal: nowSeconds &+ Int64(Self.life))
    claims.append("}")
    let text = "\(Self.base64URL(header.bytes)).\(Self.base64URL(claims.bytes))"
    return signer.sign(Array(text.utf8)).map { "\(text).\(Self.base64URL($0))" }
  }

  /// RFC 7515 §2: the URL alphabet without padding.
  private static func base64URL(_ bytes: [UInt8]) -> String {
    var writer = ByteWriter(capacity: bytes.count * 4 / 3 + 4)
    writer.append(base64: bytes.span)
    while writer.bytes.last == UInt8(ascii: "=") { writer.bytes.removeLast() }
    for index in writer.bytes.indices {
      switch writer.bytes[index] {
      case UInt8(ascii: "+"): writer.bytes[index] = UInt8(ascii: "-")
      case UInt8(ascii: "/"): writer.bytes[index] = UInt8(ascii: "_")
      default: break
      }
    }
    return writer.bytes.span.string
  }

  private static func members(_ bytes: Span<UInt8>) throws(JSONError) -> [String: String] {
    var members: [String: String] = [:]
    var scanner = JSONScanner()
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if let text = value.string { members[name.string(in: bytes)] = text.string(in: bytes) }
    }
    try scanner.finish(in: bytes)
    return members
  }
}

/// The fault of a key file, as the end of a sentence; never a part of the file.
struct KeyFileError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
