// SPDX-License-Identifier: MIT

/// Shows suffix tables with their rows and bytes, and warns before a query over all of them fails.
public struct ListTables: Sendable {
  /// BigQuery's limit on the tables that one query reads.
  static let mostPerQuery = 1_000
  static let warnFrom = 800

  let upkeep: Upkeep

  public init(_ upkeep: Upkeep) { self.upkeep = upkeep }

  struct Size: Sendable {
    let table: String
    let day: Day?
    /// Without those in the streaming buffer, which BigQuery only estimates.
    let rows: Int
    let buffered: Int
    let bytes: Int
    let expires: Day?
  }

  public func run() async throws -> Completion {
    let names = upkeep.pattern.isEmpty ? [upkeep.template] : try await upkeep.suffixTables()
    let sizes = try await forEach(names, "tables") { try await size($0) }.compactMap(\.self)
    let width = max(5, sizes.map(\.table.count).max() ?? 0)
    upkeep.say(Self.line("table", "rows", "buffered", "bytes", "expires", width))
    for size in sizes {
      upkeep.say(
        Self.line(
          size.table, "\(size.rows)", "\(size.buffered)", "\(size.bytes)",
          size.expires?.description ?? "-", width))
    }
    func sum(_ what: KeyPath<Size, Int>) -> String {
      "\(sizes.reduce(0) { $0 &+ $1[keyPath: what] })"
    }
    upkeep.say(
      Self.line("\(sizes.count) tables", sum(\.rows), sum(\.buffered), sum(\.bytes), "", width))
    if !upkeep.pattern.isEmpty { for line in Self.warnings(sizes) { Upkeep.note(line) } }
    return .done
  }

  private func size(_ name: String) async throws -> Size? {
    guard let table = try await upkeep.bigQuery.table(name) else { return nil }
    return Size(
      table: name, day: upkeep.pattern.day(of: upkeep.suffix(of: name)),
      rows: table["numRows"]?.int ?? 0,
      buffered: table["streamingBuffer"]?["estimatedRows"]?.int ?? 0,
      bytes: table["numBytes"]?.int ?? 0,
      expires: (table["expirationTime"]?.int).map(Day.init(milliseconds:)))
  }

  private static func line(
    _ table: String, _ rows: String, _ buffered: String, _ bytes: String, _ expires: String,
    _ width: Int
  ) -> String {
    func pad(_ count: Int, _ text: String) -> String {
      String(repeating: " ", count: max(0, count - text.count))
    }
    let line =
      table + pad(width, table) + pad(12, rows) + rows + pad(12, buffered) + buffered
      + pad(16, bytes) + bytes + pad(12, expires) + expires
    return String(line.reversed().drop { $0 == " " }.reversed())
  }

  static func warnings(_ sizes: [Size]) -> [String] {
    guard sizes.count >= warnFrom else { return [] }
    let move = "Move old ones into one table (scripts/tables.sh move), or choose a coarser suffix."
    var lines: [String] = []
    if sizes.count > mostPerQuery {
      lines.append(
        "warning: \(sizes.count) tables: a query over all of them fails, as one may read "
          + "\(mostPerQuery). Ask for fewer days with events_between. \(move)")
    } else {
      lines.append(
        "warning: \(sizes.count) tables: from \(mostPerQuery + 1) on, a query over all of them fails. "
          + move)
    }
    let days = Dictionary(grouping: sizes.compactMap(\.day)) { $0 }.mapValues(\.count)
    if let busiest = days.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) {
      let most = mostPerQuery / busiest.value
      lines.append(
        "\(busiest.key) has the most, \(busiest.value): "
          + (most > 0
            ? "a query can read about \(most) such days." : "a query can't read even that day."))
    }
    return lines
  }
}
