// SPDX-License-Identifier: MIT
import Bytes

/// The body of one `tabledata.insertAll` under construction: rows for one table.
public struct InsertAllRequest {
  /// BigQuery refuses what is longer.
  public static let maxBytes = 10_485_760

  private var body: ByteWriter
  public private(set) var count = 0
  /// Shown by BigQuery's own traces: at most 36 characters.
  public let traceID: String

  /// - Parameters:
  ///   - suffix: `templateSuffix`: letters, digits and `_`; empty for the table itself.
  ///   - capacity: About how many bytes it will have.
  public init(suffix: String, capacity: Int = 16 * 1024) {
    body = ByteWriter(capacity: capacity)
    traceID = Self.newTraceID()
    body.append("{\"traceId\":\"")
    body.append(traceID)
    body.append("\",")
    if !suffix.isEmpty {
      body.append("\"templateSuffix\":")
      body.append(json: suffix)
      body.append(",")
    }
    body.append("\"rows\":[")
  }

  /// What one row adds beside its id and its JSON.
  public static let bytesPerRow = 32

  /// - Parameters:
  ///   - insertID: At most 128 characters.
  ///   - row: One JSON object, passed through as it is.
  public mutating func add(insertID: String, row: Span<UInt8>) {
    if count > 0 { body.append(UInt8(ascii: ",")) }
    body.append("{\"insertId\":")
    body.append(json: insertID)
    body.append(",\"json\":")
    body.append(row)
    body.append(UInt8(ascii: "}"))
    count += 1
  }

  public consuming func finish() -> [UInt8] {
    body.append("]}")
    return body.bytes
  }

  private static func newTraceID() -> String {
    var writer = ByteWriter(capacity: 32)
    for _ in 0..<4 {
      let word = UInt32.random(in: .min ... .max)
      for shift in [24, 16, 8, 0] { writer.append(hex: UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return writer.bytes.span.string
  }
}
