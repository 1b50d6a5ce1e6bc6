// SPDX-License-Identifier: MIT
import Bytes
import Settings

/// What is done about privacy before anything is stored. PixelIngest applies it to what it publishes, and
/// LogParse to what it reads from request logs, which know a URL but not its headers.
public struct PrivacyPolicy: Sendable {
  /// What a signal means.
  public enum Signals: String, Sendable, CaseIterable {
    /// The event is kept without its personal columns.
    case honor
    /// Nothing is kept but a count.
    case drop
    case ignore
  }

  public let signals: Signals
  public let addresses: AddressPolicy
  public let personal: PersonalColumns
  private let consentParameter: [UInt8]

  public init(
    signals: Signals = .honor, addresses: AddressPolicy = .keep,
    personal: PersonalColumns = .standard, consentParameter: String = "consent"
  ) {
    self.signals = signals
    self.addresses = addresses
    self.personal = personal
    self.consentParameter = Array(consentParameter.utf8)
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

  /// What the parameters in `query`, a part of `url`, say about privacy; nil if nothing, or if signals are
  /// ignored.
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

  /// The first two bytes tell for nearly all parameters that they are none of the two.
  @inline(__always)
  private func mayMatter(_ range: Range<Int>, of url: Span<UInt8>) -> Bool {
    guard let first = range.first else { return false }
    let (byte, percent) = (url[first], UInt8(ascii: "%"))
    if byte == percent { return true }
    if byte == UInt8(ascii: "g"), range.count > 1 {
      let second = url[first &+ 1]
      if second == UInt8(ascii: "p") || second == percent { return true }
    }
    guard byte == consentParameter.first else { return false }
    guard consentParameter.count > 1, range.count > 1 else { return true }
    let second = url[first &+ 1]
    return second == consentParameter[1] || second == percent
  }

  private func signal(inParameter range: Range<Int>, of url: Span<UInt8>) -> PrivacySignal? {
    var query = QueryString(range)
    guard let parameter = query.next(in: url) else { return nil }
    var text = ByteWriter()
    if parameter.nameIsEncoded { text.append(formDecoding: url, parameter.name) }
    let decoded = text.bytes
    let isGPC =
      parameter.nameIsEncoded ? decoded.span.equals("gpc") : url.equals("gpc", at: parameter.name)
    let isConsent =
      parameter.nameIsEncoded
      ? decoded == consentParameter : url.equals(consentParameter.span, at: parameter.name)
    guard isGPC || isConsent else { return nil }
    text.removeAll()
    text.append(formDecoding: url, parameter.value)
    let value = text.bytes.span
    if isGPC { return value.equals("1") || value.isWord("true") ? .gpc : nil }
    let isNo =
      value.equals("0") || value.isWord("no") || value.isWord("false") || value.isWord("denied")
    return isNo ? .consent : nil
  }
}

extension Span where Element == UInt8 {
  /// Whether the text is `word`, which is in lower-case letters, in any letter case.
  fileprivate func isWord(_ word: StaticString) -> Bool {
    word.withSpan { word in
      guard count == word.count else { return false }
      for index in indices where self[index] | 0x20 != word[index] { return false }
      return true
    }
  }
}
