// SPDX-License-Identifier: MIT
import Foundation
import LocalCloud

/// The log entries of a file: one JSON object a line, or a JSON array of them, as
/// `gcloud logging read --format=json` prints.
enum EntryFile {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static func entries(_ path: String) throws -> [[UInt8]] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(description: "\(path) cannot be read.")
    }
    return try entries(in: Array(data), of: path)
  }

  /// The entries of a file's bytes; `path` is for what is said about them.
  static func entries(in bytes: [UInt8], of path: String) throws -> [[UInt8]] {
    if isUTF16(bytes) {
      throw Failure(
        description: "\(path) is UTF-16, as PowerShell's > writes it: make it UTF-8 first, e.g. "
          + "iconv -f UTF-16 -t UTF-8 FILE > NEW.")
    }
    var text = bytes[...]
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
    guard text.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "[") else {
      return LogSink.lines(Array(text))
    }
    do {
      return try JSON.parse(text).array?.map(\.bytes) ?? []
    } catch {
      // Several arrays, or lines that begin so: each line is an entry of its own, good or bad.
      let lines = LogSink.lines(Array(text))
      if lines.count > 1, lines.contains(where: { (try? JSON.parse($0))?.members != nil }) {
        return lines
      }
      let line = text.prefix(error.offset).count { $0 == 0x0A } + 1
      throw Failure(
        description: "\(path) begins as a JSON array and is none: \(error.problem) in line \(line)."
      )
    }
  }

  /// By its mark, or by the zero bytes that ASCII has in it.
  private static func isUTF16(_ bytes: [UInt8]) -> Bool {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
    let head = bytes.prefix(64)
    return head.count >= 4 && 2 * head.count(where: { $0 == 0 }) >= head.count - 1
  }
}
