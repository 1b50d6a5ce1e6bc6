// SPDX-License-Identifier: MIT
import Bytes

@testable import HTTPServer

/// A chunked body is the same however it arrives, and any bytes can be sent as one.
struct ChunkedFuzzing: FuzzSubject {
  /// Small, so that inputs reach it.
  private let limit = 1500

  private enum Verdict: Equatable {
    case needMore(soFar: [UInt8])
    case refused(ChunkError)
    case complete(body: [UInt8], rest: [UInt8])
  }

  mutating func finding(in input: [UInt8]) -> String? {
    let whole = verdict([input[...]])
    for cut in input.cuts {
      let parts = verdict([input[..<cut], input[cut...]])
      if parts != whole { return "Cut at \(cut) the body is \(parts), else \(whole)." }
    }
    let bytewise = verdict(input.indices.map { input[$0...$0] })
    if bytewise != whole { return "Byte by byte the body is \(bytewise), else \(whole)." }

    guard input.count <= limit else { return nil }
    let encoded = encode(input)
    guard verdict([encoded[...]]) == .complete(body: input, rest: Array("GET".utf8)) else {
      return "What was sent in chunks is not what is read."
    }
    return nil
  }

  private func verdict(_ pieces: [ArraySlice<UInt8>]) -> Verdict {
    let buffer = Buffer(capacity: 64)
    let start = 3
    buffer.append("old")
    var chunks = ChunkedBody(start: start)
    var isComplete = false
    for piece in pieces {
      let bytes = Array(piece)
      buffer.append(bytes.span)
      guard !isComplete else { continue }
      do throws(ChunkError) {
        isComplete = try chunks.advance(buffer, limit: limit) == .complete
      } catch {
        return .refused(error)
      }
      precondition(chunks.body.lowerBound == start && chunks.body.upperBound <= chunks.cursor)
    }
    precondition(buffer.bytes(0..<start) == Array("old".utf8))
    let body = buffer.bytes(chunks.body)
    guard isComplete else { return .needMore(soFar: body) }
    return .complete(body: body, rest: buffer.bytes(chunks.cursor..<buffer.count))
  }

  /// In chunks as long as the bytes themselves say, and with something behind it.
  private func encode(_ body: [UInt8]) -> [UInt8] {
    var encoded: [UInt8] = []
    var rest = body[...]
    while let first = rest.first {
      let chunk = rest.prefix(Int(first) + 1)
      encoded += Array("\(String(chunk.count, radix: 16));n=v\r\n".utf8) + chunk + [13, 10]
      rest = rest.dropFirst(chunk.count)
    }
    return encoded + Array("0\r\nX: y\r\n\r\nGET".utf8)
  }
}
