// SPDX-License-Identifier: MIT
import Foundation
import LocalCloud

/// `local-cloud replay FILE`: sends log entries through the sink and finds out what became of each.
public struct Replay: Sendable {
  let cloud: CloudClient
  let pixelPaths: [String]
  let say: @Sendable (String) -> Void

  public init(
    cloud: String, pixelPaths: [String], web: WebClient, say: @escaping @Sendable (String) -> Void
  ) {
    self.cloud = CloudClient(cloud, web: web)
    self.pixelPaths = pixelPaths
    self.say = say
  }

  /// Prints the table; true if every line is accounted for.
  /// With `each`, first a line for each entry: its number in the file, what it became, the table or the
  /// reason, and the event's id, with tabs between.
  public func run(
    file: String, each: Bool = false, print: (String) -> Void
  ) async throws -> Bool {
    let lines = try EntryFile.entries(file)
    try await cloud.requirePipeline()
    let droppedBefore = DroppedParameters(try await cloud.get("/_local/state"))
    let before = try await cloud.get("/_local/rejections?limit=0")["total"]?.integer ?? 0
    let last = try await send(lines)
    let settled = try await cloud.waitUntilSettled(Settling(lastEntry: last), say: say)

    var outcome = ReplayOutcome(
      lines: lines.map { ($0, EntryIdentity($0, pixelPaths: pixelPaths)) })
    try await cloud.forEachRow { table, row in
      if let id = row["event_id"]?.string { outcome.note(rowOf: id, in: table) }
    }
    for rejection in try await cloud.rejections(after: before) { outcome.note(rejection) }
    if each {
      for line in outcome.report(settled: settled) { print(line) }
    }
    let account = outcome.account(settled: settled)
    print(account.table("read"))
    let dropped = DroppedParameters(try await cloud.get("/_local/state")).since(droppedBefore)
    if !dropped.isEmpty { print(dropped) }
    return account.isComplete
  }

  /// In batches of up to 500 lines or four megabytes; gives the id of the last message.
  private func send(_ lines: [[UInt8]]) async throws -> Int {
    var last = 0
    var batch: [UInt8] = []
    var count = 0
    for (index, line) in lines.enumerated() {
      batch += line + [0x0A]
      count += 1
      guard count == 500 || batch.count > 4_000_000 || index == lines.count - 1 else { continue }
      let ids = try await cloud.post("/_local/entries", batch)["messageIds"]?.array ?? []
      guard ids.count == count, let id = ids.last?.integer else {
        throw CloudClient.Failure(description: "The sink took \(ids.count) of \(count) entries.")
      }
      (batch, count, last) = ([], 0, id)
      if index % 10_000 < 500 { say("\(index + 1) of \(lines.count) sent") }
    }
    return last
  }
}

/// Matches lines with rows and rejections.
struct ReplayOutcome {
  private let lines: [(bytes: [UInt8], identity: EntryIdentity)]
  private let wanted: Set<String>
  private var tables: [String: [String: Int]] = [:]
  private var reasonByBytes: [[UInt8]: String] = [:]
  private var reasonByID: [String: String] = [:]

  init(lines: [([UInt8], EntryIdentity)]) {
    self.lines = lines
    wanted = Set(lines.compactMap(\.1.eventID))
  }

  mutating func note(rowOf eventID: String, in table: String) {
    if wanted.contains(eventID) { tables[eventID, default: [:]][table, default: 0] += 1 }
  }

  /// A rejected entry keeps its bytes. What the loader rejects is the row, known by its event id.
  mutating func note(_ rejection: JSON) {
    let reason = RejectionStore.reason(rejection)
    if let data = rejection["data"]?.string.flatMap({ Data(base64Encoded: $0) }) {
      reasonByBytes[Array(data)] = reason
    }
    if let id = rejection["attributes"]?["event_id"]?.string { reasonByID[id] = reason }
  }

  /// `settled` false says that some entries may still be on their way.
  func account(settled: Bool) -> Account {
    var account = Account()
    for (bytes, identity) in lines {
      account.add(fate(of: bytes, identity, settled: settled))
    }
    // The same line twice is one event, hence one row is no repeat.
    account.repeats = tables.values.reduce(0) { $0 + $1.values.reduce(-1, +) }
    return account
  }

  /// What became of each, one line an entry.
  func report(settled: Bool) -> [String] {
    lines.enumerated().map { index, line in
      let (kind, what) =
        switch fate(of: line.bytes, line.identity, settled: settled) {
        case .row(let table): ("row", table)
        case .rejected(let reason): ("rejected", reason)
        case .leftAlone(let path): ("left alone", path)
        case .unaccounted(let why): ("unaccounted for", why)
        }
      let columns = ["\(index + 1)", kind, Account.printable(what), line.identity.eventID ?? ""]
      return columns.joined(separator: "\t")
    }
  }

  private func fate(of bytes: [UInt8], _ identity: EntryIdentity, settled: Bool) -> Account.Fate {
    let found = identity.eventID.flatMap { tables[$0] }
    let rejection = reasonByBytes[bytes] ?? identity.eventID.flatMap { reasonByID[$0] }
    if identity.isTest, found != nil || rejection != nil {
      return .unaccounted("something of a test was kept: \(identity.eventID ?? identity.path)")
    }
    if let reason = reasonByBytes[bytes] {
      return found == nil
        ? .rejected(reason: reason) : .unaccounted("both a row and rejected: \(identity.path)")
    }
    if let found {
      return found.count == 1
        ? .row(table: found.keys.first ?? "")
        : .unaccounted("one event in \(found.count) tables: \(identity.eventID ?? "")")
    }
    if let reason = identity.eventID.flatMap({ reasonByID[$0] }) {
      return .rejected(reason: reason)
    }
    if identity.counts {
      return .unaccounted("neither row nor rejection: \(identity.eventID ?? identity.path)")
    }
    return settled
      ? .leftAlone(path: identity.leftAlone) : .unaccounted("not settled: \(identity.path)")
  }
}
