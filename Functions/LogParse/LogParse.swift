// SPDX-License-Identifier: MIT
import Bytes
import Events
import FunctionRuntime
import GoogleCloud

/// Takes log entries and publishes events: a LogEntry's request URL becomes a row by contract.
///
/// Every entry ends as an event, as a kept rejection, or is left alone and counted. The push is answered
/// when Pub/Sub has what came of it.
public final class LogParse {
  private let worker: Worker
  private let contract: Contract
  private let events: Publisher
  private var steps: Steps

  /// The parser and the row it writes, in one value so that the row can be lent without a copy.
  private struct Steps {
    var parser: EventParser
    var row = ByteWriter(capacity: 4096)

    mutating func run(
      _ delivery: Delivery, _ then: (_ verdict: Verdict, _ row: Span<UInt8>) -> Void
    ) {
      row.removeAll()
      let message = delivery.message
      let verdict = message.buffer.withSpan { bytes in
        parser.parse(bytes.extracting(message.data), into: &row)
      }
      then(verdict, row.bytes.span)
    }
  }

  init(settings: LogParseSettings, contract: Contract, worker: Worker) {
    self.worker = worker
    self.contract = contract
    settings.cloud.warmUp(worker, for: settings.cloud.pubSub)
    steps = Steps(parser: EventParser(contract: contract, pixelPaths: settings.pixelPaths))
    events = Publisher(
      worker: worker, cloud: settings.cloud, topic: settings.eventsTopic, timeout: .seconds(20))
  }

  /// The function as the runtime runs it, for one worker.
  public static func function(
    _ settings: LogParseSettings, _ worker: Worker
  ) throws(SettingsError) -> MessageFunction {
    guard let contract = settings.contract else { throw SettingsError("CONTRACT can't be read") }
    let parse = LogParse(settings: settings, contract: contract, worker: worker)
    let rejections = RejectionRecorder(
      publisher: Publisher(
        worker: worker, cloud: settings.cloud, topic: settings.rejectedTopic,
        timeout: .seconds(20)))
    return MessageFunction(
      authentication: settings.authentication, receive: parse.receive, record: rejections.record)
  }

  func receive(_ delivery: Delivery) {
    steps.run(delivery) { verdict, row in
      switch verdict {
      case .event(let id, _): publish(row, id, delivery)
      case .leftAlone(let why):
        worker.count(why.label)
        delivery.finish(.done)
      case .rejected(let rejection): delivery.finish(.reject(rejection))
      }
    }
  }

  /// The message's data is the row; who wants to know what it is without reading it has the attributes.
  private func publish(_ row: Span<UInt8>, _ eventID: String, _ delivery: Delivery) {
    let attributes: [(name: StaticString, value: String)] = [
      ("event_id", eventID), ("contract", contract.name), ("contract_version", contract.version),
    ]
    events.publish(data: row, attributes: attributes) { result in
      switch result {
      case .success: delivery.finish(.done)
      case .failure(let error):
        delivery.finish(.retry(.publishFailed, detail: error.description))
      }
    }
  }
}
