// SPDX-License-Identifier: MIT
import Bytes

@testable import PixelIngest

/// The body of a `POST` is parted into the same events wherever it begins, and each is where it lies.
struct BodyFuzzing: FuzzSubject {
  mutating func finding(in input: [UInt8]) -> String? {
    guard let pieces = Self.pieces(input) else {
      // More events than one body may have need as many bytes.
      return input.count > EventsBody.maximumEvents ? nil : "So few bytes are too many events."
    }
    guard Self.pieces(input) == pieces else { return "The same body is read differently." }
    guard !pieces.isEmpty, pieces.count <= EventsBody.maximumEvents else {
      return "There are \(pieces.count) events."
    }
    if let problem = Self.problem(with: pieces, in: input) { return problem }
    let before: [UInt8] = [0x20, 0x0A, 0x09]
    guard Self.pieces(before + input) == pieces.map({ $0.moved(by: before.count) }) else {
      return "White space before it makes a body another one."
    }
    return problemWithWhole(input, pieces)
  }

  private static func pieces(_ body: [UInt8]) -> [EventsBody.Piece]? {
    try? EventsBody(body.span).pieces
  }

  private static func problem(with pieces: [EventsBody.Piece], in input: [UInt8]) -> String? {
    var end = 0
    for case .object(let range) in pieces {
      guard range.lowerBound >= end, range.upperBound <= input.count, !range.isEmpty else {
        return "Events overlap, or have no bytes."
      }
      end = range.upperBound
      guard !input[range.lowerBound].isWhiteSpace else { return "An event begins with a space." }
    }
    return nil
  }

  /// What JSON as a whole is, is known without parting it.
  private func problemWithWhole(_ input: [UInt8], _ pieces: [EventsBody.Piece]) -> String? {
    var scanner = JSONScanner()
    let bytes = input.span
    guard let value = try? scanner.value(in: bytes), (try? scanner.finish(in: bytes)) != nil else {
      return nil
    }
    guard value.kind == .array else {
      // The last line may end with spaces.
      guard pieces.count == 1, case .object(let range) = pieces[0] else {
        return "One value is \(pieces.count) events."
      }
      let isWhole =
        range.lowerBound <= value.range.lowerBound && range.upperBound >= value.range.upperBound
      return isWhole ? nil : "An event is not whole."
    }
    var elements: [EventsBody.Piece] = []
    var list = JSONScanner()
    guard (try? list.enterArray(in: bytes)) != nil else { return "An array is none." }
    while (try? list.nextElement(in: bytes)) == true, let element = try? list.value(in: bytes) {
      elements.append(element.kind == .object ? .object(element.range) : .problem(.notAnObject))
    }
    return pieces == (elements.isEmpty ? [.problem(.empty)] : elements)
      ? nil : "The events are not the elements."
  }
}

extension EventsBody.Piece {
  fileprivate func moved(by distance: Int) -> Self {
    guard case .object(let range) = self else { return self }
    return .object(range.lowerBound + distance..<range.upperBound + distance)
  }
}
