// SPDX-License-Identifier: MIT
import TestSupport

/// Makes inputs up: pieces in any order, and good ones that were damaged.
struct Inputs {
  enum Kind: String, CaseIterable { case query, json }

  private var random: SeededRandom
  init(seed: UInt64) { random = SeededRandom(seed) }

  mutating func next(_ kind: Kind) -> [UInt8] {
    switch kind {
    case .query: below(3) == 0 ? mutated(Self.queries) : joined(Self.queryPieces)
    case .json: below(3) == 0 ? joined(Self.jsonPieces) : mutated(Self.documents)
    }
  }

  /// What stands around an input in its buffer.
  mutating func surroundings(_ kind: Kind) -> (before: [UInt8], after: [UInt8]) {
    let pieces = kind == .query ? Self.queryPieces : Self.jsonPieces
    // Often nothing, so that the ends of the input are the ends of the memory too.
    return (
      below(2) == 0 ? random.bytes(upTo: 4, of: pieces) : [],
      kind == .json || below(2) == 0 ? [] : random.bytes(upTo: 4, of: pieces)
    )
  }

  private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

  private mutating func joined(_ pieces: [String]) -> [UInt8] {
    var bytes = random.bytes(upTo: below(4) == 0 ? 24 : 8, of: pieces)
    if below(4) == 0 { bytes += filling() + random.bytes(upTo: 3, of: pieces) }
    return bytes
  }

  /// A run without anything special: long ones are read in blocks.
  private mutating func filling() -> [UInt8] {
    Array(repeating: UInt8(ascii: "x"), count: below(below(8) == 0 ? 400 : 40))
  }

  private mutating func mutated(_ samples: [String]) -> [UInt8] {
    var bytes = Array(samples[below(samples.count)].utf8)
    for _ in 0..<below(4) {
      let at = below(bytes.count + 1)
      switch below(7) {
      case 0: bytes.insert(UInt8(truncatingIfNeeded: below(256)), at: at)
      case 1: bytes.insert(contentsOf: filling(), at: at)
      case 2 where at < bytes.count: bytes[at] ^= 1 << UInt8(truncatingIfNeeded: below(8))
      case 3 where at < bytes.count: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(4)))
      case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + below(12))], at: at)
      case 5: bytes.insert(contentsOf: random.bytes(upTo: 1, of: Self.jsonPieces), at: at)
      default: bytes.insert(contentsOf: random.bytes(upTo: 1, of: Self.queryPieces), at: at)
      }
    }
    return bytes
  }

  private static let queryPieces = [
    "&", "=", "%", "+", "a", "name", "%20", "%C3%A9", "%E6%97%A5", "%F0%9F%98%80", "%ff", "%c3",
    "%e6%97",
    "%ed%a0%80", "%26", "%3d", "%2B", "%00", "%0", "%zz", "é", "日", "😀", ";", "#", "?", "[", "]",
    ".",
    "\u{0}", "utm_source=newsletter", "0123456789abcdef",
  ]

  private static let queries = [
    "type=page_view&user_id=u1&page_title=Caf%C3%A9+%26+more&tags=a;b&tags=c",
    "page_url=https%3A%2F%2Fshop.example.com%2Fc%2F12%3Fsort%3Dprice%26page%3D2&value=12.50",
    "items[0].sku=A%201&items[0][price]=1%2C5&q=%E6%97%A5%E6%9C%AC%E8%AA%9E&e=😀&=x&y&&z=1=2",
  ]

  private static let jsonPieces = [
    "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\\n\"", "1", "-2.5e3", "0", "-", ".", "e",
    "E+", "true",
    "false", "null", " ", "\n", "\t", "\\", "\\u0041", "\\ud83d", "\\ude00", "\\u00", "é", "日", "😀",
    "\"\":", "\u{feff}", "NaN", "Infinity", "\u{1}", "\u{7f}", "\u{2028}", "[[[[", "{\"a\":",
  ]

  private static let documents = [
    #"{"insertId":"abc","httpRequest":{"requestUrl":"https://t/p?a=1\u0026b=2","status":200},"t":null}"#,
    #"[1,-0.5e+7,"two\n\ud83d\ude00",[],{},{"a":[true,false,null]},"é日😀",1E400,0]"#,
    #"  {"message" : {"data":"aGVsbG8gd29ybGQ=", "attributes":{"k":"v"}} , "n":[ 1 , 2 ] }  "#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "\"\\u00e9\"", "-12.5E-3",
  ]
}
