// SPDX-License-Identifier: MIT
import Bytes

/// Reads an HTTP/1.1 request head as an origin behind a proxy must: what is ambiguous is refused
/// (RFC 9112 §2.2, §3, §5, §6).
struct RequestHeadParser {
  var maxHeadBytes = 32 * 1024
  var maxTargetBytes = 24 * 1024
  var maxFields = 100
  private static let maxEmptyLines = 4

  /// Parses the head that begins at `start`. False if it has not all arrived yet.
  func parse(
    _ bytes: Span<UInt8>, from start: Int, into head: inout RequestHead
  ) throws(HeadError) -> Bool {
    head.reset()
    let end = min(bytes.count, start &+ maxHeadBytes)
    var cursor = start
    // RFC 9112 §2.2: an empty line before the request line is to be ignored. A flood of them is not.
    while cursor < end, bytes[cursor] == UInt8(ascii: "\r") {
      guard cursor &+ 1 < end else { return false }
      guard bytes[cursor &+ 1] == UInt8(ascii: "\n"), cursor &- start < 2 * Self.maxEmptyLines
      else {
        throw .badRequest
      }
      cursor &+= 2
    }
    do throws(Stop) {
      cursor = try requestLine(bytes, cursor, end, &head)
      cursor = try fields(bytes, cursor, end, &head)
    } catch {
      switch error {
      case .refused(let why): throw why
      case .incomplete:
        if bytes.count &- start >= maxHeadBytes { throw .headTooLarge }
        return false
      }
    }
    head.end = cursor
    let path = pathRange(of: bytes.extracting(head.target))
    let offset = head.target.lowerBound
    head.path = offset &+ path.lowerBound..<offset &+ path.upperBound
    guard head.hasHost || head.isVersion10 else { throw .badRequest }
    return true
  }

  private enum Stop: Error {
    case incomplete
    case refused(HeadError)
  }

  // MARK: Request line

  private func requestLine(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ head: inout RequestHead
  ) throws(Stop) -> Int {
    var cursor = ByteClass.skipToken(bytes, from: start, to: end)
    // Looked at first, so that a long method is refused however the head arrives.
    guard cursor &- start <= 32 else { throw .refused(.badRequest) }
    guard cursor < end else { throw .incomplete }
    guard bytes[cursor] == UInt8(ascii: " "), cursor > start else { throw .refused(.badRequest) }
    head.method = method(bytes, start..<cursor)

    let target = cursor &+ 1
    cursor = ByteClass.skip(bytes, from: target, to: end, until: 0x21)
    guard cursor &- target <= maxTargetBytes else { throw .refused(.targetTooLong) }
    guard cursor < end else { throw .incomplete }
    guard bytes[cursor] == UInt8(ascii: " "), cursor > target else { throw .refused(.badRequest) }
    head.target = target..<cursor

    return try version(bytes, cursor &+ 1, end, &head)
  }

