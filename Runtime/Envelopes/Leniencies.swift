// SPDX-License-Identifier: MIT

/// Mistakes against CloudEvents 1.0.2 whose meaning is clear. Each is counted under its name.
public struct Leniencies: OptionSet, Sendable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// UTF-8 in a header without percent-encoding, as the Go and Java SDKs send it.
  public static let rawUTF8 = Leniencies(rawValue: 1 << 0)
  /// A space in a header without percent-encoding or quotes, as the Go SDK sends it.
  public static let rawSpace = Leniencies(rawValue: 1 << 1)
  /// A `%` in a header that begins no escape: it stays.
  public static let barePercent = Leniencies(rawValue: 1 << 2)
  /// `True` or `False` in a header, as the Python SDK sends them.
  public static let capitalBoolean = Leniencies(rawValue: 1 << 3)
  /// An empty header for an optional attribute: it counts as not sent.
  public static let emptyAttribute = Leniencies(rawValue: 1 << 4)
  /// A `ce-` header whose name is not a valid attribute name: it is left out.
  public static let extensionName = Leniencies(rawValue: 1 << 5)
  /// A `ce-datacontenttype` header: `Content-Type` says it.
  public static let dataContentTypeHeader = Leniencies(rawValue: 1 << 6)
  /// `"data":null` beside a media type that is not JSON: it counts as no data.
  public static let nullData = Leniencies(rawValue: 1 << 7)

  private static let all: [(Leniencies, String)] = [
    (.rawUTF8, "leniency_raw_utf8"), (.rawSpace, "leniency_raw_space"),
    (.barePercent, "leniency_bare_percent"), (.capitalBoolean, "leniency_capital_boolean"),
    (.emptyAttribute, "leniency_empty_attribute"), (.extensionName, "leniency_extension_name"),
    (.dataContentTypeHeader, "leniency_datacontenttype_header"), (.nullData, "leniency_null_data"),
  ]

  /// The names under which they are counted.
  public var names: [String] { Self.all.filter { contains($0.0) }.map(\.1) }
}
