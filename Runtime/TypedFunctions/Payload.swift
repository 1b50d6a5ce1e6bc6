// SPDX-License-Identifier: MIT
import Envelopes
import Foundation

extension Decodable {
  /// Nil if the data is not the JSON of such a value.
  init?(json data: [UInt8]) {
    guard let value = try? JSONDecoder().decode(Self.self, from: Data(data)) else { return nil }
    self = value
  }
}

extension Rejection {
  /// The data does not fit the function's type. The decoder's own error may quote the data, which stays out
  /// of logs and attributes.
  static func noValue<Payload>(of type: Payload.Type, _ stage: String) -> Rejection {
    Rejection(stage: stage, reason: .entryNotJSON, detail: "The data is not a \(type).")
  }
}
