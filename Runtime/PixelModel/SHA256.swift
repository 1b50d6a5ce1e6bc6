// SPDX-License-Identifier: MIT
import Bytes
import CCrypto

/// SHA-256, where an id or a version has to stand for bytes.
public enum SHA256 {
  /// The 32 bytes of the digest.
  public static func digest(_ bytes: Span<UInt8>) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    // In bounds: OpenSSL reads `count` bytes and writes 32.
    unsafe digest.withUnsafeMutableBufferPointer { output in
      unsafe bytes.withUnsafeBufferPointer { input in
        // An empty span may have no address, and C needs one.
        var nothing: UInt8 = 0
        if let from = input.baseAddress {
          unsafe pixel_sha256(from, input.count, output.baseAddress)
        } else {
          unsafe pixel_sha256(&nothing, 0, output.baseAddress)
        }
      }
    }
    return digest
  }

  /// The digest as 64 lower-case hex digits.
  public static func hex(_ bytes: Span<UInt8>) -> String {
    var writer = ByteWriter(capacity: 64)
    writer.append(sha256Of: bytes)
    return writer.bytes.span.string
  }
}

extension ByteWriter {
  /// Appends the SHA-256 of `bytes` as 64 lower-case hex digits.
  public mutating func append(sha256Of bytes: Span<UInt8>) {
    append(hex: SHA256.digest(bytes).span)
  }
}
