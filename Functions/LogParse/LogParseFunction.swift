// SPDX-License-Identifier: MIT
import Bytes
import FunctionRuntime
import GoogleCloud
import PixelModel
import Settings

extension EventParser {
  /// All steps of an entry, one after the other. `row` is emptied first, and holds the event's row only if
  /// the verdict is an event.
  public mutating func parse(_ bytes: Span<UInt8>, into row: inout ByteWriter) -> Verdict {
    row.removeAll()
    begin()
    do throws(Stop) {
      let entry = try readEntry(bytes)
      let found = try findHit(entry, in: bytes)
      let time = try takeTime(of: entry, in: bytes)
      let hasDerivedID = identify(entry, at: time, in: bytes)
      try refuseDenied(entry, found, at: time, in: bytes)
      let contract = try chooseContract(found, at: time)
      let signal = try readSignal(entry, found, in: bytes)
      let hit = Hit(entry: entry, url: found.target, time: time, signal: signal)
      let isTest = try writeRow(hit, by: contract, from: bytes, into: &row)
      let event = event(at: time, by: contract, hasDerivedID: hasDerivedID)
      guard isTest else { return .event(event) }
      row.removeAll()
      return .test(.success(event))
    } catch {
      row.removeAll()
      return verdict(on: error)
    }
  }
}

/// Takes log entries and publishes events: a LogEntry's request URL becomes a row by contract.
///
/// Every entry ends as an event, as a kept rejection, or is left alone and counted; a test ends as one log
/// line. The push is acknowledged once the event or the rejection is published.
public final class LogParseFunction {
  private let worker: Worker
  private let events: Publisher
  private let unknownNames = UnknownNameCounts()
  private var steps: Steps

  /// The parser and the row it writes, in one value so that the row can be lent without a copy.
  private struct Steps {
    var parser: EventParser
    /// Whether each message says which of its event's parameters no column has.
    let showsDropped: Bool
    var row = ByteWriter(capacity: 4096)
    let unknownNames: UnknownNameCounts

    /// The results of an entry beside its verdict.
    struct Outcome {
      let omitted: OmittedParameters
      /// The names of the parameters that no column has, where they may be shown: a JSON array.
      let dropped: String?
    }

    mutating func run(
      _ delivery: Delivery,
      _ then: (_ verdict: Verdict, _ outcome: Outcome, _ row: Span<UInt8>) -> Void
    ) {
      let message = delivery.message
      let verdict = message.buffer.withSpan { bytes in
        parser.parse(bytes.extracting(message.data), into: &row)
      }
      if case .event = verdict, parser.omitted.unknown > 0 { countNames() }
      let outcome = Outcome(omitted: parser.omitted, dropped: dropped(of: verdict))
      then(verdict, outcome, row.bytes.span)
    }

    /// Pub/Sub takes 1,024 bytes for the value of an attribute.
    private static let maximumAttributeBytes = 1024

    private func dropped(of verdict: Verdict) -> String? {
      switch verdict {
      case .test: parser.unknownNames(maximumBytes: TestReport.maximumNamesBytes)
      case .leftAlone: nil
      case .event, .rejected:
        showsDropped ? parser.unknownNames(maximumBytes: Self.maximumAttributeBytes) : nil
      }
    }

    /// No name is counted for a visitor with a privacy signal.
    private func countNames() {
      var named = 0
      if parser.signal == nil {
        parser.forEachUnknownName { name in
          named += 1
          unknownNames.count(name)
        }
      }
      unknownNames.countOther(parser.omitted.unknown - named)
    }
  }

  init(settings: LogParseSettings, contracts: Contracts, worker: Worker) {
    self.worker = worker
    settings.cloud.warmUp(worker, for: settings.cloud.pubSub)
    steps = Steps(
      parser: EventParser(
        contracts: contracts, pixelPaths: settings.pixelPaths, names: settings.names,
        privacy: settings.privacy),
      showsDropped: settings.droppedNames == .attribute, unknownNames: unknownNames)
    events = Publisher(
      caller: worker.cloudCaller, cloud: settings.cloud, topic: settings.eventsTopic,
      timeout: .seconds(20))
  }

  /// The function as the runtime runs it, for one worker.
  public static func function(
    _ settings: LogParseSettings, _ worker: Worker
  ) throws(SettingsError) -> MessageFunction {
    guard let contracts = settings.contracts else { throw SettingsError("CONTRACT can't be read") }
    let parse = LogParseFunction(settings: settings, contracts: contracts, worker: worker)
    worker.addReport(parse.reportNames)
    return MessageFunction(
      authentication: settings.authentication, rejectedTo: settings.rejectedTopic, worker: worker,
      cloud: settings.cloud, receive: parse.receive)
  }

  func receive(_ delivery: Delivery) {
    steps.run(delivery) { verdict, outcome, row in
      switch verdict {
      case .event(let event):
        for (code, count) in outcome.omitted.counts { worker.count(code, by: count) }
        if event.hasDerivedID { worker.count("entry_without_insert_id") }
        publish(row, event, dropped: outcome.dropped, delivery)
      case .leftAlone(let why):
        worker.count(why.label)
        delivery.finish(.done)
      case .rejected(var rejection):
        rejection.dropped = outcome.dropped
        delivery.finish(.reject(rejection))
      case .test(let result):
        TestReport(result, outcome.omitted, dropped: outcome.dropped).write(to: worker)
        delivery.finish(.done)
      }
    }
  }

  private func reportNames(_ log: Log) {
    let (names, others) = unknownNames.take()
    guard !names.isEmpty || others > 0 else { return }
    log.info(
      "Parameters that no column has, since the last report.",
      [
        "names": .text(names.map { "\($0.name)=\($0.count)" }.joined(separator: " ")),
        "other": .number(others),
      ])
  }

  /// The message's data is the row. Subscribers can filter by attributes without parsing the data.
  private func publish(
    _ row: Span<UInt8>, _ event: Event, dropped: String?, _ delivery: Delivery
  ) {
    var attributes: [(name: StaticString, value: String)] = [
      ("event_id", event.id), ("contract", event.contract),
      ("contract_version", event.contractVersion),
    ]
    if event.hasDerivedID { attributes.append(("event_id_derived", "true")) }
    if let dropped { attributes.append(("dropped", dropped)) }
    events.publish(data: row, attributes: attributes) { result in
      switch result {
      case .success: delivery.finish(.done)
      case .failure(let error):
        delivery.finish(.retry(.publishFailed, detail: error.description))
      }
    }
  }
}
