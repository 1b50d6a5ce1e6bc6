// SPDX-License-Identifier: MIT
import CZlib

/// Compresses bodies, one after the other, with the memory of the one before.
@safe public final class Gzip {
  private let gzip: OpaquePointer

  /// What is worth more: processor time, for what is sent once, or bytes, for what is sent again and again.
  public enum Effort: Int32 {
    case fastest = 1
    case smallest = 9
  }

  /// Nil without zlib.
  public init?(_ effort: Effort = .fastest) {
    guard let gzip = unsafe pixel_gzip_new(effort.rawValue) else { return nil }
    unsafe self.gzip = gzip
  }

  deinit { unsafe pixel_gzip_free(gzip) }

  /// Why there is no compression in this process; nil if there is.
  public static var problem: String? {
    unsafe pixel_gzip_load().map { unsafe String(cString: $0) }
  }

  /// The bytes in gzip's format; nil if that fails.
  public func compress(_ bytes: [UInt8]) -> [UInt8]? {
    let room = unsafe pixel_gzip_bound(gzip, bytes.count)
    let compressed = unsafe [UInt8](unsafeUninitializedCapacity: room) { out, count in
      // In bounds: all of `bytes` is read, and at most `room` bytes are written.
      count = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe pixel_gzip_compress(gzip, bytes.baseAddress, bytes.count, out.baseAddress, room)
      }
    }
    return compressed.isEmpty ? nil : compressed
  }
}
