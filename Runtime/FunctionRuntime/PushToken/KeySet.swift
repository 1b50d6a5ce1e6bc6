// SPDX-License-Identifier: MIT
import Bytes
import CCrypto

/// One RSA public key of Google's. Never changed after it is made, so any thread may use it.
@safe final class RSAKey: @unchecked Sendable {
  private let key: OpaquePointer

  /// Nil for numbers that make no key, or a modulus under 2,048 bits.
  init?(modulus: [UInt8], exponent: [UInt8]) {
    // In bounds: OpenSSL reads exactly the arrays.
    let made = unsafe modulus.withUnsafeBufferPointer { n in
      unsafe exponent.withUnsafeBufferPointer { e in
        unsafe pixel_rsa_key_new(n.baseAddress, n.count, e.baseAddress, e.count)
      }
    }
    guard let made = unsafe made else { return nil }
    unsafe key = made
  }

  deinit { unsafe pixel_rsa_key_free(key) }

  /// Whether `signature` is that of `text`: RSA PKCS#1 v1.5 with SHA-256.
  func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
    // In bounds: OpenSSL reads exactly the arrays.
    let good = unsafe text.withUnsafeBufferPointer { text in
      unsafe signature.withUnsafeBufferPointer { signature in
        unsafe pixel_rsa_verify(
          key, text.baseAddress, text.count, signature.baseAddress, signature.count)
      }
    }
    return good == 1
  }
}

/// The keys that a signer publishes, by `kid` (RFC 7517).
struct KeySet: Sendable {
  private(set) var keys: [String: RSAKey] = [:]

  /// Reads `{"keys": [...]}`. Keys that are no RSA signature keys are passed over; nil if that leaves none.
  init?(_ json: [UInt8]) {
    guard (try? read(json.span)) != nil, !keys.isEmpty else { return nil }
  }

  private mutating func read(_ bytes: Span<UInt8>) throws(JSONError) {
    var scanner = JSONScanner()
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      guard name.equals("keys", in: bytes), try scanner.peek(in: bytes) == .array else {
        _ = try scanner.value(in: bytes)
        continue
      }
      try scanner.enterArray(in: bytes)
      while try scanner.nextElement(in: bytes) { try readKey(&scanner, bytes) }
    }
    try scanner.finish(in: bytes)
  }

  private mutating func readKey(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>)
    throws(JSONError)
  {
    var texts: [String: String] = [:]
    var mayVerify = true
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      if name.equals("key_ops", in: bytes) {
        mayVerify = try Self.hasVerify(&scanner, bytes)
        continue
      }
      let value = try scanner.value(in: bytes)
      if let text = value.string { texts[name.string(in: bytes)] = text.string(in: bytes) }
    }
    guard mayVerify, texts["kty"] == "RSA", texts["use"] ?? "sig" == "sig",
      texts["alg"] ?? "RS256" == "RS256",
      let kid = texts["kid"], let n = texts["n"].flatMap(Self.decode),
      let e = texts["e"].flatMap(Self.decode), let key = RSAKey(modulus: n, exponent: e)
    else { return }
    keys[kid] = key
  }

  /// Whether `key_ops` allows to verify signatures (RFC 7517 §4.3).
  private static func hasVerify(
    _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
  ) throws(JSONError) -> Bool {
    guard try scanner.peek(in: bytes) == .array else {
      _ = try scanner.value(in: bytes)
      return false
    }
    var isFound = false
    try scanner.enterArray(in: bytes)
    while try scanner.nextElement(in: bytes) {
      let operation = try scanner.value(in: bytes).string?.string(in: bytes)
      if operation == "verify" { isFound = true }
    }
    return isFound
  }

  private static func decode(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    return Base64URL.decode(bytes.span)
  }
}
