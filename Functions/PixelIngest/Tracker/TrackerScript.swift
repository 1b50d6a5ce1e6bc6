// SPDX-License-Identifier: MIT

/// `p.js` as pages load it: without comments and spaces, a letter for each name that the file lists, and this
/// collector's own names in its last line.
struct TrackerScript {
  /// The beginning of the comments that list the names that may be shortened.
  private static let list = "// Shortened when served: "

  private(set) var bytes: [UInt8] = []
  private var letters: [[UInt8]: [UInt8]] = [:]

  /// - Parameter arguments: Those of the last line, in its order.
  init(source: [UInt8], arguments: [String]) {
    var lines = source.split(separator: 0x0A).map { $0.drop { $0 == 0x20 } }
    let listed = lines.filter { $0.starts(with: Self.list.utf8) }
      .flatMap { $0.dropFirst(Self.list.utf8.count).split(separator: 0x20).map(Array.init) }
    lines.removeAll { $0.isEmpty || $0.starts(with: "//".utf8) }
    let quoted = arguments.map { "'\(Self.escaped($0))'" }.joined(separator: ",")
    if lines.last?.starts(with: "})(".utf8) ?? false {
      lines[lines.count - 1] = [] + "})(\(quoted));".utf8
    }
    name(listed, unlike: lines)
    bytes.reserveCapacity(source.count)
    shorten(Array(lines.joined(separator: [0x0A])))
    bytes.append(0x0A)
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      if character == "\\" || character == "'" { escaped.append("\\") }
      escaped.append(character)
    }
  }

  /// Finds for each name the shortest one that the source does not have.
  private mutating func name(_ listed: [[UInt8]], unlike lines: [ArraySlice<UInt8>]) {
    var taken: Set<[UInt8]> = []
    for line in lines {
      taken.formUnion(
        line.split { !$0.isWordCharacter }.lazy.filter { $0.count < 3 }.map(Array.init))
    }
    let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$_".utf8)
    let pairs = alphabet.lazy.flatMap { first in alphabet.lazy.map { [first, $0] } }
    var free = (alphabet.map { [$0] } + pairs.prefix(listed.count + taken.count))
      .filter { !taken.contains($0) && $0 != Array("do".utf8) }[...]
    for name in listed where letters[name] == nil { letters[name] = free.popFirst() }
  }

  /// A name behind a dot is a property, one in quotes is text; whitespace counts between two words only.
  private mutating func shorten(_ text: [UInt8]) {
    var at = 0
    var quote: UInt8?
    while at < text.count {
      let byte = text[at]
      var end = at + 1
      if quote != nil || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        bytes.append(byte)
        quote = quote == nil ? byte : quote == byte ? nil : quote
      } else if byte == 0x20 || byte == 0x0A {
        let isNeeded =
          bytes.last?.isWordCharacter ?? false && end < text.count && text[end].isWordCharacter
        if isNeeded { bytes.append(0x20) }
      } else if byte.isWordCharacter {
        while end < text.count, text[end].isWordCharacter { end += 1 }
        let word = Array(text[at..<end])
        let isProperty =
          bytes.last == UInt8(ascii: ".") && !bytes.suffix(3).elementsEqual("...".utf8)
        bytes += isProperty ? word : letters[word] ?? word
      } else {
        bytes.append(byte)
      }
      at = end
    }
  }
}

extension UInt8 {
  /// The ASCII characters that a name in JavaScript may have.
  fileprivate var isWordCharacter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"):
      true
    default: false
    }
  }
}
