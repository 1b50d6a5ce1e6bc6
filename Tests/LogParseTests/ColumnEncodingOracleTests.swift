// SPDX-License-Identifier: MIT
import Foundation
import LogParse
import TestSupport
import Testing

/// Compares the checks of numbers with Foundation's own arithmetic.
@Suite struct ColumnEncodingOracleTests {
  @Test func `NUMERIC is what Foundation's Decimal rounds to`() throws {
    var parser = try EventParser.with("v NUMERIC")
    var random = SeededRandom(9)
    for _ in 0..<2000 {
      let digits = (0..<Int.random(in: 1...22, using: &random)).map { _ in
        "0123456789".randomElement(using: &random) ?? "0"
      }
      var text = String(digits)
      let point = Int.random(in: 0...text.count, using: &random)
      text.insert(".", at: text.index(text.startIndex, offsetBy: point))
      if Bool.random(using: &random) { text += "e\(Int.random(in: -6...6, using: &random))" }
      if Bool.random(using: &random) { text = "-" + text }
      let written = try #require(try parser.parse(query: "v=\(text)")["v"], "\(text)")

      var exact = try #require(Decimal(string: text, locale: nil), "\(text)")
      var rounded = Decimal()
      // "plain" is half away from zero.
      NSDecimalRound(&rounded, &exact, 9, .plain)
      #expect(Decimal(string: written, locale: nil) == rounded, "\(text) became \(written)")
      #expect((written.split(separator: ".").dropFirst().first?.count ?? 0) <= 9)
    }
  }

  @Test func `FLOAT is the same double`() throws {
    var parser = try EventParser.with("v FLOAT")
    var random = SeededRandom(10)
    for _ in 0..<2000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      let text = "\(value)".replacing("+", with: "%2B")
      let parsed = try parser.parse(query: "v=\(text)")
      // Foundation checks that it is JSON; its own reading of doubles is off by a bit now and then.
      #expect(parsed.row["v"] is NSNumber)
      let written = parsed.text.split(separator: "\"v\":").last?.dropLast() ?? ""
      #expect(Double(written) == value, "\(value)")
    }
  }
}
