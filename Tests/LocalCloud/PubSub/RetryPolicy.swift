// SPDX-License-Identifier: MIT

/// How long a message waits after each failed delivery: 0.1, 0.2, 0.4 … 10 s with the defaults,
/// which are shorter than Pub/Sub's (10 s to 600 s) so that a laptop recovers while one looks.
public struct RetryPolicy: Sendable, Equatable {
  public var minimum: Duration
  public var maximum: Duration

  public init(minimum: Duration = .milliseconds(100), maximum: Duration = .seconds(10)) {
    self.minimum = minimum
    self.maximum = maximum
  }

  func delay(afterFailures failures: Int) -> Duration {
    // 2^20 of the smallest step is past every maximum.
    min(maximum, minimum * (1 << min(max(failures - 1, 0), 20)))
  }
}
