// SPDX-License-Identifier: MIT
import Bytes

/// Words in `User-Agent` with which crawlers identify themselves. Programs that pretend to be browsers are
/// not detected.
enum BotWords {
  /// In lower case; letter case does not count.
  static let all: [String] = [
    "bot", "crawl", "spider", "slurp", "scrapy", "archiver", "feedfetcher", "mediapartners",
    "facebookexternalhit", "preview", "+http", "headless", "phantomjs", "puppeteer", "playwright",
    "lighthouse", "pagespeed", "pingdom", "uptime", "monitor", "curl/", "wget/", "python", "java/",
    "go-http-client", "libwww", "httpclient", "node-fetch", "axios/",
  ]

  private static let words = all.map { Array($0.utf8) }
  /// Bit n: some word begins with the byte n. All are ASCII.
  private static let firstBytes = words.reduce(UInt128(0)) { $0 | 1 << UInt128($1[0]) }

  /// Whether one of the words is in the agent. `cubot` is a maker of phones.
  static func areIn(_ agent: Span<UInt8>) -> Bool {
    let firstBytes = firstBytes
    for at in 0..<agent.count {
      let byte = agent.lowerCase(at)
      guard byte < 0x80, firstBytes >> UInt128(byte) & 1 != 0 else { continue }
      for word in words where agent.has(word, at: at) {
        let isPhone = word.count == 3 && at >= 2 && agent.has(cu, at: at - 2)
        if !isPhone { return true }
      }
    }
    return false
  }

  private static let cu = Array("cu".utf8)
}

extension Span where Element == UInt8 {
  @inline(__always)
  fileprivate func lowerCase(_ at: Int) -> UInt8 {
    let byte = self[at]
    return byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }

  fileprivate func has(_ word: [UInt8], at start: Int) -> Bool {
    guard word.count <= count - start else { return false }
    for offset in word.indices where lowerCase(start &+ offset) != word[offset] { return false }
    return true
  }
}
