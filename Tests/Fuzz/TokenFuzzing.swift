// SPDX-License-Identifier: MIT
import Bytes
import Settings

@testable import FunctionRuntime

/// Tokens and key sets. What begins with `{` and has no line feed is a key set. What has a line feed is a
/// token's header and claims before they were encoded, so that a fuzzer can reach what reads them.
/// Anything else is a token as it comes.
struct TokenFuzzing: FuzzSubject {
  private let policy: TokenPolicy
  private let keys: KeySet
  /// In the middle of the life of the recorded tokens.
  private let now = 1_800_000_000.0
  /// All tokens that were ever signed with these keys, as text.
  private let signed: String

  struct NoKeys: Error {}

  init() throws {
    let cases = "\(FuzzTarget.package)/Tests/Cases"
    let setup = try readFile("\(cases)/jwt_google_shape_setup.json")
    guard let keys = KeySet(try Self.member("jwks", of: setup)) else { throw NoKeys() }
    self.keys = keys
    signed = String(
      decoding: try readFile("\(cases)/jwt_google_shape.jsonl"), as: UTF8.self)
    policy = TokenPolicy(
      audience: "https://logparse.example.run.app/push",
      serviceAccount: "pusher@proj.iam.gserviceaccount.com")
  }

  private static func member(_ wanted: StaticString, of json: [UInt8]) throws -> [UInt8] {
    let bytes = json.span
    var scanner = JSONScanner()
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if name.equals(wanted, in: bytes) { return Array(json[value.range]) }
    }
    throw NoKeys()
  }

  mutating func finding(in input: [UInt8]) -> String? {
    let parts = input.split(
      separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 {
      return token(header: Array(parts[0]), claims: Array(parts[1]))
    }
    return input.first == UInt8(ascii: "{") ? keySet(input) : token(input)
  }

  private func token(_ input: [UInt8]) -> String? {
    guard let token = try? PushToken(input.span) else { return nil }
    // Each value can be written in one way only, so writing it again gives the same text.
    let signature = token.signature.map(Self.base64URL) ?? Array("SIGNATURE_REMOVED_BY_GOOGLE".utf8)
    guard token.signed + Array(".".utf8) + signature == input else {
      return "A token's parts are not the token."
    }
    guard token.signed.reversed().starts(with: Self.base64URL(token.payload).reversed()) else {
      return "A token's claims are not what was signed."
    }
    guard (try? policy.check(token, keys: keys, now: now)) != nil else { return nil }
    let isKnown = signed.contains("\"\(input.span.string)\"")
    return isKnown ? nil : "A token is taken that nobody signed."
  }

  private func token(header: [UInt8], claims: [UInt8]) -> String? {
    let dot = Array(".".utf8)
    let text =
      Self.base64URL(header) + dot + Self.base64URL(claims) + dot
      + Array("SIGNATURE_REMOVED_BY_GOOGLE".utf8)
    guard let token = try? PushToken(text.span) else { return nil }
    guard token.payload == claims, token.signature == nil else {
      return "A token's claims are not those that were encoded."
    }
    if (try? policy.check(token, keys: keys, now: now)) != nil {
      return "A token is taken that has no signature."
    }
    guard (try? policy.checkClaims(token, now: now)) != nil else { return nil }
    for later in [policy.maxLife + 2 * policy.leeway + 1, .infinity, -.infinity, .nan] {
      if (try? policy.checkClaims(token, now: now + later)) != nil {
        return "A token is taken at the wrong time."
      }
    }
    return nil
  }

  private func keySet(_ input: [UInt8]) -> String? {
    guard let set = KeySet(input) else { return nil }
    let text = Array("text".utf8)
    for key in set.keys.values
    where key.verifies([], of: text) || key.verifies([UInt8](repeating: 1, count: 256), of: text) {
      return "A signature is good that nobody made."
    }
    return nil
  }

  private static func base64URL(_ bytes: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(base64: bytes.span)
    return writer.bytes.filter { $0 != UInt8(ascii: "=") }.map { byte in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      default: byte
      }
    }
  }
}
