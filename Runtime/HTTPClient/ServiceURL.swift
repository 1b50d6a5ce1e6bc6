// SPDX-License-Identifier: MIT
/// Where a service is: scheme, host and port of an absolute `http` or `https` URL (RFC 3986 §3).
///
/// Stricter than the RFC: no user name, no empty host, and nothing that two readers could take apart in two
/// ways.
public struct ServiceURL: Equatable, Sendable {
  public enum Host: Equatable, Sendable {
    case name(String)
    case ipv4(UInt8, UInt8, UInt8, UInt8)
    /// Without its brackets.
    case ipv6(String)
  }

  public let isSecure: Bool
  public let host: Host
  public let port: UInt16
  /// Scheme, host and port as they stand in the URL.
  public let prefix: String
  /// What follows: empty, or from `/`, `?` or `#` on.
  public let rest: String

  /// Nil for anything else.
  public init?(_ url: String) {
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.forbidden.contains($0) }) else {
      return nil
    }
    if url.hasPrefix("https://") {
      isSecure = true
    } else if url.hasPrefix("http://") {
      isSecure = false
    } else {
      return nil
    }
    let behind = url.dropFirst(isSecure ? 8 : 7)
    let authority = behind.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    rest = String(behind[authority.endIndex...])
    prefix = String(url[..<authority.endIndex])
    guard let (host, port) = Self.split(authority), let known = Self.host(host) else { return nil }
    self.host = known
    guard let port else {
      self.port = isSecure ? 443 : 80
      return
    }
    guard !port.isEmpty, port.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let number = UInt16(port),
      number > 0
    else { return nil }
    self.port = number
  }

  /// The host with brackets around an IPv6 address, as URLs have it.
  public var hostText: String {
    switch host {
    case .name(let name): name
    case .ipv4(let a, let b, let c, let d): "\(a).\(b).\(c).\(d)"
    case .ipv6(let address): "[\(address)]"
    }
  }

  /// Whether it never leaves this machine.
  public var isLoopback: Bool {
    switch host {
    case .name(let name): name == "localhost"
    case .ipv4(let first, _, _, _): first == 127
    case .ipv6(let address): address == "::1"
    }
  }

  /// Whether secrets may travel there, and what is believed may come from there: over TLS, or not over a
  /// network at all.
  public var isTrusted: Bool { isSecure || isLoopback }

  /// Whether a path can be put behind it.
  public var isBase: Bool {
    rest.isEmpty || rest.hasPrefix("/") && !rest.utf8.contains { $0 == 0x3F || $0 == 0x23 }
  }

  // MARK: Taking it apart

  /// Quotes, brackets and the backslash: readers differ about them.
  private static let forbidden = Set("\"<>\\^`{|}".utf8)

  private static func split(_ authority: Substring) -> (host: Substring, port: Substring?)? {
    guard !authority.contains("@") else { return nil }
    let end: Substring.Index
    if authority.hasPrefix("[") {
      guard let bracket = authority.firstIndex(of: "]") else { return nil }
      end = authority.index(after: bracket)
    } else {
      end = authority.firstIndex(of: ":") ?? authority.endIndex
    }
    guard end < authority.endIndex else { return (authority, nil) }
    guard authority[end] == ":" else { return nil }
    return (authority[..<end], authority[authority.index(after: end)...])
  }

  private static func host(_ text: Substring) -> Host? {
    if text.hasPrefix("[") { return ipv6(text.dropFirst().dropLast()) }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    // What ends in a number is an address (WHATWG URL §3.5), and only one form of those is taken.
    if labels.last?.utf8.allSatisfy({ $0 &- 0x30 < 10 }) ?? true { return ipv4(labels) }
    guard text.utf8.count <= 253, !labels.contains(where: { !isLabel($0) }) else { return nil }
    return .name(text.lowercased())
  }

  private static func isLabel(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= 63 && text.first != "-" && text.last != "-"
      && text.utf8.allSatisfy {
        ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D || $0 == 0x5F
      }
  }

  private static func ipv4(_ labels: [Substring]) -> Host? {
    let numbers = labels.compactMap { label in
      label.utf8.count > 1 && label.first == "0" ? nil : UInt8(label)
    }
    guard labels.count == 4, numbers.count == 4 else { return nil }
    return .ipv4(numbers[0], numbers[1], numbers[2], numbers[3])
  }

  /// Eight groups of up to four hex digits, with `::` once for some of them (RFC 4291 §2.2).
  private static func ipv6(_ text: Substring) -> Host? {
    let address = text.lowercased()
    let bytes = Array(address.utf8)
    let gap = bytes.indices.dropLast().first { bytes[$0] == colon && bytes[$0 + 1] == colon }
    guard let gap else { return groups(bytes[...]) == 8 ? .ipv6(address) : nil }
    guard let left = groups(bytes[..<gap]), let right = groups(bytes[(gap + 2)...]) else {
      return nil
    }
    return left + right < 8 ? .ipv6(address) : nil
  }

  private static let colon = UInt8(ascii: ":")

  private static func groups(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard !bytes.isEmpty else { return 0 }
    let groups = bytes.split(separator: colon, omittingEmptySubsequences: false)
    let areGood = groups.allSatisfy { group in
      (1...4).contains(group.count) && group.allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x61 < 6 }
    }
    return areGood ? groups.count : nil
  }
}
