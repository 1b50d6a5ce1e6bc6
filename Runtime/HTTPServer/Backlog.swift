// SPDX-License-Identifier: MIT
import Bytes

/// Answer bytes that wait for a client to read.
struct Backlog {
  let buffer: Buffer
  /// How many bytes at the front of the buffer have been sent.
  private(set) var sent = 0

  init(buffer: Buffer) { self.buffer = buffer }

  var count: Int { buffer.count - sent }

  /// The rest after `amount` more bytes have been sent; nil if all have been.
  ///
  /// The rest moves to the front only when it is the smaller half: a large answer to a slow client would
  /// else be moved once for each few kilobytes.
  func after(_ amount: Int) -> Backlog? {
    var left = self
    left.sent += amount
    guard left.count > 0 else { return nil }
    if left.sent > left.count {
      buffer.consume(left.sent)
      left.sent = 0
    }
    return left
  }
}
