// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Foundation
import TestSupport
import Testing

@testable import FunctionRuntime

/// Tokens shaped like those of Pub/Sub, at a fixed clock.
struct GoogleShape: Decodable {
  struct Setup: Decodable {
    let now: Double
    let leeway: Double
    let maxLife: Double
    let audience: String
    let email: String
    let jwks: JSONText

    enum CodingKeys: String, CodingKey {
      case now, audience, email, jwks
      case leeway = "leeway_s"
      case maxLife = "max_lifetime_s"
    }
  }

  /// A part of a file that is handed on as it is.
  struct JSONText: Decodable {
    let keys: [[String: String]]
    var bytes: [UInt8] {
      Array((try? JSONSerialization.data(withJSONObject: ["keys": keys])) ?? Data())
    }
  }

  let name: String
  let expect: String
  let token: String

  static func file(_ name: String) throws -> Data {
    try Data(contentsOf: Cases.made(name))
  }

  static func setup() throws -> Setup {
    try JSONDecoder().decode(Setup.self, from: file("jwt_google_shape_setup.json"))
  }

  static func all() throws -> [GoogleShape] {
    try file("jwt_google_shape.jsonl").split(separator: UInt8(ascii: "\n"))
      .map { try JSONDecoder().decode(GoogleShape.self, from: Data($0)) }
  }
}

@Suite struct PushTokenTests {
  static func parse(_ text: String) throws(TokenRule) -> PushToken {
    let bytes = Array(text.utf8)
    return try PushToken(bytes.span)
  }

  static let aboutKeyQuality: Set<String> = ["wycheproof/json_web_crypto_test/46"]

  static func policy() throws -> (TokenPolicy, KeySet, now: Double) {
    let setup = try GoogleShape.setup()
    var policy = TokenPolicy(audience: setup.audience, serviceAccount: setup.email)
    policy.leeway = setup.leeway
    policy.maxLife = setup.maxLife
    return (policy, try #require(KeySet(setup.jwks.bytes)), setup.now)
  }

  @Test func `tokens in Google's shape are told apart as an independent verifier does`() throws {
    let (policy, keys, now) = try Self.policy()
    let cases = try GoogleShape.all()
    #expect(cases.count == 49)
    for item in cases where item.expect != "either" {
      let accepted = (try? policy.check(Self.parse(item.token), keys: keys, now: now)) != nil
      #expect(accepted == (item.expect == "accept"), "\(item.name)")
    }
  }

  @Test func `the first rule that fails is the one that is counted`() throws {
    let (policy, keys, now) = try Self.policy()
    let expected: [String: TokenRule] = [
      "google-shape/alg none": .form, "google-shape/HS256 empty secret": .header,
      "google-shape/dots only": .form, "google-shape/kid missing": .header,
      "google-shape/kid path": .unknownKey, "google-shape/signature one bit": .signature,
      "google-shape/payload not JSON": .claims, "google-shape/iss http": .issuer,
      "google-shape/aud case": .audience, "google-shape/exp 2^63": .time,
      "google-shape/email other": .email, "google-shape/email_verified string": .email,
    ]
    for item in try GoogleShape.all() {
      guard let rule = expected[item.name] else { continue }
      #expect(throws: rule, "\(item.name)") {
        try policy.check(Self.parse(item.token), keys: keys, now: now)
      }
    }
  }

