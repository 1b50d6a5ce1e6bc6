// SPDX-License-Identifier: MIT
import Bytes

/// Removes the chunk framing of a body in place, as it arrives (RFC 9112 §7.1).
///
/// The data moves to the front of the body's region, so that a complete body lies in one piece.
struct ChunkedBody {
  /// The decoded body so far.
  private(set) var body: Range<Int>
  /// The first byte that was not read yet.
  private(set) var cursor: Int
  private var state = State.size
  private var trailerBytes = 0

  private enum State {
    case size
    case data(left: Int)
    case dataEnd
    case trailer
  }

  enum Progress { case needMore, complete }

  /// Longest chunk-size line with its extension, and longest trailer section.
  private static let maxLine = 256
  private static let maxTrailer = 8 * 1024

  init(start: Int) {
    body = start..<start
    cursor = start
  }

  /// Reads the bytes that have arrived in `buffer` behind `cursor`. A body of more than `limit` bytes is
  /// refused.
  mutating func advance(
    _ buffer: Buffer, limit: Int
  ) throws(ChunkError) -> Progress {
    let progress = try read(buffer, limit: limit)
    if progress == .needMore { dropFraming(from: buffer) }
    return progress
  }

  /// Without this a body of tiny chunks would hold many times its size in memory.
  private mutating func dropFraming(from buffer: Buffer) {
    let rest = cursor..<buffer.count
    buffer.move(rest, to: body.upperBound)
    buffer.truncate(to: body.upperBound &+ rest.count)
    cursor = body.upperBound
  }

  private mutating func read(_ buffer: Buffer, limit: Int) throws(ChunkError) -> Progress {
    while true {
      switch state {
      case .size:
        guard let line = try line(buffer, limit: Self.maxLine) else { return .needMore }
        let size = try buffer.withSpan { bytes throws(ChunkError) in
          try chunkSize(bytes.extracting(line))
        }
        guard size <= limit &- body.count else { throw .tooLarge }
        state = size == 0 ? .trailer : .data(left: size)
      case .data(let left):
        let available = min(left, buffer.count &- cursor)
        buffer.move(cursor..<cursor &+ available, to: body.upperBound)
        body = body.lowerBound..<body.upperBound &+ available
        cursor &+= available
        guard available == left else {
          state = .data(left: left &- available)
          return .needMore
        }
        state = .dataEnd
      case .dataEnd:
        guard buffer.count &- cursor >= 2 else { return .needMore }
        let ended = buffer.withSpan {
          $0[cursor] == UInt8(ascii: "\r") && $0[cursor &+ 1] == UInt8(ascii: "\n")
        }
        guard ended else { throw .malformed }
        cursor &+= 2
        state = .size
      case .trailer:
        guard let line = try line(buffer, limit: Self.maxTrailer) else { return .needMore }
        if line.isEmpty { return .complete }
        trailerBytes &+= line.count &+ 2
        guard trailerBytes <= Self.maxTrailer else { throw .malformed }
        try buffer.withSpan { bytes throws(ChunkError) in
          try checkTrailer(bytes.extracting(line))
        }
      }
    }
  }

  /// The next line without its CRLF, or nil if it has not all arrived.
  private mutating func line(_ buffer: Buffer, limit: Int) throws(ChunkError) -> Range<Int>? {
    let start = cursor
    let end = try buffer.withSpan { bytes throws(ChunkError) -> Int? in
      let last = min(bytes.count, start &+ limit)
      var index = start
      while index < last, bytes[index] != UInt8(ascii: "\r") {
        // A bare line feed ends a line for some programs and not for others.
        guard bytes[index] != UInt8(ascii: "\n") else { throw .malformed }
        index &+= 1
      }
      // Looked at first, so that a long line is refused however it arrives.
      guard index &- start < limit else { throw .malformed }
      guard index &+ 1 < bytes.count else { return nil }
      guard bytes[index] == UInt8(ascii: "\r"), bytes[index &+ 1] == UInt8(ascii: "\n") else {
        throw .malformed
      }
      return index
    }
    guard let end else { return nil }
    cursor = end &+ 2
    return start..<end
  }

  private func chunkSize(_ line: Span<UInt8>) throws(ChunkError) -> Int {
    var size = 0
    var digits = 0
    var index = 0
    while index < line.count, let digit = line[index].hexDigit {
      digits += 1
      guard digits <= 12 else { throw .tooLarge }
      size = size << 4 | Int(digit)
      index &+= 1
    }
    guard digits > 0 else { throw .malformed }
    // An extension follows a semicolon and is ignored; anything else is refused.
    guard index < line.count else { return size }
    guard line[index] == UInt8(ascii: ";") else { throw .malformed }
    guard ByteClass.skip(line, from: index, until: 0x20) == line.count
    else { throw .malformed }
    return size
  }

  /// Trailers are skipped; a line that is not a field is refused.
  private func checkTrailer(_ line: Span<UInt8>) throws(ChunkError) {
    var index = ByteClass.skipToken(line, from: 0)
    guard index > 0, index < line.count, line[index] == UInt8(ascii: ":")
    else { throw .malformed }
    while index < line.count {
      index = ByteClass.skip(line, from: index &+ 1, until: 0x20)
      guard index == line.count || line[index] == UInt8(ascii: "\t") else { throw .malformed }
    }
  }
}

enum ChunkError: Error {
  /// Answered 400.
  case malformed
  /// Answered 413.
  case tooLarge
}
