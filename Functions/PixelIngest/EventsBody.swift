// SPDX-License-Identifier: MIT
import Bytes

/// Finds the events in the body of a `POST`: a JSON object, an array of objects, or objects on a line each.
struct EventsBody {
  static let maximumBytes = 1 << 20
  static let maximumEvents = 500

  enum Piece: Equatable {
    /// Where an object lies. Of one on a line of its own nobody has looked yet whether it is JSON.
    case object(Range<Int>)
    case problem(EventProblem)
  }

  private(set) var pieces: [Piece] = []

  /// More than 500 events.
  struct TooMany: Error {}

  init(_ body: Span<UInt8>) throws(TooMany) {
    var start = 0
    while start < body.count, body[start].isWhiteSpace { start &+= 1 }
    guard start < body.count else {
      pieces = [.problem(.empty)]
      return
    }
    if body[start] == UInt8(ascii: "[") {
      try readArray(body, from: start)
    } else if Self.isObject(body, start..<body.firstIndex(of: 0x0A, in: start..<body.count)) {
      try readLines(body, from: start)
    } else {
      pieces = [.object(start..<body.count)]
    }
  }

  /// All of it is looked at before the first event is taken, so that a broken array is none.
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

  private mutating func readLines(_ body: Span<UInt8>, from start: Int) throws(TooMany) {
    var at = start
    while at < body.count {
      let end = body.firstIndex(of: 0x0A, in: at..<body.count)
      var first = at
      while first < end, body[first].isWhiteSpace { first &+= 1 }
      if first < end { pieces.append(.object(first..<end)) }
      guard pieces.count <= Self.maximumEvents else { throw TooMany() }
      at = end &+ 1
    }
  }

  /// Whether the range is a whole object: then more may follow on other lines.
  private static func isObject(_ body: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let line = body.extracting(range)
    var scanner = JSONScanner()
    return (try? scanner.value(in: line))?.kind == .object && (try? scanner.finish(in: line)) != nil
  }
}

extension UInt8 {
  /// As JSON has it.
  var isWhiteSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
