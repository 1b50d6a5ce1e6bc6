// SPDX-License-Identifier: MIT
import Bytes
import Events
import FunctionRuntime
import GoogleCloud

/// Takes rows that LogParse has published and streams them into suffix tables.
///
/// A row is passed through as it is: only its id, its time and the columns of the suffix are read.
public final class BQLoader {
  static let stage = "bq-loader"
  /// The longest `insertId`, in characters.
  private static let maxInsertID = 128

  private let suffix: TemplateSuffix
  private let loader: Loader

  init(settings: BQLoaderSettings, worker: Worker) {
    suffix = settings.suffix
    settings.cloud.warmUp(worker, for: settings.cloud.bigQuery)
    loader = Loader(settings: settings, worker: worker)
  }

  /// The function as the runtime runs it, for one worker.
  public static func function(_ settings: BQLoaderSettings, _ worker: Worker) -> MessageFunction {
    let loader = BQLoader(settings: settings, worker: worker)
    let rejections = RejectionRecorder(
      publisher: Publisher(
        worker: worker, cloud: settings.cloud, topic: settings.rejectedTopic,
        timeout: .seconds(20)))
    return MessageFunction(
      authentication: settings.authentication, receive: loader.receive, record: rejections.record)
  }

  func receive(_ delivery: Delivery) {
    let message = delivery.message
    message.buffer.withSpan { bytes in
      let row = bytes.extracting(message.data)
      // 1. What the row says about itself.
      guard let facts = try? RowFacts(of: row, columns: suffix.columns) else {
        return reject(delivery, .rowNotJSON, "The message is not a JSON object.")
      }
      guard let eventID = eventID(of: facts, in: row, message), eventID.count <= Self.maxInsertID
      else {
        return reject(
          delivery, .eventIDMissing, "No event_id of 1 to 128 characters, as column or attribute.")
      }
      // 2. Which table it goes to.
      let suffix = suffix.text(for: facts, in: row)
      // 3. Into the next insert for that table.
      loader.add(LoadRow(delivery: delivery, eventID: eventID, time: facts.time), suffix: suffix)
    }
  }

  private func eventID(
    of facts: RowFacts, in row: Span<UInt8>, _ message: PubSubMessage
  ) -> String? {
    if let column = facts.eventID?.string?.string(in: row), !column.isEmpty { return column }
    return message.attribute("event_id").flatMap { $0.isEmpty ? nil : $0 }
  }

  private func reject(_ delivery: Delivery, _ reason: Reason, _ detail: String) {
    let eventID = delivery.message.attribute("event_id")
    delivery.finish(
      .reject(Rejection(stage: Self.stage, reason: reason, detail: detail, eventID: eventID)))
  }
}
