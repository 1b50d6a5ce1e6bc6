// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import LocalCloud

@Suite struct BigQueryAPITests {
  private let scratch = Scratch()
  private let moment = Moment(uptime: .seconds(100), unix: 1_767_323_045_000_000)

  private func call(_ store: BigQueryStore, _ method: String, _ path: String, _ body: String = "")
    throws -> (status: Int, body: JSON)
  {
    let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
    let answer = BigQueryAPI(store: store).answer(
      APIRequest(
        method, "/bigquery/v2/projects/local/datasets" + parts[0],
        query: parts.count > 1 ? parts[1] : nil, body: Array(body.utf8)), at: moment)
    return (answer.status, try JSON.parse(answer.body))
  }

  private func store() throws -> BigQueryStore {
    let store = try BigQueryStore(folder: scratch.path, project: "local")
    if store.datasets["d"] == nil {
      _ = try call(store, "POST", "/", #"{"datasetReference":{"datasetId":"d"}}"#)
      let made = try call(
        store, "POST", "/d/tables",
        #"""
        {"tableReference":{"tableId":"t"},"timePartitioning":{"type":"DAY"},
         "schema":{"fields":[{"name":"n","type":"INT64"},
                             {"name":"at","type":"TIMESTAMP","mode":"REQUIRED","description":"when"},
                             {"name":"ok","type":"BOOL","mode":"REPEATED"}]}}
        """#)
      #expect(made.status == 200)
    }
    return store
  }

  @Test func `a table keeps what it was made with, over a restart`() throws {
    _ = try store()
    let table = try call(try store(), "GET", "/d/tables/t").body
    #expect(table["timePartitioning"]?["type"]?.string == "DAY")
    #expect(table["schema"]?["fields"]?.array?.first?["type"]?.string == "INTEGER")
    #expect(table["schema"]?["fields"]?.array?[1]["description"]?.string == "when")
    #expect(table["numRows"]?.string == "0")
    #expect(table["creationTime"]?.string != nil)
  }

  @Test(arguments: [
    ("POST", "/", #"{"datasetReference":{"datasetId":"d"}}"#, 409),
    ("POST", "/", #"{"datasetReference":{"datasetId":"a-b"}}"#, 400), ("GET", "/x", "", 404),
    ("POST", "/d/tables", #"{"tableReference":{"tableId":"t"}}"#, 409),
    ("POST", "/x/tables", #"{"tableReference":{"tableId":"t"}}"#, 404),
    ("POST", "/d/tables", #"{"tableReference":{"tableId":"v"},"view":{"query":"SELECT 1"}}"#, 501),
    ("POST", "/d/tables", #"{"tableReference":{"tableId":"../../x.y"}}"#, 400),
    (
      "POST", "/d/tables",
      #"{"tableReference":{"tableId":"u"},"schema":{"fields":[{"name":"a b","type":"STRING"}]}}"#,
      400
    ),
    (
      "POST", "/d/tables",
      #"{"tableReference":{"tableId":"u"},"schema":{"fields":[{"name":"a","type":"WORD"}]}}"#, 400
    ), ("GET", "/d/tables/x", "", 404), ("DELETE", "/d/tables/x", "", 404),
    ("GET", "/d/tables/t/data?maxResults=x", "", 400), ("POST", "/d/models", "", 404),
    ("GET", "/d", "", 200), ("GET", "/d/tables", "", 200), ("DELETE", "/d/tables/t", "", 200),
  ])
  func `each call has its status`(_ method: String, _ path: String, _ body: String, _ status: Int)
    throws
  {
    #expect(try call(try store(), method, path, body).status == status)
  }

  @Test(arguments: [
    (
      #"{"name":"n","type":"INTEGER"},{"name":"at","type":"TIMESTAMP","mode":"NULLABLE"},"#
        + #"{"name":"ok","type":"BOOLEAN","mode":"REPEATED"},{"name":"new","type":"STRING"}"#, 200
    ),
    (#"{"name":"n","type":"INTEGER"}"#, 400),
    (
      #"{"name":"n","type":"STRING"},{"name":"at","type":"TIMESTAMP","mode":"REQUIRED"},"#
        + #"{"name":"ok","type":"BOOLEAN","mode":"REPEATED"}"#, 400
    ),
    (
      #"{"name":"n","type":"INTEGER"},{"name":"at","type":"TIMESTAMP","mode":"REQUIRED"},"#
        + #"{"name":"ok","type":"BOOLEAN","mode":"REPEATED"},"#
        + #"{"name":"must","type":"STRING","mode":"REQUIRED"}"#, 400
    ),
  ])
  func `a table takes new optional columns and nothing that would break its rows`(
    _ fields: String, _ status: Int
  ) throws {
    let answer = try call(
      try store(), "PATCH", "/d/tables/t", #"{"schema":{"fields":[\#(fields)]}}"#)
    #expect(answer.status == status)
    let columns = try call(try store(), "GET", "/d/tables/t").body["schema"]?["fields"]?.array
    #expect(columns?.count == (status == 200 ? 4 : 3))
  }

  @Test func `rows are listed in pages, with all scalars as strings`() throws {
    let store = try store()
    _ = try call(
      store, "POST", "/d/tables/t/insertAll",
      #"""
      {"rows":[{"json":{"n":1,"at":"2026-01-02T03:04:05.5Z","ok":[true,"false"]}},
               {"json":{"at":0}},{"json":{"n":"3","at":-1.5}}]}
      """#)
    let first = try call(store, "GET", "/d/tables/t/data?maxResults=2").body
    #expect(first["totalRows"]?.string == "3")
    #expect(
      first["rows"]?.text
        == #"[{"f":[{"v":"1"},{"v":"1767323045.500000"},{"v":[{"v":"true"},{"v":"false"}]}]},"#
        + #"{"f":[{"v":null},{"v":"0.000000"},{"v":[]}]}]"#)
    let token = try #require(first["pageToken"]?.string)
    let second = try call(
      store, "GET",
      "/d/tables/t/data?pageToken=\(token)&formatOptions.useInt64Timestamp=True"
    ).body
    #expect(second["rows"]?.text == #"[{"f":[{"v":"3"},{"v":"-1500000"},{"v":[]}]}]"#)
    #expect(second["pageToken"] == nil)
  }

  @Test func `another project is not this one`() throws {
    let answer = BigQueryAPI(store: try store()).answer(
      APIRequest("GET", "/bigquery/v2/projects/other/datasets/d"), at: moment)
    #expect(answer.status == 404)
  }
}
