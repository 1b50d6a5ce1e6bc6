// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import LogParse
import PixelModel
import Settings

/// A log entry becomes a row by the contract that ships, or is refused, and the same each time.
struct EntryFuzzing: FuzzSubject {
  private var parser: EventParser
  private let columns: Set<String>

  init() throws {
    let file = try readFile("\(FuzzTarget.package)/infra/contracts/pixel.json")
    let contract = try Contract(json: file, name: "pixel")
    columns = Set(contract.columns.map(\.name))
    parser = try EventParser(contract: contract, pixelPaths: ["/pixel.png", "/pixel.gif"])
  }

  mutating func finding(in input: [UInt8]) -> String? {
    var row = ByteWriter()
    let verdict = parser.parse(input.span, into: &row)
    // What was in the row before must not matter, nor what the parser has read before.
    var again = ByteWriter()
    again.append("rubbish")
    let second = parser.parse(input.span, into: &again)
    guard Self.text(second) == Self.text(verdict), again.bytes == row.bytes else {
      return "The same entry is read differently."
    }
    switch verdict {
    case .leftAlone:
      return row.count == 0 ? nil : "There is a row for an entry that was left alone."
    case .rejected(let rejection):
      guard rejection.detail.utf8.count <= Rejection.maximumDetailBytes else {
        return "A detail is too long."
      }
      guard EventParser.reasons.contains(rejection.reason) else {
        return "Its reason is none of those that are documented."
      }
      return row.count == 0 ? nil : "There is a row for an entry that was refused."
    case .test:
      return row.count == 0 ? nil : "There is a row for a test."
    case .event(let event):
      return problem(with: row.bytes, id: event.id, time: event.time)
    }
  }

  private static func text(_ verdict: Verdict) -> String {
    switch verdict {
    case .event(let event): "event \(event)"
    case .test(let result): "test \(result)"
    case .leftAlone(let why): "left alone \(why)"
    case .rejected(let rejection): "rejected \(rejection)"
    }
  }

  /// A row is one JSON object on one line; each member is a column, and comes once.
  private func problem(with row: [UInt8], id: String, time: Timestamp) -> String? {
    if row.contains(where: { $0 < 0x20 }) { return "A row has a control character." }
    let bytes = row.span
    var names: Set<String> = []
    var (rowID, rowTime): (String?, Timestamp?)
    do throws(JSONError) {
      var scanner = JSONScanner()
      try scanner.enterObject(in: bytes)
      while let name = try scanner.nextMember(in: bytes) {
        let value = try scanner.value(in: bytes)
        guard names.insert(name.string(in: bytes)).inserted else { return "A column comes twice." }
        if name.equals("event_id", in: bytes) { rowID = value.string?.string(in: bytes) }
        if name.equals("event_time", in: bytes), let text = value.string {
          rowTime = Timestamp(rfc3339: bytes, text.range)
        }
      }
      try scanner.finish(in: bytes)
    } catch {
      return "A row is not JSON: \(error)."
    }
    guard names.isSubset(of: columns) else { return "A member is no column." }
    guard names.contains("type") else { return "A required column is missing." }
    guard rowID == id, !id.isEmpty else { return "A row has another id than its event." }
    guard rowTime?.seconds == time.seconds else { return "A row has another time than its event." }
    return nil
  }
}
