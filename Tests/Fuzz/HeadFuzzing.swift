// SPDX-License-Identifier: MIT
import Bytes

@testable import HTTPServer

/// A request head means the same however it arrives and wherever it begins.
struct HeadFuzzing: FuzzSubject {
  /// Small limits, so that inputs reach them.
  private let parser = RequestHeadParser(maxHeadBytes: 2048, maxTargetBytes: 512, maxFields: 16)

  private enum Verdict: Equatable {
    case incomplete
    case refused(HeadError)
    /// Everything that the head says, with its offsets from where it began.
    case head(end: Int, says: String)
  }

  mutating func finding(in input: [UInt8]) -> String? {
    var head = RequestHead()
    let whole = verdict(input, from: 0, &head)
    if case .head = whole, let problem = problem(with: head, in: input) { return problem }

    let before = Array("POST /before HTTP/1.1\r\n".utf8)
    guard verdict(before + input, from: before.count, &head) == whole else {
      return "A head is read differently behind other bytes."
    }
    for cut in input.cuts {
      let part = verdict(Array(input[..<cut]), from: 0, &head)
      switch (part, whole) {
      case (.incomplete, .head(let end, _)) where cut < end: continue
      case (.incomplete, .refused), (.incomplete, .incomplete): continue
      case _ where part == whole: continue
      default: return "The first \(cut) bytes are \(part), all are \(whole)."
      }
    }
    return nil
  }

  private func verdict(_ bytes: [UInt8], from start: Int, _ head: inout RequestHead) -> Verdict {
    do throws(HeadError) {
      guard try parser.parse(bytes.span, from: start, into: &head) else { return .incomplete }
    } catch {
      return .refused(error)
    }
    func at(_ range: Range<Int>) -> String {
      "\(range.lowerBound - start)-\(range.upperBound - start)"
    }
    let fields = head.fields.map { "\(at($0.name)):\(at($0.value))" }.joined(separator: ",")
    let says = """
      \(head.method) \(at(head.target)) \(at(head.path)) \(fields) \
      length=\(head.contentLength ?? -1) chunked=\(head.isChunked) 1.0=\(head.isVersion10) \
      host=\(head.hasHost) keep=\(head.keepAlive) continue=\(head.expectsContinue)
      """
    return .head(end: head.end - start, says: says)
  }

  private func problem(with head: RequestHead, in input: [UInt8]) -> String? {
    guard head.end <= input.count, head.target.upperBound < head.end, !head.target.isEmpty,
      head.path.lowerBound >= head.target.lowerBound,
      head.path.upperBound <= head.target.upperBound
    else { return "A part of the head is not where it can be." }
    if head.isChunked, head.contentLength != nil { return "The body has two lengths." }
    if !head.hasHost, !head.isVersion10 { return "There is no host." }
    guard input[head.target].allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
      return "The target has a space or a control character."
    }
    var last = head.target.upperBound
    for field in head.fields {
      guard field.name.lowerBound > last, field.value.lowerBound > field.name.upperBound,
        field.value.upperBound < head.end
      else { return "Fields overlap." }
      last = field.value.upperBound
      guard !field.name.isEmpty, input[field.name].allSatisfy(Self.isToken) else {
        return "A field's name is no token."
      }
      guard input[field.value].allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7f }) else {
        return "A field's value has a control character."
      }
    }
    return nil
  }

  /// `tchar` of RFC 9110 §5.6.2, written down apart from the parser's own table.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
