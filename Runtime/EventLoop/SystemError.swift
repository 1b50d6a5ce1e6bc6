// SPDX-License-Identifier: MIT
import Glibc

/// A system call that failed: which one, and the kernel's reason.
public struct SystemError: Error, CustomStringConvertible {
  public let call: String
  public let code: Int32

  public init(_ call: String, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  public var description: String {
    // `strerror` returns a string that stays valid until the next call on this thread.
    let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    return "\(call): \(text)"
  }
}
