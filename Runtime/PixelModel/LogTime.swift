// SPDX-License-Identifier: MIT
import Bytes

extension LogEntry {
  /// When the request came: `timestamp`, or `receiveTimestamp` if the first cannot be read.
  ///
  /// Everything that identifies an entry takes its time from here, so that no two parts of the pipeline
  /// read the same entry differently.
  public func time(in bytes: Span<UInt8>) -> Timestamp? {
    Timestamp(logTime: timestamp, in: bytes) ?? Timestamp(logTime: receiveTimestamp, in: bytes)
  }
}

extension Timestamp {
  /// Reads a time of a log entry: RFC 3339, as Cloud Logging writes it, or BigQuery's text of a TIMESTAMP
  /// (`2026-01-02 03:44:05.123456 UTC`, `…+00`, or without a zone, which is UTC), which is in entries that
  /// come from Log Analytics or a dataset.
  public init?(logTime string: JSONString?, in bytes: Span<UInt8>) {
    guard let string else { return nil }
    guard string.hasEscapes else {
      self.init(logTime: bytes, string.range)
      return
    }
    let text = string.text(in: bytes)
    self.init(logTime: text.span, 0..<text.count)
  }

  private init?(logTime bytes: Span<UInt8>, _ range: Range<Int>) {
    // Nearly every entry's.
    if let time = Timestamp(rfc3339: bytes, range) {
      self = time
      return
    }
    var text = TimeScanner(range)
    guard let date = text.date(in: bytes),
      text.take(UInt8(ascii: " "), in: bytes) || text.take(UInt8(ascii: "T"), in: bytes),
      let time = text.time(in: bytes, secondsRequired: true),
      let offset = text.zone(in: bytes), text.isAtEnd
    else { return nil }
    self.init(date, time, offsetMinutes: offset)
  }
}
