// SPDX-License-Identifier: MIT

/// Brings the template table, then all suffix tables, up to the contract.
///
/// The template comes first, so that what inserts make meanwhile has the columns already. A table that
/// still has rows in its streaming buffer is left alone: BigQuery itself brings a change of the template
/// to those, and changing them meanwhile can lose the rows. Running it again goes on where it ended.
public struct AddColumns: Sendable {
  let upkeep: Upkeep
  let columns: [JSON]
  /// The table of moved rows, which gets the columns too.
  let archive: String?

  public init(_ upkeep: Upkeep, columns: [JSON], archive: String?) throws {
    (self.upkeep, self.columns) = (upkeep, columns)
    self.archive = try upkeep.checked(archive: archive)
  }

  enum Verdict: Sendable, Equatable {
    case changed, hadThem, later, gone
    case failed(String)
  }

  public func run() async throws -> Completion {
    let first = try await change(upkeep.template, await upkeep.templateTable(), mayWait: false)
    if case .failed(let reason) = first { throw Failure("\(upkeep.template): \(reason).") }
    if first == .hadThem { upkeep.say("\(upkeep.template): has all columns of the contract") }

    var tables = upkeep.pattern.isEmpty ? [] : try await upkeep.suffixTables()
    if let archive { tables.append(archive) }
    let verdicts = try await forEach(tables, "columns") { name in
      do {
        guard let table = try await upkeep.bigQuery.table(name) else { return Verdict.gone }
        return try await change(name, table, mayWait: name != archive)
      } catch {
        return .failed("\(error)")
      }
    }
    return report(Array(zip(tables, verdicts)))
  }

  private func change(_ name: String, _ table: JSON, mayWait: Bool) async throws -> Verdict {
    let change = ColumnChange(from: table["schema"]?["fields"]?.array ?? [], to: columns)
    switch change {
    case .none: return .hadThem
    case .conflict(let reason): return .failed(reason)
    case .change(let columns, let what):
      if mayWait, table["streamingBuffer"] != nil { return .later }
      if !upkeep.isDryRun {
        try await upkeep.bigQuery.patchTable(name, ["schema": ["fields": .array(columns)]])
      }
      let words = what.joined(separator: ", ")
      upkeep.say(done: "\(name): \(words)", wouldBe: "change \(name): \(words)")
      return .changed
    }
  }

  private func report(_ results: [(table: String, verdict: Verdict)]) -> Completion {
    func count(_ verdict: Verdict) -> Int { results.count { $0.verdict == verdict } }
    let failed = results.compactMap { result in
      if case .failed(let reason) = result.verdict { (result.table, reason) } else { nil }
    }
    for (table, reason) in failed { Upkeep.note("\(table): \(reason)") }
    let later = count(.later)
    upkeep.say(
      "\(results.count - count(.gone)) tables: \(count(.changed)) "
        + "\(upkeep.isDryRun ? "to change" : "changed"), "
        + "\(count(.hadThem)) had all columns, \(later) wait, \(failed.count) failed")
    if later > 0 {
      Upkeep.note(
        "\(later) tables still have rows in their streaming buffer. The change of the template "
          + "reaches them by itself; run this again in a quarter of an hour to see that it has.")
    }
    return failed.isEmpty ? (later == 0 ? .done : .unfinished) : .failed
  }
}
