// SPDX-License-Identifier: MIT
import Testing

@testable import PixelIngest

/// Reads the two images as a decoder would, check sums recomputed.
@Suite struct PixelTests {
  struct Broken: Error { let what: String }

  /// A cursor over bytes that never passes their end.
  struct Reader {
    let bytes: [UInt8]
    var at = 0

    mutating func take(_ count: Int) throws -> [UInt8] {
      guard count <= bytes.count - at else { throw Broken(what: "short at \(at)") }
      defer { at += count }
      return Array(bytes[at..<at + count])
    }
    mutating func byte() throws -> Int { Int(try take(1)[0]) }
    mutating func little16() throws -> Int { try byte() | byte() << 8 }
    mutating func big32() throws -> UInt32 {
      try take(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
    var isAtEnd: Bool { at == bytes.count }
  }

  /// Bits from the lowest of each byte up, as deflate and GIF's LZW have them.
  struct Bits {
    let bytes: [UInt8]
    var at = 0
    mutating func take(_ count: Int) throws -> Int {
      var value = 0
      for bit in 0..<count {
        guard at / 8 < bytes.count else { throw Broken(what: "out of bits") }
        value |= Int(bytes[at / 8] >> UInt8(at % 8) & 1) << bit
        at += 1
      }
      return value
    }
    /// A Huffman code: its first bit is the highest.
    mutating func code(_ count: Int) throws -> Int {
      try (0..<count).reduce(0) { value, _ in value << 1 | (try take(1)) }
    }
  }

  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let divides = sum & 1 == 1
        sum >>= 1
        if divides { sum ^= 0xEDB8_8320 }
      }
    }
    return ~sum
  }

  private func adler32(_ bytes: [UInt8]) -> UInt32 {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return b << 16 | a
  }

  /// One final block with the fixed codes, literals only.
  private func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
    var bits = Bits(bytes: bytes)
    guard try bits.take(1) == 1, try bits.take(2) == 1 else { throw Broken(what: "block") }
    var output: [UInt8] = []
    while true {
      var code = try bits.code(7)
      if code == 0 { break }
      guard code >= 0b0011000 else { throw Broken(what: "a match") }
      code = code << 1 | (try bits.take(1))
      guard (0x30...0xBF).contains(code) else { throw Broken(what: "code \(code)") }
      output.append(UInt8(code - 0x30))
    }
    #expect(bits.at > bytes.count * 8 - 8, "there are bytes that nobody needs")
    return output
  }

  @Test func `the PNG is one transparent dot, and its check sums are right`() throws {
    var reader = Reader(bytes: Pixel.png)
    #expect(try reader.take(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var chunks: [(name: String, data: [UInt8])] = []
    while !reader.isAtEnd {
      let length = Int(try reader.big32())
      let name = try reader.take(4)
      let data = try reader.take(length)
      #expect(try reader.big32() == crc32(name + data))
      chunks.append((String(decoding: name, as: UTF8.self), data))
    }
    #expect(chunks.map(\.name) == ["IHDR", "IDAT", "IEND"])
    // 1 by 1, 8 bits, grey with alpha, and the only methods there are.
    #expect(chunks[0].data == [0, 0, 0, 1, 0, 0, 0, 1, 8, 4, 0, 0, 0])
    #expect(chunks[2].data == [])

    var stream = Reader(bytes: chunks[1].data)
    let (method, flags) = (try stream.byte(), try stream.byte())
    #expect(method & 15 == 8, "deflate")
    #expect((method << 8 | flags) % 31 == 0)
    #expect(flags & 0x20 == 0, "no dictionary")
    let pixels = try inflate(try stream.take(chunks[1].data.count - 6))
    #expect(try stream.big32() == adler32(pixels))
    #expect(pixels == [0, 0, 0], "filter 0, grey 0, alpha 0")
  }

  @Test func `the GIF is one transparent dot`() throws {
    var reader = Reader(bytes: Pixel.gif)
    #expect(try reader.take(6) == Array("GIF89a".utf8))
    #expect(try reader.little16() == 1)
    #expect(try reader.little16() == 1)
    #expect(try reader.byte() & 0x80 == 0, "no global colour table")
    _ = try reader.take(2)

    #expect(try reader.take(3) == [0x21, 0xF9, 4])
    let control = try reader.take(4)
    #expect(control[0] & 1 == 1, "there is a transparent index")
    #expect(try reader.byte() == 0)

    #expect(try reader.byte() == 0x2C)
    #expect(try (0..<4).map { _ in try reader.little16() } == [0, 0, 1, 1])
    #expect(try reader.byte() & 0x80 == 0, "no local colour table")
    let codeSize = try reader.byte()
    var data: [UInt8] = []
    while case let length = try reader.byte(), length > 0 { data += try reader.take(length) }
    #expect(try reader.byte() == 0x3B)
    #expect(reader.isAtEnd)

    var bits = Bits(bytes: data)
    let clear = 1 << codeSize
    #expect(try bits.take(codeSize + 1) == clear)
    #expect(try bits.take(codeSize + 1) == Int(control[3]), "the transparent index")
    #expect(try bits.take(codeSize + 1) == clear + 1, "the end")
    #expect(data.count == (bits.at + 7) / 8)
  }
}
