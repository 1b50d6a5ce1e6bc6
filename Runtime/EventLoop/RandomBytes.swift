// SPDX-License-Identifier: MIT
import CSystem

/// Fills `bytes` from the kernel's generator in one system call, which Swift's generator would make for
/// every eight bytes.
public func fillRandom(_ bytes: inout [UInt8]) {
  // In bounds: exactly the array is filled.
  let failed = unsafe bytes.withUnsafeMutableBytes {
    unsafe pixel_random($0.baseAddress, $0.count)
  }
  guard failed != 0 else { return }  // a signal may interrupt it
  var generator = SystemRandomNumberGenerator()
  for index in bytes.indices { bytes[index] = .random(in: .min ... .max, using: &generator) }
}
