// SPDX-License-Identifier: MIT
import Bytes
import Settings

/// The privacy rules that apply before anything is stored. PixelIngest applies them to the hits that it
/// publishes, and LogParse to entries of request logs, which have a URL but no headers.
public struct PrivacyPolicy: Sendable {
  /// The effect of a signal.
  public enum Signals: String, Sendable, CaseIterable {
    /// The event is kept without its personal columns.
    case honor
    /// The event is dropped and only counted.
    case drop
    case ignore
  }

  public let signals: Signals
  public let addresses: AddressPolicy
  public let personal: PersonalColumns
  /// In lower case.
  private let consentParameter: [UInt8]
  /// The name of the parameter that says no.
  public var consentName: String { String(decoding: consentParameter, as: UTF8.self) }
  /// The bytes that the name of one of the two parameters may begin with, as it is written in a URL: a bit for each,
  /// at its `place`.
  private let beginnings: UInt64

  public init(
    signals: Signals = .honor, addresses: AddressPolicy = .keep,
    personal: PersonalColumns = .standard, consentParameter: String = "consent"
  ) {
    self.signals = signals
    self.addresses = addresses
    self.personal = personal
    self.consentParameter = Array(consentParameter.lowercased().utf8)
    beginnings =
      " +%\t\n\rgGaA\(consentParameter.prefix(1).lowercased())\(consentParameter.prefix(1).uppercased())"
      .utf8.reduce(0) { $0 | 1 << Self.place(of: $1) }
  }

  /// Reads `PRIVACY_SIGNALS`, `CONSENT_PARAMETER`, `PRIVACY_LIST` and `IP_POLICY`.
  public init(_ reader: inout SettingsReader) {
    let signals = reader.choice(
      "PRIVACY_SIGNALS", default: Signals.honor,
      "GPC, DNT or no consent. honor: personal columns are emptied; drop: only a count is kept; ignore"
    )
    let consent = reader.text(
      "CONSENT_PARAMETER", default: "consent",
      "parameter that says no with 0, no, false or denied")
    if !consent.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"%&+=#".utf8.contains($0) }) {
      reader.fail(
        SettingsError("CONSENT_PARAMETER is '\(consent)': allowed are letters, digits, - . _"))
    }
    self.init(
      signals: signals,
      addresses: reader.choice(
        "IP_POLICY", default: AddressPolicy.keep,
        "the visitor's address. keep; truncate: IPv4 to /24, IPv6 to /48; drop"),
      personal: .read(&reader), consentParameter: consent)
  }

  /// The privacy signal among the parameters in `query`, a part of `url`; nil without a signal, or if signals
  /// are ignored.
  ///
  /// `gpc` and the consent parameter are heard in any letter case, with white space around name and value,
  /// behind an ampersand that was escaped once too often (`amp;consent=0`), and in parts: `consent[]=0`,
  /// `consent[0]=0`, `consent.ads=no`.
  public func signal(in url: Span<UInt8>, query: Range<Int>) -> PrivacySignal? {
    guard signals != .ignore else { return nil }
    var found: PrivacySignal?
    var at = query.lowerBound
    var ampersands = PlaceFinder(UInt8(ascii: "&"))
    while at < query.upperBound {
      let end = ampersands.next(from: at, to: query.upperBound, in: url)
      if mayMatter(at..<end, of: url) {
        switch signal(inParameter: at..<end, of: url) {
        case .gpc: return .gpc
        case .some(let signal): found = signal
        case nil: break
        }
      }
      at = end &+ 1
    }
    return found
  }

  /// The first two bytes rule out nearly all parameters.
  @inline(__always)
  private func mayMatter(_ range: Range<Int>, of url: Span<UInt8>) -> Bool {
    guard let first = range.first, range.count > 1, url[first] < 0x80 else { return false }
    guard beginnings &>> Self.place(of: url[first]) & 1 != 0 else { return false }
    return mayMatter(url[first] | 0x20, before: url[first &+ 1] | 0x20)
  }

  /// One of 64 places, the same for both cases of a letter. Some other bytes share one, too.
  @inline(__always)
  private static func place(of byte: UInt8) -> UInt64 { UInt64(byte &>> 1 & 0x20 | byte & 0x1F) }

  /// Both in lower case; a `%` hides what it encodes.
  private func mayMatter(_ first: UInt8, before second: UInt8) -> Bool {
    if second == UInt8(ascii: "%") { return true }
    if first == UInt8(ascii: "g"), second == UInt8(ascii: "p") { return true }
    if first == UInt8(ascii: "a"), second == UInt8(ascii: "m") { return true }
    if first == consentParameter.first {
      return consentParameter.count == 1 || second == consentParameter[1]
    }
    // White space or something encoded.
    return first < UInt8(ascii: "0")
  }

  private func signal(inParameter range: Range<Int>, of url: Span<UInt8>) -> PrivacySignal? {
    var query = QueryString(range)
    guard var parameter = query.next(in: url) else { return nil }
    parameter = parameter.withoutEscapedAmpersand(in: url) ?? parameter
    guard let name = whichParameter(parameter, in: url) else { return nil }
    var text = ByteWriter()
    text.append(formDecoding: url, parameter.value)
    let bytes = text.bytes.span
    let value = bytes.extracting(bytes.withoutWhiteSpace(0..<bytes.count))
    switch name {
    case .gpc: return value.equals("1") || value.isWord("true") ? .gpc : nil
    default:
      let isNo =
        value.equals("0") || value.isWord("no") || value.isWord("false") || value.isWord("denied")
      return isNo ? .consent : nil
    }
  }

  /// Which of the two parameters it is, whole or a part of it; nil if neither.
  private func whichParameter(
    _ parameter: QueryParameter, in url: Span<UInt8>
  ) -> PrivacySignal? {
    guard parameter.nameIsEncoded else { return whichParameter(url, parameter.name) }
    var text = ByteWriter()
    text.append(formDecoding: url, parameter.name)
    return whichParameter(text.bytes.span, 0..<text.count)
  }

  private func whichParameter(_ text: Span<UInt8>, _ range: Range<Int>) -> PrivacySignal? {
    let name = text.extracting(text.withoutWhiteSpace(range))
    if name.isWhole(ofName: "gpc") { return .gpc }
    return name.isWhole(ofName: consentParameter.span) ? .consent : nil
  }
}
