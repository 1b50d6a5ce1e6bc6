// SPDX-License-Identifier: MIT
import Bytes

extension PubSubMessage {
  /// The same message with bytes of its own, good for as long as somebody has it.
  public func copied() -> PubSubMessage {
    var copy = self
    copy.buffer = buffer.copied()
    return copy
  }

  /// A copy of the message's data, decoded.
  public var bytes: [UInt8] {
    buffer.withSpan { $0.extracting(data).copied() }
  }

  /// The message's data as text; bad UTF-8 is repaired.
  public var text: String { buffer.withSpan { $0.string(data) } }

  /// All attributes by name. Of attributes that came as headers the names are in lower case.
  public var attributes: [String: String] {
    var table: [String: String] = [:]
    forEachAttribute { name, value in table[name.string] = value.string }
    return table
  }
}

extension CloudEvent {
  /// The same event with bytes of its own, good for as long as somebody has it.
  public func copied() -> CloudEvent {
    var copy = self
    copy.buffer = buffer.copied()
    return copy
  }

  /// A copy of the data; nil if there is none.
  public var bytes: [UInt8]? { withData { $0.copied() } }

  /// The data as text; bad UTF-8 is repaired. Nil if there is no data.
  public var text: String? { withData { $0.string } }
}

extension Buffer {
  fileprivate func copied() -> Buffer {
    let copy = Buffer(capacity: count)
    withSpan { copy.append($0) }
    return copy
  }
}

extension Span<UInt8> {
  fileprivate func copied() -> [UInt8] {
    [UInt8](capacity: count) { output in
      for index in indices { output.append(self[index]) }
    }
  }
}
