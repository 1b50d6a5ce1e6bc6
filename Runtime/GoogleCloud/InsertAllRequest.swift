// SPDX-License-Identifier: MIT
import Bytes
import EventLoop

/// The body of one `tabledata.insertAll` under construction: rows for one table.
public struct InsertAllRequest {
  /// BigQuery refuses a longer request.
  public static let maxBytes = 10_485_760

  private var writer: ByteWriter
  public private(set) var count = 0
  /// Shown by BigQuery's own traces: at most 36 characters.
  public let traceID: String

  /// - Parameters:
  ///   - suffix: `templateSuffix`: letters, digits and `_`; empty for the table itself.
  ///   - capacity: About how many bytes it will have.
  public init(suffix: String, capacity: Int = 16 * 1024) {
    writer = ByteWriter(capacity: capacity)
    traceID = Self.newTraceID()
    writer.append("{\"traceId\":\"")
    writer.append(traceID)
    writer.append("\",")
    if !suffix.isEmpty {
      writer.append("\"templateSuffix\":")
      writer.append(json: suffix)
      writer.append(",")
    }
    writer.append("\"rows\":[")
  }

  /// The bytes that one row adds beside its id and its JSON.
  public static let bytesPerRow = 32

  /// - Parameters:
  ///   - insertID: At most 128 bytes.
  ///   - row: One JSON object, passed through as it is.
  public mutating func add(insertID: Span<UInt8>, row: Span<UInt8>) {
    if count > 0 { writer.append(UInt8(ascii: ",")) }
    writer.append("{\"insertId\":")
    writer.append(json: insertID)
    writer.append(",\"json\":")
    writer.append(row)
    writer.append(UInt8(ascii: "}"))
    count += 1
  }

  /// Ends the request; no row is added any more.
  public mutating func close() { writer.append("]}") }

  /// The whole body, once it is closed.
  public var body: [UInt8] { writer.bytes }

  private static func newTraceID() -> String {
    var random = [UInt8](repeating: 0, count: 16)
    fillRandom(&random)
    var writer = ByteWriter(capacity: 32)
    for byte in random { writer.append(hex: byte) }
    return writer.bytes.span.string
  }
}
