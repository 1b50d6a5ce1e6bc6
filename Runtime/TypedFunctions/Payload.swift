// SPDX-License-Identifier: MIT
import Envelopes
import Foundation

extension Reason {
  /// The data is not JSON, or not of the type that a typed function is of; the detail names the field.
  public static let payloadInvalid = Reason("payload_invalid")
}

extension Decodable {
  /// Decodes the data of a message or an event.
  static func decoded(from json: [UInt8], _ stage: String) throws(Rejection) -> Self {
    do {
      return try JSONDecoder().decode(Self.self, from: Data(json))
    } catch {
      throw Rejection(
        stage: stage, reason: .payloadInvalid,
        detail:
          PayloadProblem.sentence(error, in: json, of: Self.self))
    }
  }
}

/// Says where data is not what a function takes. The decoder's own sentences may quote the data, which stays out
/// of logs and attributes, so only the field's path and the type that it should have are told.
enum PayloadProblem {
  static func sentence<Payload>(
    _ error: any Error, in json: [UInt8], of payload: Payload.Type
  ) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      "The field \(path(context.codingPath + [key])) is missing."
    case .valueNotFound(let type, let context) where !context.codingPath.isEmpty:
      "The field \(path(context.codingPath)) is null: it has to be of type \(type)."
    case .typeMismatch(let type, let context) where !context.codingPath.isEmpty:
      "The field \(path(context.codingPath)) is not of type \(type)."
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "The field \(path(context.codingPath)) has a value that \(payload) does not take."
    // Foundation gives no path for a number of another kind, such as 1.5 for an Int.
    case .dataCorrupted where isJSON(json): "The data has a value that \(payload) does not take."
    case .dataCorrupted: "The data is not JSON."
    default: "The data is not of type \(payload)."
    }
  }

  private static func isJSON(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
  }

  /// `items[0].price`
  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { text, key in
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }
}
