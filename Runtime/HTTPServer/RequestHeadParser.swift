// SPDX-License-Identifier: MIT
import Bytes

/// Reads an HTTP/1.1 request head as an origin behind a proxy must: ambiguous heads are refused (RFC 9112
/// §2.2, §3, §5, §6).
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
      let bytes = bytes.extracting(0..<end)
      cursor = try requestLine(bytes, cursor, &head)
      cursor = try fields(bytes, cursor, &head)
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

  /// `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3).
  private func requestLine(
    _ bytes: Span<UInt8>, _ start: Int, _ head: inout RequestHead
  ) throws(Stop) -> Int {
    let methodEnd = ByteClass.skipToken(bytes, from: start)
    // Looked at first, so that a long method is refused however the head arrives.
    guard methodEnd &- start <= 32 else { throw .refused(.badRequest) }
    try space(bytes, methodEnd, behind: start)
    head.method = method(bytes, start..<methodEnd)

    let target = methodEnd &+ 1
    let targetEnd = ByteClass.skip(bytes, from: target, until: 0x21)
    guard targetEnd &- target <= maxTargetBytes else { throw .refused(.targetTooLong) }
    try space(bytes, targetEnd, behind: target)
    head.target = target..<targetEnd

    return try version(bytes, targetEnd &+ 1, &head)
  }

  /// One space at `cursor`, behind something that is not empty.
  @inline(__always)
  private func space(_ bytes: Span<UInt8>, _ cursor: Int, behind start: Int) throws(Stop) {
    guard let byte = bytes.byteIfAny(at: cursor) else { throw .incomplete }
    guard byte == UInt8(ascii: " "), cursor > start else { throw .refused(.badRequest) }
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
    _ bytes: Span<UInt8>, _ start: Int, _ head: inout RequestHead
  ) throws(Stop) -> Int {
    let http11: UInt64 = 0x31_2E_31_2F_50_54_54_48
    if bytes.wordIfAny(at: start) == http11, bytes.pairIfAny(at: start &+ 8) == Self.lineEnd {
      return start &+ 10
    }
    // Another version, or not all of it yet, or something else.
    let expected: StaticString = "HTTP/1."
    for offset in 0..<7 {
      guard let byte = bytes.byteIfAny(at: start &+ offset) else { throw .incomplete }
      // In bounds: the string has seven bytes.
      guard unsafe byte == expected.utf8Start[offset] else {
        throw .refused(offset == 5 ? .versionNotSupported : .badRequest)
      }
    }
    guard start &+ 10 <= bytes.count else { throw .incomplete }
    let minor = bytes[start &+ 7]
    guard minor == UInt8(ascii: "1") || minor == UInt8(ascii: "0") else {
      throw .refused(
        minor >= UInt8(ascii: "2") && minor <= UInt8(ascii: "9")
          ? .versionNotSupported : .badRequest)
    }
    let end = try endOfLine(bytes, start &+ 8)
    head.isVersion10 = minor == UInt8(ascii: "0")
    return end
  }

  // MARK: Fields

  /// `*( field-line CRLF ) CRLF` (RFC 9112 §2.1).
  private func fields(
    _ bytes: Span<UInt8>, _ start: Int, _ head: inout RequestHead
  ) throws(Stop) -> Int {
    var cursor = start
    // Taken out, and filled a batch at a time: a single `append` would check each time whether the array is
    // shared.
    var fields: [HeaderField] = []
    swap(&fields, &head.fields)
    defer { swap(&fields, &head.fields) }
    var isComplete = false
    while !isComplete {
      let limit = maxFields &- fields.count
      try fields.append(addingCapacity: RequestHead.usualFields) {
        (batch: inout OutputSpan<HeaderField>) throws(Stop) in
        while !batch.isFull {
          guard let first = bytes.byteIfAny(at: cursor) else { throw .incomplete }
          if first == UInt8(ascii: "\r") {
            cursor = try endOfLine(bytes, cursor)
            isComplete = true
            return
          }
          guard batch.count < limit else { throw .refused(.headTooLarge) }
          let field = try fieldLine(bytes, &cursor)
          if mayFrame(field) { try checkFraming(bytes, field, &head) }
          batch.append(field)
        }
      }
    }
    return cursor
  }

  /// `field-name ":" OWS field-value OWS CRLF` (RFC 9112 §5).
  @inline(__always)
  private func fieldLine(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(Stop) -> HeaderField {
    let name = cursor
    let nameEnd = ByteClass.skipToken(bytes, from: name)
    guard let colon = bytes.byteIfAny(at: nameEnd) else { throw .incomplete }
    // A space before the colon, a folded line and an empty name are refused alike.
    guard colon == UInt8(ascii: ":"), nameEnd > name else { throw .refused(.badRequest) }

    var value = nameEnd &+ 1
    while let byte = bytes.byteIfAny(at: value), isBlank(byte) { value &+= 1 }
    var valueEnd = ByteClass.skip(bytes, from: value, until: 0x20)
    while bytes.byteIfAny(at: valueEnd) == UInt8(ascii: "\t") {
      valueEnd = ByteClass.skip(bytes, from: valueEnd &+ 1, until: 0x20)
    }
    cursor = try endOfLine(bytes, valueEnd)
    while valueEnd > value, isBlank(bytes[valueEnd &- 1]) { valueEnd &-= 1 }
    return HeaderField(name: name..<nameEnd, value: value..<valueEnd)
  }

  @inline(__always)
  private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  private static let lineEnd: UInt16 = 0x0A_0D

  /// The offset behind the CRLF at `cursor`. A lone CR or LF ends no line: not everybody takes it for one.
  @inline(__always)
  private func endOfLine(_ bytes: Span<UInt8>, _ cursor: Int) throws(Stop) -> Int {
    guard bytes.pairIfAny(at: cursor) == Self.lineEnd else { throw noEndOfLine(bytes, cursor) }
    return cursor &+ 2
  }

  private func noEndOfLine(_ bytes: Span<UInt8>, _ cursor: Int) -> Stop {
    guard let first = bytes.byteIfAny(at: cursor) else { return .incomplete }
    let isHalf = first == UInt8(ascii: "\r") && cursor &+ 1 == bytes.count
    return isHalf ? .incomplete : .refused(.badRequest)
  }

  // MARK: Framing

  /// Whether a field's name is as long as one of those that `checkFraming` knows: most are not.
  @inline(__always)
  private func mayFrame(_ field: HeaderField) -> Bool {
    switch field.name.count {
    case 4, 6, 10, 14, 17: true
    default: false
    }
  }

  /// RFC 9112 §3.2 (Host) and §6 (body length), field by field, so that a bad one is refused before the rest
  /// has come. A head that two programs could read differently is refused.
  private func checkFraming(
    _ bytes: Span<UInt8>, _ field: HeaderField, _ head: inout RequestHead
  ) throws(Stop) {
    switch field.name.count {
    case 4 where ByteClass.equals(bytes, field.name, lowercase: "host"):
      // It becomes part of a hit's URL, so it must not hold a character that ends the authority there.
      guard !head.hasHost, ByteClass.isHost(bytes, field.value) else {
        throw .refused(.badRequest)
      }
      head.hasHost = true
    case 6 where ByteClass.equals(bytes, field.name, lowercase: "expect"):
      guard ByteClass.equals(bytes, field.value, lowercase: "100-continue") else {
        throw .refused(.expectationFailed)
      }
      head.expectsContinue = !head.isVersion10
    case 10 where ByteClass.equals(bytes, field.name, lowercase: "connection"):
      if lists(bytes, field.value, "close") { head.asksToClose = true }
      if lists(bytes, field.value, "keep-alive") { head.asksToKeep = true }
    case 14 where ByteClass.equals(bytes, field.name, lowercase: "content-length"):
      guard head.contentLength == nil, !head.isChunked, let length = decimal(bytes, field.value)
      else { throw .refused(.badRequest) }
      head.contentLength = length
    case 17 where ByteClass.equals(bytes, field.name, lowercase: "transfer-encoding"):
      guard head.contentLength == nil, !head.isChunked, !head.isVersion10 else {
        throw .refused(.badRequest)
      }
      guard ByteClass.equals(bytes, field.value, lowercase: "chunked") else {
        throw .refused(endsInChunked(bytes, field.value) ? .notImplemented : .badRequest)
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
