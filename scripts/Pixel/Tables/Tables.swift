// SPDX-License-Identifier: MIT

/// What the commands do with tables, views and queries of the dataset.
extension BigQuery {
  private var path: String { "/datasets/\(Self.escaped(dataset))" }

  private func path(_ table: String) -> String { "\(path)/tables/\(Self.escaped(table))" }

  /// A name as SQL takes it, with its backticks.
  func sqlName(_ name: String) -> String { "`\(project).\(dataset).\(name)`" }

  func datasetResource() async throws -> JSON {
    guard let resource = try await find(path) else {
      throw Failure("There is no dataset \(project):\(dataset). Check --project and --dataset.")
    }
    return resource
  }

  func patchDataset(_ changes: JSON) async throws {
    _ = try await call("PATCH", path, body: changes)
  }

  /// Names and kinds of all that the dataset lists, by name.
  func tableNames() async throws -> [(name: String, kind: String)] {
    var all: [(String, String)] = []
    var query = ["maxResults": "1000"]
    repeat {
      guard let page = try await find("\(path)/tables", query: query) else {
        throw Failure("There is no dataset \(project):\(dataset). Check --project and --dataset.")
      }
      for item in page["tables"]?.array ?? [] {
        guard let name = item["tableReference"]?["tableId"]?.string else { continue }
        all.append((name, item["type"]?.string ?? "TABLE"))
      }
      query["pageToken"] = page["nextPageToken"]?.string
    } while query["pageToken"] != nil
    return all.sorted { $0.0 < $1.0 }
  }

  func table(_ name: String) async throws -> JSON? { try await find(path(name)) }

  func patchTable(_ name: String, _ changes: JSON) async throws {
    _ = try await call("PATCH", path(name), body: changes)
  }

  /// Makes a table; that it is there already is as good.
  func insertTable(_ name: String, _ resource: JSON) async throws {
    let reference: JSON = [
      "projectId": .string(project), "datasetId": .string(dataset), "tableId": .string(name),
    ]
    do {
      _ = try await call("POST", "\(path)/tables", body: resource.with("tableReference", reference))
    } catch let error as APIError where error.status == 409 {}
  }

  /// Removes a table; that it is gone already is as good.
  func deleteTable(_ name: String) async throws {
    do {
      _ = try await call("DELETE", path(name))
    } catch let error as APIError where error.status == 404 {}
  }

  func routine(_ name: String) async throws -> JSON? {
    try await find("\(path)/routines/\(Self.escaped(name))")
  }

  /// Runs SQL to its end: the values of the first row, as text.
  @discardableResult
  func query(_ sql: String) async throws -> [String?] {
    let body: JSON = ["query": .string(sql), "useLegacySql": false, "timeoutMs": 60_000]
    var answer = try await call("POST", "/queries", body: body)
    while answer["jobComplete"]?.isTrue != true {
      guard let job = answer["jobReference"]?["jobId"]?.string else {
        throw Failure("BigQuery gave neither an answer nor a job.")
      }
      var options = ["timeoutMs": "60000"]
      options["location"] = answer["jobReference"]?["location"]?.string
      answer = try await call("GET", "/queries/\(Self.escaped(job))", query: options)
    }
    return answer["rows"]?.array?.first?["f"]?.array?.map { $0["v"]?.string } ?? []
  }
}
