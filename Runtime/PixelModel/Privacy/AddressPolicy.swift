// SPDX-License-Identifier: MIT
import Bytes

/// The part of a visitor's address that is kept.
public enum AddressPolicy: String, Sendable, CaseIterable {
  case keep
  /// Its network: IPv4 /24, IPv6 /48. A text that is not an address is not kept.
  case truncate
  case drop
}

extension ByteWriter {
  /// Appends the part of `address` that `policy` keeps; false if that is nothing.
  public mutating func append(address: Span<UInt8>, by policy: AddressPolicy) -> Bool {
    switch policy {
    case .drop: return false
    case .keep:
      append(address)
      return address.count > 0
    case .truncate:
      guard let network = AddressNetwork(address) else { return false }
      network.append(to: &self)
      return true
    }
  }
}

/// The network that an address belongs to, `192.0.2.0` or `2001:db8:1::`.
struct AddressNetwork {
  private enum Kind {
    case version4([UInt8])
    case version6([UInt16])
  }

  private let kind: Kind

  /// Reads an address with or without a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. An IPv4 address
  /// inside an IPv6 one, `::ffff:192.0.2.1` or `2002:c000:201::`, is that IPv4 address. Nil for anything else.
  init?(_ text: Span<UInt8>) {
    let range = text.addressWithoutPort(0..<text.count)
    if let bytes = Self.version4(text, range) {
      kind = .version4(bytes)
    } else if let groups = Self.version6(text, range) {
      kind = Self.embedded(in: groups).map { .version4($0) } ?? .version6(groups)
    } else {
      return nil
    }
  }

  func append(to writer: inout ByteWriter) {
    switch kind {
    case .version4(let bytes):
      for byte in bytes.prefix(3) {
        writer.append(decimal: Int(byte))
        writer.append(UInt8(ascii: "."))
      }
      writer.append(UInt8(ascii: "0"))
    case .version6(let groups):
      // RFC 5952 §4: no leading zeros, and the zeros at the end as `::`.
      var kept = groups.prefix(3)
      while kept.last == 0 { kept.removeLast() }
      for (index, group) in kept.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ":")) }
        writer.append(String(group, radix: 16))
      }
      writer.append("::" as StaticString)
    }
  }

  /// The IPv4 address of the client that is inside an IPv6 one: of 6to4 it stands in the first 48 bits,
  /// which would be kept. Nil if there is none.
  private static func embedded(in groups: [UInt16]) -> [UInt8]? {
    func bytes(_ high: UInt16, _ low: UInt16) -> [UInt8] {
      [high >> 8, high & 0xFF, low >> 8, low & 0xFF].map { UInt8($0) }
    }
    switch (groups[0], groups[1]) {
    // 6to4, RFC 3056.
    case (0x2002, _): return bytes(groups[1], groups[2])
    // Teredo, RFC 4380 §4: the client's address with all its bits turned.
    case (0x2001, 0): return bytes(~groups[6], ~groups[7])
    // NAT64, RFC 6052 §2.1.
    case (0x64, 0xFF9B) where groups[2..<6].allSatisfy({ $0 == 0 }):
      return bytes(groups[6], groups[7])
    case (0, 0) where groups[2] == 0 && groups[3] == 0:
      // IPv4-mapped and -translated, RFC 4291 §2.5.5 and RFC 2765 §2.1.
      let isMapped = groups[4] == 0 && groups[5] == 0xFFFF
      let isTranslated = groups[4] == 0xFFFF && groups[5] == 0
      // IPv4-compatible, which is deprecated. `::` and `::1` are not of this kind.
      let isCompatible = groups[4] == 0 && groups[5] == 0 && groups[6] != 0
      return isMapped || isTranslated || isCompatible ? bytes(groups[6], groups[7]) : nil
    default: return nil
    }
  }

  /// Four numbers from 0 to 255 without leading zeros.
  private static func version4(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var at = range.lowerBound
    while bytes.count < 4 {
      let end = text.firstIndex(of: UInt8(ascii: "."), in: at..<range.upperBound)
      guard 1...3 ~= end - at, text[at] != UInt8(ascii: "0") || end - at == 1 else { return nil }
      guard text[at].decimalDigit != nil, let number = text.decimal(at: at..<end),
        let byte = UInt8(exactly: number)
      else { return nil }
      bytes.append(byte)
      guard end < range.upperBound else { return bytes.count == 4 ? bytes : nil }
      at = end + 1
    }
    return nil
  }

  /// Eight groups of 16 bits (RFC 4291 §2.2); a zone (`%eth0`) is left out.
  private static func version6(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt16]? {
    let end = text.firstIndex(of: UInt8(ascii: "%"), in: range)
    var groups: [UInt16] = []
    var gap: Int?
    var at = range.lowerBound
    if end - at >= 2, text.equals("::", at: at..<(at + 2)) {
      gap = 0
      at += 2
    }
    while at < end {
      guard groups.count < 8 else { return nil }
      let stop = text.firstIndex(of: UInt8(ascii: ":"), in: at..<end)
      if stop == end, let last = version4(text, at..<end) {
        guard groups.count <= 6 else { return nil }
        groups += [UInt16(last[0]) << 8 | UInt16(last[1]), UInt16(last[2]) << 8 | UInt16(last[3])]
        break
      }
      guard let group = hexadecimal(text, at..<stop) else { return nil }
      groups.append(group)
      at = stop
      guard at < end else { break }
      at += 1
      guard at < end else { return nil }
      if text[at] == UInt8(ascii: ":") {
        guard gap == nil else { return nil }
        gap = groups.count
        at += 1
      }
    }
    guard let gap else { return groups.count == 8 ? groups : nil }
    guard groups.count < 8 else { return nil }
    groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap)
    return groups
  }

  private static func hexadecimal(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt16? {
    guard 1...4 ~= range.count else { return nil }
    var value: UInt16 = 0
    for index in range {
      guard let digit = text[index].hexDigit else { return nil }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}

extension Span where Element == UInt8 {
  /// The first address of a list with commas, which is what a proxy's log may have, without its port.
  public func firstAddress(_ range: Range<Int>) -> Range<Int> {
    var at = range.lowerBound
    while at < range.upperBound {
      let end = firstIndex(of: UInt8(ascii: ","), in: at..<range.upperBound)
      var (first, last) = (at, end)
      while first < last, self[first] <= 0x20 { first &+= 1 }
      while last > first, self[last &- 1] <= 0x20 { last &-= 1 }
      if first < last { return addressWithoutPort(first..<last) }
      at = end &+ 1
    }
    return range.upperBound..<range.upperBound
  }

  /// The address in `192.0.2.1:4711`, `[2001:db8::1]:4711`, or without a port, where IPv6 comes bare.
  public func addressWithoutPort(_ range: Range<Int>) -> Range<Int> {
    var colons = 0
    var colon = range.upperBound
    for at in range where self[at] == UInt8(ascii: ":") {
      if colons == 0 { colon = at }
      colons += 1
    }
    if !range.isEmpty, self[range.lowerBound] == UInt8(ascii: "[") {
      for at in range where self[at] == UInt8(ascii: "]") { return (range.lowerBound + 1)..<at }
    }
    return colons == 1 ? range.lowerBound..<colon : range
  }
}
