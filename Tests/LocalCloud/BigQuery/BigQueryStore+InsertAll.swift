// SPDX-License-Identifier: MIT

extension BigQueryStore {
  /// Inserts all rows or, if one is invalid, none (unless the request skips invalid rows); the
  /// rows are in the file when this returns. Returns the errors by the row's index, in the order
  /// that BigQuery has: invalid rows first, then the stopped ones.
  func insertAll(
    _ request: InsertAllRequest, into dataset: String, _ name: String, at moment: Moment
  ) throws(GoogleError) -> [(index: Int, errors: [RowError])] {
    // A partition decorator chooses a partition, and there are none here.
    let template = try table(dataset, String(name.prefix { $0 != "$" }))
    let target = request.templateSuffix.isEmpty ? nil : template.name + request.templateSuffix
    let existing = target.flatMap { datasets[dataset]?[$0] }
    let columns = (target == nil ? template : existing ?? template).columns
    guard !columns.isEmpty else { throw .invalid("The destination table has no schema.") }

    var good: [(insertID: String?, line: [UInt8])] = []
    var bad: [(index: Int, errors: [RowError])] = []
    var goodIndexes: [Int] = []
    for (index, row) in request.rows.enumerated() {
      let (line, errors) = check(row, columns, request.ignoreUnknownValues)
      if errors.isEmpty {
        good.append((row.insertID, line))
        goodIndexes.append(index)
      } else {
        bad.append((index, errors))
      }
    }
    if !bad.isEmpty && !request.skipInvalidRows {
      return bad + goodIndexes.map { ($0, [.stopped]) }
    }
    if good.isEmpty { return bad }

    var destination = existing ?? template
    if let target, existing == nil {
      destination = try createTable(dataset, target, columns: columns, resource: nil, at: moment)
    }
    let reference = "\(dataset).\(name)|\(request.templateSuffix)"
    try append(good, to: destination, reference: reference, at: moment)
    return bad
  }

  /// Appends the rows whose `insertId` is new.
  private func append(
    _ rows: [(insertID: String?, line: [UInt8])], to table: Table, reference: String,
    at moment: Moment
  ) throws(GoogleError) {
    var keys: [InsertIDWindow.Key] = []
    var lines: [[UInt8]] = []
    for row in rows {
      if let id = row.insertID, !id.isEmpty {
        let key = InsertIDWindow.Key(destination: reference, insertID: id)
        if window.isRepeat(key, at: moment.uptime) { continue }
        keys.append(key)
      }
      lines.append(row.line)
    }
    do {
      try table.rows.append(lines)
    } catch {
      // What was not written must not count as seen, or its repetition would be lost.
      for key in keys { window.forget(key) }
      throw .internalError("\(error)")
    }
    deduplicated += rows.count - lines.count
    if lines.isEmpty { return }
    table.written = moment.unix
    onInsert(lines, table)
  }

  private func check(_ row: InsertAllRequest.Row, _ columns: [Column], _ ignoreUnknown: Bool)
    -> (line: [UInt8], errors: [RowError])
  {
    if let id = row.insertID, id.utf8.count > InsertAllRequest.maximumInsertIDLength {
      let limit = InsertAllRequest.maximumInsertIDLength
      return ([], [.invalid("", "insertId is longer than \(limit) bytes.")])
    }
    if row.size > InsertAllRequest.maximumRowBytes {
      let message =
        "Maximum allowed row size exceeded. Allowed: \(InsertAllRequest.maximumRowBytes) "
        + "Row size: \(row.size)"
      return ([], [.invalid("", message)])
    }
    var check = RowCheck(ignoreUnknownValues: ignoreUnknown)
    let kept = check.row(row.json, columns: columns)
    return (JSON.object(kept).bytes, check.errors)
  }
}
