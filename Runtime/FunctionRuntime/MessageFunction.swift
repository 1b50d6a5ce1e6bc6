// SPDX-License-Identifier: MIT
import Envelopes

/// A function of Pub/Sub messages.
public struct MessageFunction {
  var authentication: PushAuthentication
  /// Whether the subscription is unwrapped and writes no metadata.
  var takesRawBodies: Bool
  /// Called for each message; it answers through the delivery, now or later on the same loop.
  var receive: (Delivery) -> Void
  /// Records a message that can never succeed, and says whether that has worked.
  var record: (Delivery, Rejection, @escaping (Bool) -> Void) -> Void

  /// - Parameters:
  ///   - authentication: Who may push, and how the sender's token is checked.
  ///   - takesRawBodies: Take every body for a message's data, unless headers say that it is something
  ///     else. For a subscription that is unwrapped and writes no metadata: its pushes look like any other POST.
  ///   - receive: Called for each message; it answers through the delivery, now or later on the same loop.
  ///   - record: Records a message that can never succeed, and says whether that has worked.
  public init(
    authentication: PushAuthentication, takesRawBodies: Bool = false,
    receive: @escaping (Delivery) -> Void,
    record: @escaping (Delivery, Rejection, @escaping (Bool) -> Void) -> Void
  ) {
    self.authentication = authentication
    self.takesRawBodies = takesRawBodies
    self.receive = receive
    self.record = record
  }
}
