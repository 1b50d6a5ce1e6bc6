// SPDX-License-Identifier: MIT

/// A request to a Google service that did not succeed: which service, and what it said.
public struct CloudError: Error, CustomStringConvertible, Sendable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
