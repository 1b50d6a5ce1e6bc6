// SPDX-License-Identifier: MIT

/// Which calls leave a line: `LOG_CALLS`. A call that was not done always does.
public struct CallSampling: Sendable, Equatable {
  /// One in this many of the calls that were done is logged; nil for none.
  let every: Int?

  init(every: Int?) { self.every = every }

  /// `problems`, `all`, or `1/N`.
  init?(_ text: String) {
    switch text {
    case "problems": every = nil
    case "all": every = 1
    default:
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0] == "1", let count = Int(parts[1]), count > 0 else {
        return nil
      }
      every = count
    }
  }
}