  private func method(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Method {
    var word: UInt64 = 0
    guard range.count <= 8 else { return .other }
    for index in range { word = word << 8 | UInt64(bytes[index]) }
    switch word {
    case 0x47_45_54: return .get
    case 0x50_4F_53_54: return .post
    case 0x48_45_41_44: return .head
    case 0x50_55_54: return .put
    case 0x50_41_54_43_48: return .patch
    case 0x44_45_4C_45_54_45: return .delete
    case 0x4F_50_54_49_4F_4E_53: return .options
    default: return .other
    }
  }

  private func version(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ head: inout RequestHead
  ) throws(Stop) -> Int {
    let expected: StaticString = "HTTP/1."
    for offset in 0..<7 {
      guard start &+ offset < end else { throw .incomplete }
      // In bounds: the string has seven bytes.
      guard unsafe bytes[start &+ offset] == expected.utf8Start[offset] else {
        throw .refused(offset == 5 ? .versionNotSupported : .badRequest)
      }
    }
    guard start &+ 10 <= end else { throw .incomplete }
    let minor = bytes[start &+ 7]
    guard minor == UInt8(ascii: "1") || minor == UInt8(ascii: "0") else {
      throw .refused(
        minor >= UInt8(ascii: "2") && minor <= UInt8(ascii: "9")
          ? .versionNotSupported : .badRequest)
    }
    guard bytes[start &+ 8] == UInt8(ascii: "\r"), bytes[start &+ 9] == UInt8(ascii: "\n") else {
      throw .refused(.badRequest)
    }
    head.isVersion10 = minor == UInt8(ascii: "0")
    return start &+ 10
  }

  // MARK: Fields

  private func fields(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ head: inout RequestHead
  ) throws(Stop) -> Int {
    var cursor = start
    while true {
      guard cursor < end else { throw .incomplete }
      if bytes[cursor] == UInt8(ascii: "\r") {
        guard cursor &+ 1 < end else { throw .incomplete }
        guard bytes[cursor &+ 1] == UInt8(ascii: "\n") else { throw .refused(.badRequest) }
        return cursor &+ 2
      }
      guard head.fields.count < maxFields else { throw .refused(.headTooLarge) }

      let name = cursor
      cursor = ByteClass.skipToken(bytes, from: name, to: end)
      guard cursor < end else { throw .incomplete }
      // A space before the colon, a folded line and an empty name are refused alike.
      guard bytes[cursor] == UInt8(ascii: ":"), cursor > name else { throw .refused(.badRequest) }
      let nameEnd = cursor

      var value = cursor &+ 1
      while value < end, isBlank(bytes[value]) { value &+= 1 }
      cursor = ByteClass.skip(bytes, from: value, to: end, until: 0x20)
      while cursor < end, bytes[cursor] == UInt8(ascii: "\t") {
        cursor = ByteClass.skip(bytes, from: cursor &+ 1, to: end, until: 0x20)
      }
      guard cursor &+ 1 < end else {
        if cursor < end, bytes[cursor] != UInt8(ascii: "\r") { throw .refused(.badRequest) }
        throw .incomplete
      }
      guard bytes[cursor] == UInt8(ascii: "\r"), bytes[cursor &+ 1] == UInt8(ascii: "\n") else {
        throw .refused(.badRequest)
      }
      var valueEnd = cursor
      while valueEnd > value, isBlank(bytes[valueEnd &- 1]) { valueEnd &-= 1 }
      let field = HeaderField(name: name..<nameEnd, value: value..<max(value, valueEnd))
      do throws(HeadError) {
        try checkFraming(bytes, field, &head)
      } catch {
        throw .refused(error)
      }
      head.fields.append(field)
      cursor &+= 2
    }
  }

  @inline(__always)
  private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  // MARK: Framing

  /// RFC 9112 §3.2 (Host) and §6 (body length), field by field, so that a bad one is refused before the
  /// rest has come. Whatever two programs could read differently is refused.
  private func checkFraming(
    _ bytes: Span<UInt8>, _ field: HeaderField, _ head: inout RequestHead
  ) throws(HeadError) {
    switch field.name.count {
    case 4 where ByteClass.equals(bytes, field.name, lowercase: "host"):
      // It becomes part of a hit's URL, so it must not hold what ends the authority there.
      guard !head.hasHost, ByteClass.isHost(bytes, field.value) else { throw .badRequest }
      head.hasHost = true
    case 6 where ByteClass.equals(bytes, field.name, lowercase: "expect"):
      guard ByteClass.equals(bytes, field.value, lowercase: "100-continue") else {
        throw .expectationFailed
      }
      head.expectsContinue = !head.isVersion10
    case 10 where ByteClass.equals(bytes, field.name, lowercase: "connection"):
      if lists(bytes, field.value, "close") { head.asksToClose = true }
      if lists(bytes, field.value, "keep-alive") { head.asksToKeep = true }
    case 14 where ByteClass.equals(bytes, field.name, lowercase: "content-length"):
      guard head.contentLength == nil, !head.isChunked, let length = decimal(bytes, field.value)
      else { throw .badRequest }
      head.contentLength = length
    case 17 where ByteClass.equals(bytes, field.name, lowercase: "transfer-encoding"):
      guard head.contentLength == nil, !head.isChunked, !head.isVersion10 else {
        throw .badRequest
      }
      guard ByteClass.equals(bytes, field.value, lowercase: "chunked") else {
        throw endsInChunked(bytes, field.value) ? .notImplemented : .badRequest
      }
      head.isChunked = true
    default: break
    }
  }

  /// A content length: digits only, at most 15 of them, so that it can't overflow.
  private func decimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard (1...15).contains(range.count) else { return nil }
    var number = 0
    for index in range {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      number = number &* 10 &+ Int(digit)
    }
    return number
  }

  /// Whether a comma-separated list has the element `word`.
  private func lists(_ bytes: Span<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
    var start = range.lowerBound
    while start < range.upperBound {
      var end = start
      while end < range.upperBound, bytes[end] != UInt8(ascii: ",") { end &+= 1 }
      var last = end
      while start < last, isBlank(bytes[start]) { start &+= 1 }
      while last > start, isBlank(bytes[last &- 1]) { last &-= 1 }
      if ByteClass.equals(bytes, start..<last, lowercase: word) { return true }
      start = end &+ 1
    }
    return false
  }

  /// A coding that we do not know, but whose framing is clear.
  private func endsInChunked(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard range.count > 8 else { return false }
    let tail = range.upperBound &- 7..<range.upperBound
    let before = bytes[tail.lowerBound &- 1]
    return ByteClass.equals(bytes, tail, lowercase: "chunked")
      && (isBlank(before) || before == UInt8(ascii: ","))
  }
}
