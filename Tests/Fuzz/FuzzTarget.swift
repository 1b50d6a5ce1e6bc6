// SPDX-License-Identifier: MIT

/// The parsers that take bytes from outside, each with its own corpus in `Corpus/<name>`.
enum FuzzTarget: String, CaseIterable, Sendable {
  case head, chunked, envelope, cloudevent, token, entry, query, body

  func subject() throws -> any FuzzSubject {
    switch self {
    case .head: HeadFuzzing()
    case .chunked: ChunkedFuzzing()
    case .envelope: EnvelopeFuzzing()
    case .cloudevent: CloudEventFuzzing()
    case .token: try TokenFuzzing()
    case .entry: try EntryFuzzing()
    case .query: try QueryFuzzing()
    case .body: BodyFuzzing()
    }
  }

  /// The package's folder: this file is <package>/Tests/Fuzz/FuzzTarget.swift.
  static let package = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
}

/// A parser under test, with what has to hold for whatever it is given. That it must not crash goes
/// without saying.
protocol FuzzSubject {
  /// One sentence about what does not hold for `input`; nil if all does.
  mutating func finding(in input: [UInt8]) -> String?
}
