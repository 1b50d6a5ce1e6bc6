// SPDX-License-Identifier: MIT
import Bytes

/// Finds the events in the body of a `POST`: a JSON object, an array of objects, or objects on a line each.
struct EventsBody {
  static let maximumBytes = 1 << 20
  static let maximumEvents = 500

  enum Piece: Equatable {
    /// The range of an object or of a line that has not been checked to be one yet.
    case object(Range<Int>)
    case problem(EventProblem)
  }

  private(set) var pieces: [Piece] = []

  /// More than 500 events.
  struct TooMany: Error {}

  /// - Parameter isLines: Whether the sender says that the body is lines. Without that they have to look like
  ///   lines, so that the members of a broken object are not taken for events.
  init(_ body: Span<UInt8>, isLines: Bool = false) throws(TooMany) {
    let range = body.withoutMark(0..<body.count)
    guard !range.isEmpty else {
      pieces = [.problem(.empty)]
      return
    }
    if !body.isOneValue(range), isLines || body.looksLikeLines(range) {
      try readLines(body, range)
    } else if body[range.lowerBound] == UInt8(ascii: "[") {
      try readArray(body, from: range.lowerBound)
    } else {
      pieces = [.object(range)]
    }
  }

  /// The whole body is checked before the first event is taken, so that a broken array gives no event at all.
  private mutating func readArray(_ body: Span<UInt8>, from start: Int) throws(TooMany) {
    var scanner = JSONScanner(at: start)
    do throws(JSONError) {
      try scanner.enterArray(in: body)
      while try scanner.nextElement(in: body) {
        let value = try scanner.value(in: body)
        pieces.append(value.kind == .object ? .object(value.range) : .problem(.notAnObject))
        if pieces.count > Self.maximumEvents { break }
      }
      if pieces.count <= Self.maximumEvents { try scanner.finish(in: body) }
    } catch {
      pieces = [.problem(.notJSON)]
    }
    if pieces.isEmpty { pieces = [.problem(.empty)] }
    guard pieces.count <= Self.maximumEvents else { throw TooMany() }
  }

  /// Each line is judged alone, so that a bad one costs itself.
  private mutating func readLines(_ body: Span<UInt8>, _ range: Range<Int>) throws(TooMany) {
    var lines = LinesOfBody(range)
    while let line = lines.next(in: body) {
      pieces.append(.object(line))
      guard pieces.count <= Self.maximumEvents else { throw TooMany() }
    }
  }
}

/// The lines of a body that are not empty, without the white space around them.
private struct LinesOfBody {
  private var at: Int
  private let end: Int

  init(_ range: Range<Int>) { (at, end) = (range.lowerBound, range.upperBound) }

  mutating func next(in body: Span<UInt8>) -> Range<Int>? {
    while at < end {
      let stop = body.firstIndex(of: 0x0A, in: at..<end)
      let line = body.withoutMark(at..<stop)
      at = stop &+ 1
      if !line.isEmpty { return line }
    }
    return nil
  }
}

extension Span where Element == UInt8 {
  /// The range without white space at both ends and without a byte order mark, which Windows programs write:
  /// RFC 8259 §8.1 lets a reader ignore one. Files with a mark may have been joined, so that each line may
  /// have one.
  func withoutMark(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end {
      if self[start].isWhiteSpace {
        start &+= 1
      } else if end &- start >= 3, self[start] == 0xEF, self[start &+ 1] == 0xBB,
        self[start &+ 2] == 0xBF
      {
        start &+= 3
      } else {
        break
      }
    }
    while end > start, self[end &- 1].isWhiteSpace { end &-= 1 }
    return start..<end
  }

  /// Whether the range is one JSON value.
  fileprivate func isOneValue(_ range: Range<Int>) -> Bool { oneValue(range) != nil }

  private func oneValue(_ range: Range<Int>) -> JSONKind? {
    let text = extracting(range)
    var scanner = JSONScanner()
    guard let value = try? scanner.value(in: text), scanner.position == text.count else {
      return nil
    }
    return value.kind
  }

  /// Whether the range is lines of JSON, although not all of them are right: one is a whole object, and no
  /// other looks like the inside of an object or array that goes on over lines.
  fileprivate func looksLikeLines(_ range: Range<Int>) -> Bool {
    var hasObject = false
    var at = range.lowerBound
    while at < range.upperBound {
      let end = firstIndex(of: 0x0A, in: at..<range.upperBound)
      let line = withoutMark(at..<end)
      defer { at = end &+ 1 }
      guard let first = line.first else { continue }
      if let kind = oneValue(line) {
        // On the first line it decides: nothing but lines begins so.
        if kind == .object, line.lowerBound == range.lowerBound { return true }
        hasObject = hasObject || kind == .object
        continue
      }
      // Objects that go on over lines have their members indented, or begin with a name's quote.
      if self[at] == 0x20 || self[at] == 0x09 { return false }
      switch self[first] {
      case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "\""),
        UInt8(ascii: ","):
        return false
      default: continue
      }
    }
    return hasObject
  }
}

extension UInt8 {
  /// As JSON has it.
  var isWhiteSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
