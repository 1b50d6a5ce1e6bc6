// SPDX-License-Identifier: MIT
import Foundation

/// Sets when suffix tables go: the dataset's default for new ones, an expiration for each that is there;
/// and the same for the partitions of a table that has all rows.
public struct Expire: Sendable {
  let upkeep: Upkeep
  let expiry: Expiry
  let archive: String?

  public init(_ upkeep: Upkeep, days: Int?, archive: String?) throws {
    guard days ?? .max >= Expiry.fewestDays else {
      throw Failure(
        "--days is \(days ?? 0): allowed is \(Expiry.fewestDays) or more, or never. Messages come up "
          + "to 7 days late, and rows for a table that has just gone can be lost.")
    }
    (self.upkeep, expiry) = (upkeep, Expiry(days: days))
    self.archive = try upkeep.checked(archive: archive)
  }

  public func run() async throws -> Completion {
    guard upkeep.pattern.isEmpty || upkeep.pattern.unit != nil || expiry.days == nil else {
      throw Failure(
        "Tables of '\(upkeep.pattern.pattern)' have no date: each has old rows and new ones, so none "
          + "can expire. Put {date} into the suffix, or move them into one table and expire that.")
    }
    let partitioned = [upkeep.pattern.isEmpty ? upkeep.template : nil, archive].compactMap(\.self)
    for name in partitioned { try await expirePartitions(of: name) }
    guard !upkeep.pattern.isEmpty else { return .done }

    // First what has to stay, so that it is never in danger; last the default, which is for new tables.
    let empty = upkeep.prefix + SuffixPattern.empty
    for name in [upkeep.template, EventsSQL.view, empty, archive].compactMap(\.self) {
      try await upkeep.keepForEver(name)
    }
    try await expireDataset()
    let now = Int(Date().timeIntervalSince1970 * 1_000)
    let tables = try await upkeep.suffixTables().filter { $0 != empty }
    let failures = try await forEach(tables, "expiry") { name in
      do {
        return try await expire(name, now: now)
      } catch {
        return .failed("\(name): \(error)")
      }
    }
    return report(failures)
  }

  private enum Verdict: Sendable {
    case changed, same, undated
    case failed(String)
  }

  private func expire(_ name: String, now: Int) async throws -> Verdict {
    guard let end = upkeep.pattern.end(of: upkeep.suffix(of: name)) else {
      return expiry.days == nil ? .same : .undated
    }
    guard let table = try await upkeep.bigQuery.table(name) else { return .same }
    let verdict = expiry.verdict(end: end, current: table["expirationTime"]?.int, now: now)
    guard case .change(let time) = verdict else { return .same }
    if !upkeep.isDryRun {
      let value = time.map { JSON.string(String($0)) } ?? .null
      try await upkeep.bigQuery.patchTable(name, ["expirationTime": value])
    }
    let words = time.map { "expires on \(Day(milliseconds: $0))" } ?? "never expires"
    upkeep.say(done: "\(name): \(words)", wouldBe: "set: \(name): \(words)")
    return .changed
  }

  private func report(_ verdicts: [Verdict]) -> Completion {
    var (changed, same, undated, failed) = (0, 0, 0, 0)
    for verdict in verdicts {
      switch verdict {
      case .changed: changed += 1
      case .same: same += 1
      case .undated: undated += 1
      case .failed(let reason):
        failed += 1
        Upkeep.note(reason)
      }
    }
    upkeep.say(
      "\(verdicts.count) tables: \(changed) \(upkeep.isDryRun ? "to change" : "changed"), \(same) unchanged, "
        + "\(undated) without a date left alone, \(failed) failed")
    return failed == 0 ? .done : .failed
  }

  private func expireDataset() async throws {
    let current = try await upkeep.bigQuery.datasetResource()["defaultTableExpirationMs"]?.int
    let name = "dataset \(upkeep.bigQuery.dataset)"
    guard current != expiry.ofDataset else { return upkeep.say("\(name): unchanged") }
    if !upkeep.isDryRun {
      let value = expiry.ofDataset.map { JSON.string(String($0)) } ?? .null
      try await upkeep.bigQuery.patchDataset(["defaultTableExpirationMs": value])
    }
    let words = expiry.ofDataset.map { "new tables expire after \($0 / 86_400_000) days" }
    let text = words ?? "new tables never expire"
    upkeep.say(done: "\(name): \(text)", wouldBe: "set: \(name): \(text)")
  }

  private func expirePartitions(of name: String) async throws {
    guard let table = try await upkeep.bigQuery.table(name) else {
      throw Failure("There is no table \(name).")
    }
    guard let partitioning = table["timePartitioning"] else {
      throw Failure("\(name) is not partitioned, so nothing in it can expire.")
    }
    guard partitioning["expirationMs"]?.int != expiry.ofPartitions else {
      return upkeep.say("\(name): unchanged")
    }
    if !upkeep.isDryRun {
      let value = expiry.ofPartitions.map { JSON.string(String($0)) } ?? .null
      let changed = partitioning.with("expirationMs", value)
      try await upkeep.bigQuery.patchTable(name, ["timePartitioning": changed])
    }
    let words = expiry.days.map { "partitions expire after \($0) days" }
    let text = words ?? "partitions never expire"
    upkeep.say(done: "\(name): \(text)", wouldBe: "set: \(name): \(text)")
  }
}
