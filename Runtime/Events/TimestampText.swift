// SPDX-License-Identifier: MIT
import Bytes

extension ByteWriter {
  /// Appends RFC 3339 in UTC with nanoseconds: `2026-01-02T03:44:05.123456789Z`.
  public mutating func append(rfc3339 time: Timestamp) {
    append(date: time.date)
    append(UInt8(ascii: "T"))
    append(time: time.timeOfDay)
    append(UInt8(ascii: "."))
    append(decimal: UInt64(time.nanoseconds), digits: 9)
    append(UInt8(ascii: "Z"))
  }

  /// Appends the form that begins an event id: `20260102T034405.123456789Z`.
  public mutating func append(compact time: Timestamp) {
    append(compactDate: time.date)
    append(UInt8(ascii: "T"))
    let clock = time.timeOfDay
    append(decimal: UInt64(clock.hour * 10_000 + clock.minute * 100 + clock.second), digits: 6)
    append(UInt8(ascii: "."))
    append(decimal: UInt64(time.nanoseconds), digits: 9)
    append(UInt8(ascii: "Z"))
  }

  /// Appends what a TIMESTAMP column takes, microseconds, the rest cut off:
  /// `2026-01-02T03:44:05.123456Z`.
  public mutating func append(bigQuery time: Timestamp) {
    append(date: time.date)
    append(UInt8(ascii: "T"))
    append(time: time.timeOfDay)
    append(microsecondsOf: time.nanoseconds)
    append(UInt8(ascii: "Z"))
  }

  /// Appends `2026-01-02`.
  public mutating func append(date: CalendarDate) {
    append(decimal: UInt64(date.year), digits: 4)
    append(UInt8(ascii: "-"))
    append(decimal: UInt64(date.month), digits: 2)
    append(UInt8(ascii: "-"))
    append(decimal: UInt64(date.day), digits: 2)
  }

  /// Appends `20260102`.
  public mutating func append(compactDate date: CalendarDate) {
    append(decimal: UInt64(date.year * 10_000 + date.month * 100 + date.day), digits: 8)
  }

  /// Appends `03:44:05`.
  public mutating func append(time: TimeOfDay) {
    append(decimal: UInt64(time.hour), digits: 2)
    append(UInt8(ascii: ":"))
    append(decimal: UInt64(time.minute), digits: 2)
    append(UInt8(ascii: ":"))
    append(decimal: UInt64(time.second), digits: 2)
  }

  /// Appends `.123456`, the finest that BigQuery keeps.
  public mutating func append(microsecondsOf nanoseconds: Int32) {
    append(UInt8(ascii: "."))
    append(decimal: UInt64(nanoseconds / 1000), digits: 6)
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with nanoseconds.
  public var description: String {
    var writer = ByteWriter(capacity: 30)
    writer.append(rfc3339: self)
    return writer.bytes.span.string
  }
}
