// SPDX-License-Identifier: MIT
import Bytes

/// The identity of an event, which comes from its log entry and never from the message around it, so
/// that an entry that is delivered twice has one id.
///
/// - Usually the entry's time and `insertId`: `20260102T034405.123456789Z-jnfpf3ixj8hcc`.
/// - If the `insertId` has other characters than `A–Z a–z 0–9 . _ -`, or more than 100 of them:
///   the SHA-256, in 64 hex digits, of those same bytes: the 26 of the time, `-`, and the
///   `insertId`'s text in UTF-8. The time has a fixed length, so two pairs never give the same bytes.
/// - If there is no `insertId`: the time, `-`, and the SHA-256 of the whole entry as it came.
///
/// At most 127 bytes, so it also fits BigQuery's `insertId`, which takes 128.
public enum EventID {
  /// The most characters of an `insertId` that are used as they are.
  public static let maximumInsertIDLength = 100
}

extension ByteWriter {
  /// Appends the id of the entry that has this time and `insertId`, which must not be empty.
  public mutating func append(eventIDAt time: Timestamp, insertID: Span<UInt8>) {
    let start = count
    append(compact: time)
    append(UInt8(ascii: "-"))
    append(insertID)
    guard !EventID.isPlain(insertID) else { return }
    let digest = SHA256.digest(bytes.span.extracting(start..<count))
    bytes.removeSubrange(start...)
    append(hex: digest.span)
  }

  /// Appends the id of the entry that has this time and no `insertId`.
  public mutating func append(eventIDAt time: Timestamp, entry: Span<UInt8>) {
    append(compact: time)
    append(UInt8(ascii: "-"))
    append(sha256Of: entry)
  }
}

extension EventID {
  static func isPlain(_ insertID: Span<UInt8>) -> Bool {
    guard insertID.count <= maximumInsertIDLength else { return false }
    for index in insertID.indices {
      switch insertID[index] {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        continue
      default: return false
      }
    }
    return true
  }
}
