// SPDX-License-Identifier: MIT

extension Timestamp {
  /// From a clock that counts nanoseconds since 1970; 64 bits of them reach from 1677 to 2262.
  public init(nanosecondsSince1970 count: Int64) {
    let (seconds, rest) = count.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.seconds = rest < 0 ? seconds - 1 : seconds
    nanoseconds = Int32(rest < 0 ? rest + 1_000_000_000 : rest)
  }
}
