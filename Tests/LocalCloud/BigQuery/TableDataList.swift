// SPDX-License-Identifier: MIT

/// Which part of a list a request wants: `maxResults`, and `pageToken` or `startIndex`.
struct ListPage {
  let start: Int
  let size: Int

  init(_ request: APIRequest, defaultSize: Int) throws(GoogleError) {
    func number(_ name: String) throws(GoogleError) -> Int? {
      guard let text = request.parameter(name) else { return nil }
      guard let value = Int(text), value >= 0 else {
        throw .invalid("Invalid value for \(name): \(text)")
      }
      return value
    }
    let token = try number("pageToken")
    let index = try number("startIndex")
    let most = try number("maxResults")
    start = token ?? index ?? 0
    size = min(most ?? defaultSize, 50_000)
  }

  func range(of count: Int) -> Range<Int> {
    let start = min(start, count)
    return start..<min(count, start.addingReportingOverflow(size).partialValue)
  }

  func nextToken(of count: Int) -> String? {
    let end = range(of: count).upperBound
    return end < count && size > 0 ? String(end) : nil
  }
}

/// `tabledata.list`: rows as `{"f":[{"v":…}]}` in the order of the columns, all scalars as strings.
struct TableDataList {
  private let page: ListPage
  private let int64Timestamps: Bool

  init(_ request: APIRequest) throws(GoogleError) {
    page = try ListPage(request, defaultSize: 1_000)
    // Google's Python client writes "True".
    let flag = request.parameter("formatOptions.useInt64Timestamp")
    int64Timestamps = flag?.lowercased() == "true"
  }

  func answer(from table: Table) throws(GoogleError) -> JSON {
    let lines: [[UInt8]]
    do {
      lines = try table.rows.lines(page.range(of: table.rows.count))
    } catch {
      throw .internalError("\(error)")
    }
    let rows = lines.map { line in
      record((try? JSON.parse(line))?.members ?? JSON.Members(), table.columns)
    }
    var answer = JSON.Members([
      ("kind", "bigquery#tableDataList"), ("totalRows", .string(String(table.rows.count))),
      ("rows", .array(rows)),
    ])
    if let token = page.nextToken(of: table.rows.count) { answer["pageToken"] = .string(token) }
    return .object(answer)
  }

  private func record(_ row: JSON.Members, _ columns: [Column]) -> JSON {
    ["f": .array(columns.map { ["v": value(row[$0.name], $0)] })]
  }

  private func value(_ value: JSON?, _ column: Column) -> JSON {
    if column.mode == .repeated {
      return .array((value?.array ?? []).map { ["v": single($0, column)] })
    }
    return value.map { single($0, column) } ?? .null
  }

  private func single(_ value: JSON, _ column: Column) -> JSON {
    switch (column.kind, value) {
    case (.record, .object(let members)): record(members, column.fields)
    case (.timestamp, .string(let text)): timestamp(text)
    case (_, .bool(let flag)): .string(flag ? "true" : "false")
    case (_, .number(let text)): .string(text)
    default: value
    }
  }

  private func timestamp(_ text: String) -> JSON {
    guard let microseconds = try? CivilTimeParser.timestamp(text) else { return .null }
    if int64Timestamps { return .string(String(microseconds)) }
    let seconds = microseconds.floorDivided(by: 1_000_000)
    return .string("\(seconds).\((microseconds - seconds * 1_000_000).padded(6))")
  }
}
