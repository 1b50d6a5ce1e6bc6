// SPDX-License-Identifier: MIT
import HTTPServer

/// BigQuery's REST paths over the store. Each answer has the shape of the v2 reference.
struct BigQueryAPI {
  let store: BigQueryStore

  func answer(_ request: APIRequest, at moment: Moment) -> APIResponse {
    if request.body.count > 2 * InsertAllRequest.maximumBytes { return Self.tooLarge }
    do {
      return .json(try route(request, at: moment))
    } catch {
      return .error(error)
    }
  }

  /// Far over the limit it is not BigQuery that answers but the front end before it, in HTML.
  private static let tooLarge = APIResponse(
    413, contentType: "text/html; charset=UTF-8",
    body: Array(
      """
      <html><title>Error 413 (Request Entity Too Large)!!1</title>
      <p><b>413.</b> Your client issued a request that was too large.</html>
      """.utf8))

  private func route(_ request: APIRequest, at moment: Moment) throws(GoogleError) -> JSON {
    // bigquery/v2/projects/P/datasets[/D[/tables[/T[/data|insertAll]]]]
    let path = request.segments
    guard path.count >= 5, path[0] == "bigquery", path[1] == "v2", path[2] == "projects",
      path[4] == "datasets"
    else { throw .notFound("Not found: \(request.path)") }
    guard path[3] == store.project else { throw .notFound("Not found: Project \(path[3])") }

    switch (request.method, path.count) {
    case ("GET", 5): return datasetList
    case ("POST", 5): return try insertDataset(request)
    case ("GET", 6): return try dataset(path[5])
    default: break
    }
    guard path.count >= 7, path[6] == "tables" else { throw Self.noMethod(request) }
    let dataset = path[5]
    switch (request.method, path.count) {
    case ("GET", 7): return try tableList(dataset, request)
    case ("POST", 7): return try insertTable(dataset, request, at: moment)
    case ("GET", 8): return resource(try store.table(dataset, path[7]))
    case ("PATCH", 8), ("PUT", 8):
      return try changeTable(dataset, path[7], request, at: moment)
    case ("DELETE", 8):
      try store.deleteTable(dataset, path[7])
      return [:]
    case ("GET", 9) where path[8] == "data":
      return try TableDataList(request).answer(from: try store.table(dataset, path[7]))
    case ("POST", 9) where path[8] == "insertAll":
      return try insertAll(dataset, path[7], request, at: moment)
    default: throw Self.noMethod(request)
    }
  }

  private static func noMethod(_ request: APIRequest) -> GoogleError {
    .notFound("Not found: \(request.method) \(request.path)")
  }

  private func insertAll(
    _ dataset: String, _ table: String, _ request: APIRequest, at moment: Moment
  ) throws(GoogleError) -> JSON {
    let body = try InsertAllRequest(body: request.body)
    let errors = try store.insertAll(body, into: dataset, table, at: moment)
    var answer = JSON.Members([("kind", "bigquery#tableDataInsertAllResponse")])
    if !errors.isEmpty {
      answer["insertErrors"] = .array(
        errors.map { ["index": JSON($0.index), "errors": .array($0.errors.map(\.json))] })
    }
    return .object(answer)
  }
}

extension BigQueryAPI {
  private var datasetList: JSON {
    [
      "kind": "bigquery#datasetList",
      "datasets": .array(store.datasets.keys.sorted().map(datasetResource)),
    ]
  }

  private func dataset(_ name: String) throws(GoogleError) -> JSON {
    guard store.datasets[name] != nil else {
      throw .notFound("Not found: Dataset \(store.project):\(name)")
    }
    return datasetResource(name)
  }

  private func datasetResource(_ name: String) -> JSON {
    [
      "kind": "bigquery#dataset", "id": .string("\(store.project):\(name)"),
      "datasetReference": ["projectId": .string(store.project), "datasetId": .string(name)],
      "location": "US",
    ]
  }

  private func insertDataset(_ request: APIRequest) throws(GoogleError) -> JSON {
    let body = try request.object()
    guard let name = body["datasetReference"]?["datasetId"]?.string else {
      throw .invalid("Required parameter is missing: datasetReference.datasetId")
    }
    try store.createDataset(name)
    return datasetResource(name)
  }

  private func tableList(_ dataset: String, _ request: APIRequest) throws(GoogleError) -> JSON {
    let tables = try store.tables(in: dataset)
    let page = try ListPage(request, defaultSize: 1_000)
    let range = page.range(of: tables.count)
    var answer = JSON.Members([
      ("kind", "bigquery#tableList"), ("totalItems", JSON(tables.count)),
      (
        "tables",
        .array(
          tables[range].map { table in
            ["kind": "bigquery#table", "id": id(table), "tableReference": reference(table)]
          })
      ),
    ])
    if let token = page.nextToken(of: tables.count) { answer["nextPageToken"] = .string(token) }
    return .object(answer)
  }

  private func insertTable(_ dataset: String, _ request: APIRequest, at moment: Moment)
    throws(GoogleError) -> JSON
  {
    var body = try request.object()
    guard let name = body["tableReference"]?["tableId"]?.string else {
      throw .invalid("Required parameter is missing: tableReference.tableId")
    }
    guard body["view"] == nil, body["materializedView"] == nil else {
      throw .unimplemented("local-cloud has no SQL, hence no views.")
    }
    let columns = try Column.columns(from: body["schema"]?["fields"] ?? [])
    body["schema"] = nil
    body["tableReference"] = nil
    return resource(
      try store.createTable(dataset, name, columns: columns, resource: body, at: moment))
  }

  private func changeTable(
    _ dataset: String, _ name: String, _ request: APIRequest, at moment: Moment
  ) throws(GoogleError) -> JSON {
    guard let fields = try request.object()["schema"]?["fields"] else {
      return resource(try store.table(dataset, name))
    }
    let columns = try Column.columns(from: fields)
    return resource(try store.changeTable(dataset, name, columns: columns, at: moment))
  }

  private func id(_ table: Table) -> JSON {
    .string("\(store.project):\(table.dataset).\(table.name)")
  }

  private func reference(_ table: Table) -> JSON {
    [
      "projectId": .string(store.project), "datasetId": .string(table.dataset),
      "tableId": .string(table.name),
    ]
  }

  private func resource(_ table: Table) -> JSON {
    var members = table.resource ?? JSON.Members()
    members["kind"] = "bigquery#table"
    members["id"] = id(table)
    members["tableReference"] = reference(table)
    members["type"] = "TABLE"
    members["location"] = "US"
    members["schema"] = ["fields": .array(table.columns.map(\.json))]
    // 64-bit numbers are strings in Google's JSON.
    members["numRows"] = .string(String(table.rows.count))
    members["numBytes"] = .string(String(table.rows.size))
    members["creationTime"] = .string(String(table.created / 1_000))
    members["lastModifiedTime"] = .string(String(table.modified / 1_000))
    return .object(members)
  }
}
