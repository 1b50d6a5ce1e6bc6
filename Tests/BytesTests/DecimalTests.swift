// SPDX-License-Identifier: MIT
import Bytes
import Testing

@Suite struct DecimalTests {
  @Test(arguments: [0, 1, 9, 10, 99, 100, 12345, -1, -10, .max, .min])
  func `a number is written as Swift writes it, and read back`(_ value: Int) {
    var writer = ByteWriter()
    writer.append(decimal: value)
    #expect(writer.bytes.span.string == String(value))
    #expect(writer.bytes.span.decimal(at: 0..<writer.count) == value)
  }

  @Test(
    arguments: [
      (0, 1, "0"), (0, 3, "000"), (7, 2, "07"), (123, 2, "123"), (5, 30, "00000000000000000005"),
      (18_446_744_073_709_551_615, 1, "18446744073709551615"),
    ] as [(UInt64, Int, String)])
  func `leading zeros fill a number up`(_ value: UInt64, _ digits: Int, _ text: String) {
    var writer = ByteWriter()
    writer.append(decimal: value, digits: digits)
    #expect(writer.bytes.span.string == text)
  }

  @Test(arguments: [
    "", "-", "+1", "1.0", "1 ", " 1", "0x1", "１", "9223372036854775808", "-9223372036854775809",
    "99999999999999999999999999",
  ])
  func `what is no whole number of 64 bits is none`(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(bytes.span.decimal(at: 0..<bytes.count) == nil)
  }

  @Test(arguments: [0, 1, 0x0123_4567_89ab_cdef, .max] as [UInt64])
  func `a number is written as sixteen hex digits`(_ number: UInt64) throws {
    var writer = ByteWriter()
    writer.append(hex: number)
    #expect(writer.count == 16)
    #expect(UInt64(writer.bytes.span.string, radix: 16) == number)
    #expect(writer.bytes.span.string.allSatisfy { !$0.isUppercase })
  }

  @Test func `bytes are written in hex`() {
    var writer = ByteWriter()
    writer.append(hex: [0x00, 0x9f, 0xa0, 0xff].span)
    writer.append(upperHex: 0x0f)
    writer.append(upperHex: 0xab)
    #expect(writer.bytes.span.string == "009fa0ff0FAB")
  }
}