  @Test func `a token whose signature Google has removed is for platform mode only`() throws {
    let (policy, keys, now) = try Self.policy()
    let good = try #require(GoogleShape.all().first { $0.name == "google-shape/baseline" })
    let parts = good.token.split(separator: ".")
    let stripped = try Self.parse("\(parts[0]).\(parts[1]).SIGNATURE_REMOVED_BY_GOOGLE")
    #expect(throws: TokenRule.signatureRemoved) {
      try policy.check(stripped, keys: keys, now: now)
    }
    try policy.checkClaims(stripped, now: now)
    #expect(throws: TokenRule.time) { try policy.checkClaims(stripped, now: now + 1e6) }
    var other = policy
    other.serviceAccount = "someone@else"
    #expect(throws: TokenRule.email) { try other.checkClaims(stripped, now: now) }
  }

  @Test(Cases.present("jwt_wycheproof.jsonl"))
  func `signatures are judged as Project Wycheproof does for RS256`() throws {
    let keyFile = Cases.other("jwt_wycheproof_keys.json")
    let keys = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: keyFile)) as? [String: Any])
    var accepts = 0
    for item in try Cases.lines(of: "jwt_wycheproof.jsonl") {
      let name = try #require(item["name"] as? String)
      guard let text = item["jws"] as? String, let label = item["rs256_only_policy"] as? String,
        let jwk = (item["jwk"] as? String).flatMap({ keys[$0] as? [String: Any] })
      else { continue }
      let list = jwk["keys"] as? [[String: Any]] ?? [jwk]
      let set = KeySet(Array(try JSONSerialization.data(withJSONObject: ["keys": list])))
      var accepted = false
      if let token = try? Self.parse(text), let signature = token.signature,
        let key = set?.keys[token.header.kid]
      {
        accepted = key.verifies(signature, of: token.signed)
      }
      // Three cases ask for a judgement on the key's quality, which Google's own keys do not need.
      if accepted != (label == "accept-signature"), !Self.aboutKeyQuality.contains(name) {
        Issue.record("\(name): accepted \(accepted), label \(label)")
      }
      if accepted { accepts += 1 }
    }
    #expect(accepts > 0)
  }

  @Test func `keys that are no RSA signature keys are passed over`() throws {
    #expect(KeySet(Array("{}".utf8)) == nil)
    #expect(KeySet(Array(#"{"keys":[]}"#.utf8)) == nil)
    #expect(KeySet(Array(#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#.utf8)) == nil)
    #expect(KeySet(Array(#"{"keys":[{"kty":"EC","kid":"a"}]}"#.utf8)) == nil)
    #expect(KeySet(Array("not json".utf8)) == nil)
    #expect(KeySet(try GoogleShape.setup().jwks.bytes)?.keys.count == 2)
  }

  @Test(arguments: [
    (#"["verify"]"#, true), (#"["sign","verify"]"#, true), (#"["encrypt"]"#, false), ("[]", false),
    (#""verify""#, false), ("[1]", false), ("null", false),
  ])
  func `a key whose operations leave verifying out is passed over`(
    _ operations: String, _ isTaken: Bool
  ) throws {
    let set = String(decoding: try GoogleShape.setup().jwks.bytes, as: UTF8.self)
    let marked = set.replacing(#""kty""#, with: "\"key_ops\":\(operations),\"kty\"")
    #expect(marked != set)
    #expect((KeySet(Array(marked.utf8))?.keys.count ?? 0) == (isTaken ? 2 : 0))
  }

  @Test(
    arguments: [
      ("", []), ("TQ", [0x4D]), ("TWE", [0x4D, 0x61]), ("TWFu", [0x4D, 0x61, 0x6E]),
      ("-_8", [0xFB, 0xFF]),
    ] as [(String, [UInt8])])
  func `base64url is decoded`(_ text: String, _ bytes: [UInt8]) {
    let input = Array(text.utf8)
    #expect(Base64URL.decode(input.span) == bytes)
  }

  @Test(arguments: ["A", "TQ==", "T+8", "T/8", "TR", "TWF", "T Q", "TQ\n"])
  func `what is not strict base64url is refused`(_ text: String) {
    let input = Array(text.utf8)
    #expect(Base64URL.decode(input.span) == nil)
  }

  @Test(arguments: [
    ("public, max-age=19845, must-revalidate", 19845), ("max-age=60", 60), ("MAX-AGE = 5", 5),
  ])
  func `the life of keys is read from Cache-Control`(_ field: String, _ seconds: Int) {
    #expect(KeyCache.maxAge(field) == seconds)
    #expect(KeyCache.maxAge("no-store") == nil)
  }
}

@Suite final class KeyCacheStateTests {
  var state = KeyCacheState<Int>()

  func mustRenew(at seconds: Int64) -> Bool { state.mustRenew(now: Self.at(seconds)) }

  func missing(at seconds: Int64, _ waiter: Int) -> (
    answer: KeyCacheState<Int>.Answer, mustFetch: Bool
  ) {
    state.missing(now: Self.at(seconds), waiter)
  }

  func fetched(_ keys: KeySet?, at seconds: Int64, maxAge: Int = 300) -> [Int] {
    state.fetched(keys, maxAge: .seconds(maxAge), now: Self.at(seconds))
  }

  static func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

  static func keys() throws -> KeySet { try #require(KeySet(try GoogleShape.setup().jwks.bytes)) }

  @Test func `one request serves all who wait`() throws {
    let first = missing(at: 0, 1)
    #expect(first.mustFetch)
    let second = missing(at: 0, 2)
    #expect(!second.mustFetch)
    #expect(!mustRenew(at: 0))
    #expect(fetched(try Self.keys(), at: 1, maxAge: 300) == [1, 2])
    #expect(state.keys != nil)
  }

  @Test func `unknown key ids ask for new keys once a minute at most`() throws {
    _ = missing(at: 0, 1)
    _ = fetched(try Self.keys(), at: 1, maxAge: 3600)
    #expect(!missing(at: 59, 2).mustFetch)
    #expect(missing(at: 60, 3).mustFetch)
  }

  @Test func `old keys stay in use while a renewal fails, and it is tried again after a pause`()
    throws
  {
    #expect(mustRenew(at: 0))
    _ = fetched(try Self.keys(), at: 0, maxAge: 300)
    #expect(!mustRenew(at: 299))
    #expect(mustRenew(at: 300))
    _ = fetched(nil, at: 301, maxAge: 300)
    #expect(state.keys != nil)
    #expect(!mustRenew(at: 301))
    #expect(mustRenew(at: 302))
  }

  @Test func `without keys a failed request is followed by a pause in which nobody waits`() {
    _ = missing(at: 0, 1)
    #expect(fetched(nil, at: 0, maxAge: 300) == [1])
    let during = missing(at: 0, 2)
    #expect(!during.mustFetch)
    if case .wait = during.answer { Issue.record("nobody is there to wait for") }
    #expect(missing(at: 1, 3).mustFetch)
  }
}
