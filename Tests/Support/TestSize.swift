// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// The sizes of `scripts/test.sh`. What belongs to a larger one says so with a trait.
public enum TestSize {
  /// `scripts/test.sh --all`, and with it `--long`.
  public static let isAll = ProcessInfo.processInfo.environment["PIXEL_TEST_ALL"] != nil
  /// `scripts/test.sh --long`.
  public static let isLong = ProcessInfo.processInfo.environment["PIXEL_TEST_LONG"] != nil
}

extension Trait where Self == ConditionTrait {
  /// The test command does not report these as skipped in a smaller size.
  public static var partOfAll: Self {
    .enabled(if: TestSize.isAll, "part of scripts/test.sh --all")
  }

  public static var partOfLong: Self {
    .enabled(if: TestSize.isLong, "part of scripts/test.sh --long")
  }
}
