// SPDX-License-Identifier: MIT

extension ByteWriter {
  /// Appends RFC 3339 in UTC with nanoseconds: `2026-01-02T03:44:05.123456789Z`.
  public mutating func append(rfc3339 time: Timestamp) {
    bytes.append(addingCapacity: 30) { text in
      text.append(time.date, separator: UInt8(ascii: "-"))
      text.append(UInt8(ascii: "T"))
      text.append(time.timeOfDay, separator: UInt8(ascii: ":"))
      text.append(nanoseconds: time.nanoseconds)
      text.append(UInt8(ascii: "Z"))
    }
  }

  /// Appends the form that begins an event id: `20260102T034405.123456789Z`.
  public mutating func append(compact time: Timestamp) {
    bytes.append(addingCapacity: 26) { text in
      text.append(time.date)
      text.append(UInt8(ascii: "T"))
      text.append(time.timeOfDay)
      text.append(nanoseconds: time.nanoseconds)
      text.append(UInt8(ascii: "Z"))
    }
  }

  /// Appends the form that a TIMESTAMP column takes, in microseconds, the rest cut off:
  /// `2026-01-02T03:44:05.123456Z`.
  public mutating func append(bigQuery time: Timestamp) {
    bytes.append(addingCapacity: 27) { $0.append(bigQuery: time) }
  }

  /// Appends the same between quotes.
  public mutating func append(quoted time: Timestamp) {
    bytes.append(addingCapacity: 29) { text in
      text.append(UInt8(ascii: "\""))
      text.append(bigQuery: time)
      text.append(UInt8(ascii: "\""))
    }
  }

  /// Appends `2026-01-02`.
  public mutating func append(date: CalendarDate) {
    bytes.append(addingCapacity: 10) { $0.append(date, separator: UInt8(ascii: "-")) }
  }

  /// Appends `20260102`.
  public mutating func append(compactDate date: CalendarDate) {
    bytes.append(addingCapacity: 8) { $0.append(date) }
  }

  /// Appends `03:44:05`.
  public mutating func append(time: TimeOfDay) {
    bytes.append(addingCapacity: 8) { $0.append(time, separator: UInt8(ascii: ":")) }
  }

  /// Appends `.123456`, the finest that BigQuery keeps.
  public mutating func append(microsecondsOf nanoseconds: Int32) {
    bytes.append(addingCapacity: 7) { $0.append(microsecondsOf: nanoseconds) }
  }
}

/// The parts of a time, into room that was reserved for all of it: three times stand in each row.
extension OutputSpan<UInt8> {
  @inline(__always)
  fileprivate mutating func append(bigQuery time: Timestamp) {
    append(time.date, separator: UInt8(ascii: "-"))
    append(UInt8(ascii: "T"))
    append(time.timeOfDay, separator: UInt8(ascii: ":"))
    append(microsecondsOf: time.nanoseconds)
    append(UInt8(ascii: "Z"))
  }

  @inline(__always)
  fileprivate mutating func append(_ date: CalendarDate, separator: UInt8? = nil) {
    append(twoDigits: date.year / 100)
    append(twoDigits: date.year % 100)
    if let separator { append(separator) }
    append(twoDigits: date.month)
    if let separator { append(separator) }
    append(twoDigits: date.day)
  }

  @inline(__always)
  fileprivate mutating func append(_ time: TimeOfDay, separator: UInt8? = nil) {
    append(twoDigits: time.hour)
    if let separator { append(separator) }
    append(twoDigits: time.minute)
    if let separator { append(separator) }
    append(twoDigits: time.second)
  }

  @inline(__always)
  fileprivate mutating func append(microsecondsOf nanoseconds: Int32) {
    let microseconds = Int(nanoseconds) / 1000
    append(UInt8(ascii: "."))
    append(twoDigits: microseconds / 10_000)
    append(twoDigits: microseconds / 100 % 100)
    append(twoDigits: microseconds % 100)
  }

  @inline(__always)
  fileprivate mutating func append(nanoseconds: Int32) {
    append(microsecondsOf: nanoseconds)
    let rest = Int(nanoseconds) % 1000
    append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest / 100))
    append(twoDigits: rest % 100)
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
