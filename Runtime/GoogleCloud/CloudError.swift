// SPDX-License-Identifier: MIT

/// A request to a Google service that did not succeed: the service's name and its answer.
public struct CloudError: Error, CustomStringConvertible, Sendable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
