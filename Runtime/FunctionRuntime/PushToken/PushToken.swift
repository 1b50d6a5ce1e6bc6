// SPDX-License-Identifier: MIT
import Bytes

/// A JSON Web Token taken apart (RFC 7515 compact form), nothing about it believed yet.
struct PushToken {
  static let maxBytes = 16 * 1024
  /// Cloud Run's replacement for the signature once it has verified the caller.
  static let removedSignature: StaticString = "SIGNATURE_REMOVED_BY_GOOGLE"

  /// The signed text: the first two parts with their dot.
  let signed: [UInt8]
  /// Nil if Cloud Run has removed it.
  let signature: [UInt8]?
  let header: Header
  /// The payload, to be read once the signature has been checked.
  let payload: [UInt8]

  struct Header {
    let kid: String
  }

  struct Claims {
    var issuer: String?
    var audience: String?
    var email: String?
    var isEmailVerified = false
    var expires: Double?
    var issued: Double?
    var notBefore: Double?
  }

  init(_ text: Span<UInt8>) throws(TokenRule) {
    guard text.count <= Self.maxBytes else { throw .form }
    var dots: [Int] = []
    for index in text.indices where text[index] == UInt8(ascii: ".") { dots.append(index) }
    guard dots.count == 2 else { throw .form }
    guard let headerBytes = Base64URL.decode(text.extracting(0..<dots[0])),
      let claimBytes = Base64URL.decode(text.extracting(dots[0] + 1..<dots[1]))
    else { throw .form }
    let last = text.extracting(dots[1] + 1..<text.count)
    if last.equals(Self.removedSignature) {
      signature = nil
    } else {
      guard let bytes = Base64URL.decode(last), !bytes.isEmpty else { throw .form }
      signature = bytes
    }
    signed = [UInt8](capacity: dots[1]) { output in
      for index in 0..<dots[1] { output.append(text[index]) }
    }
    header = try Header(headerBytes.span)
    payload = claimBytes
  }

  func claims() throws(TokenRule) -> Claims { try Claims(payload.span) }
}

extension PushToken.Header {
  /// `alg` has to be RS256; keys that the token brings along are ignored.
  fileprivate init(_ bytes: Span<UInt8>) throws(TokenRule) {
    var algorithm: String?
    var kid: String?
    do throws(JSONError) {
      try members(of: bytes) { name, value in
        if name.equals("alg", in: bytes) { algorithm = value.string?.string(in: bytes) ?? "" }
        if name.equals("kid", in: bytes) { kid = value.string?.string(in: bytes) ?? "" }
        if name.equals("crit", in: bytes) { algorithm = "" }
      }
    } catch {
      throw .header
    }
    guard algorithm == "RS256", let kid, !kid.isEmpty, kid.utf8.count <= 128 else { throw .header }
    self.kid = kid
  }
}

extension PushToken.Claims {
  fileprivate init(_ bytes: Span<UInt8>) throws(TokenRule) {
    var claims = PushToken.Claims()
    do throws(JSONError) {
      try members(of: bytes) { name, value in
        let text = value.string?.string(in: bytes)
        // A number is kept as one only if it is one; how large it is does not matter to a Double.
        let number = value.kind == .number ? Double(bytes.string(value.range)) : nil
        if name.equals("iss", in: bytes) { claims.issuer = text }
        if name.equals("aud", in: bytes) { claims.audience = text }
        if name.equals("email", in: bytes) { claims.email = text }
        if name.equals("email_verified", in: bytes) { claims.isEmailVerified = value.kind == .true }
        if name.equals("exp", in: bytes) { claims.expires = number }
        if name.equals("iat", in: bytes) { claims.issued = number }
        if name.equals("nbf", in: bytes) { claims.notBefore = number ?? .infinity }
      }
    } catch {
      throw .claims
    }
    self = claims
  }
}

/// Reads one JSON object; a name that comes twice is refused, since two readers could differ.
private func members(
  of bytes: Span<UInt8>, _ take: (JSONString, JSONValue) -> Void
) throws(JSONError) {
  var scanner = JSONScanner()
  var names: Set<String> = []
  try scanner.enterObject(in: bytes)
  while let name = try scanner.nextMember(in: bytes) {
    guard names.insert(name.string(in: bytes)).inserted else {
      throw JSONError.unexpectedByte(at: name.range.lowerBound)
    }
    take(name, try scanner.value(in: bytes))
  }
  try scanner.finish(in: bytes)
}
