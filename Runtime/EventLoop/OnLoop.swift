// SPDX-License-Identifier: MIT

/// Carries a value to the loop that it belongs to, through places that ask for `Sendable`.
///
/// Safe as long as the value is made on that loop's thread and only used in what is posted to that loop.
public struct OnLoop<Value>: @unchecked Sendable {
  public let value: Value
  public init(value: Value) { self.value = value }
}
