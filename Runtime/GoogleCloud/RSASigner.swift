// SPDX-License-Identifier: MIT
import CCrypto

/// An RSA private key. Never changed after it is made, so any thread may use it.
@safe final class RSASigner: @unchecked Sendable {
  private let signer: OpaquePointer

  /// Nil unless the text is a PEM file with an RSA key of at least 2,048 bits.
  init?(pem: String) {
    let bytes = Array(pem.utf8)
    // In bounds: OpenSSL reads exactly the array.
    let made = unsafe bytes.withUnsafeBufferPointer {
      unsafe pixel_rsa_signer_new($0.baseAddress, $0.count)
    }
    guard let made = unsafe made else { return nil }
    unsafe signer = made
  }

  deinit { unsafe pixel_rsa_signer_free(signer) }

  /// RSA PKCS#1 v1.5 with SHA-256; nil if OpenSSL fails.
  func sign(_ text: [UInt8]) -> [UInt8]? {
    let size = unsafe pixel_rsa_signature_size(signer)
    let signature = unsafe [UInt8](unsafeUninitializedCapacity: size) { out, count in
      // In bounds: the text is read exactly, and a signature of `size` bytes is written.
      let good = unsafe text.withUnsafeBufferPointer {
        unsafe pixel_rsa_sign(signer, $0.baseAddress, $0.count, out.baseAddress)
      }
      count = good == 1 ? size : 0
    }
    return signature.isEmpty ? nil : signature
  }
}
