// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

@testable import LocalCloud

@Suite struct LocalCloudTests {
  private let scratch = Scratch()
  private let start = Moment(uptime: .seconds(100), unix: 1_767_323_045_678_901)

  private func cloud(_ change: (inout Configuration) -> Void = { _ in }) throws -> LocalCloud {
    var configuration = Configuration()
    configuration.folder = scratch.path + "/data"
    configuration.templates = [
      .init(
        table: "pixel", columns: [Column("event_id", .string), Column("type", .string, .required)])
    ]
    configuration.pushes = [("pixel-logs", "http://localhost:1/")]
    change(&configuration)
    return try LocalCloud(configuration, at: start)
  }

  private func answer(_ cloud: LocalCloud, _ request: APIRequest, at moment: Moment? = nil)
    throws -> APIResponse
  {
    guard case .now(let response) = cloud.answer(request, at: moment ?? start) else {
      throw GoogleError.internalError("the answer does not come at once")
    }
    return response
  }

  private func get(_ cloud: LocalCloud, _ path: String, query: String? = nil) throws -> JSON {
    try JSON.parse(try answer(cloud, APIRequest("GET", path, query: query)).body)
  }

  private func insert(_ cloud: LocalCloud, _ body: String) throws {
    let path = "/bigquery/v2/projects/local/datasets/pixel/tables/pixel/insertAll"
    #expect(try answer(cloud, APIRequest("POST", path, body: Array(body.utf8))).status == 200)
  }

  @Test func `a column that the contract gained is in the tables that exist`() throws {
    let row = #"{"rows":[{"json":{"type":"t"}}],"templateSuffix":"_u1"}"#
    try insert(try cloud(), row)
    let longer = try cloud { $0.templates[0].columns.append(Column("coupon", .string)) }
    try insert(
      longer, #"{"rows":[{"json":{"type":"t","coupon":"x"}}],"templateSuffix":"_u1"}"#)
    let rows = try get(longer, "/_local/tables/pixel/pixel_u1/rows")
    #expect(rows.text.contains(#""coupon":"x""#))
  }

  @Test func `each template has its own tables, and a folder of contracts makes them`() throws {
    let folder = scratch.path + "/contracts"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let files = [
      ("pixel.json", #"[{"name":"a","type":"STRING"}]"#),
      ("pixels.json", #"[{"name":"b","type":"STRING"}]"#), (".hidden.json", "x"),
      ("notes.txt", "x"),
    ]
    for (name, text) in files {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    let templates = try Configuration.templates(contract: folder, table: "unused")
    #expect(templates.map(\.table) == ["pixel", "pixels"])
    let path = "/bigquery/v2/projects/local/datasets/pixel/tables"
    func insert(_ cloud: LocalCloud, _ table: String, _ row: String) throws -> Bool {
      let body = #"{"rows":[{"json":\#(row)}],"templateSuffix":"_u1"}"#
      let request = APIRequest("POST", "\(path)/\(table)/insertAll", body: Array(body.utf8))
      return try JSON.parse(try answer(cloud, request).body)["insertErrors"] == nil
    }
    let first = try cloud { $0.templates = templates }
    #expect(try insert(first, "pixel", #"{"a":"1"}"#) && insert(first, "pixels", #"{"b":"1"}"#))
    #expect(try !insert(first, "pixels", #"{"a":"1"}"#))
    // A column for one template is none for the tables of a template with a longer name.
    let longer = try cloud {
      $0.templates = templates
      $0.templates[0].columns.append(Column("c", .string))
    }
    #expect(try insert(longer, "pixel", #"{"c":"1"}"#) && !insert(longer, "pixels", #"{"c":"1"}"#))
  }

  @Test func `a folder of another contract is told apart in one sentence`() throws {
    try insert(try cloud(), #"{"rows":[{"json":{"type":"t"}}]}"#)
    let error = #expect(throws: GoogleError.self) {
      try cloud { $0.templates[0].columns.removeLast() }
    }
    #expect(error?.message.contains("made by another contract") == true)
    #expect(error?.message.contains("--data") == true)
  }

  @Test func `a hit on the bucket is an image, and a log entry on its way`() throws {
    let cloud = try cloud()
    let request = APIRequest(
      "GET", "/pixel.gif", query: "user_id=%C3%A9&type=a%20b",
      headers: ["host": "localhost:8085", "user-agent": "Test/1", "referer": "http://r/"])
    let image = try answer(cloud, request)
    #expect(image.status == 200 && image.contentType == "image/gif")
    #expect(image.headers.contains { $0.name == "Cache-Control" && $0.value == "no-store" })
    let push = try #require(cloud.broker.pushes(at: start.uptime).first)
    let message = try #require(try JSON.parse(push.body)["message"])
    #expect(
      message["attributes"]?.text
        == #"{"logging.googleapis.com/timestamp":"2026-01-02T03:04:05.678901Z"}"#)
    let data = try #require(message["data"]?.string.flatMap { Data(base64Encoded: $0) })
    let entry = try JSON.parse(data)
    #expect(entry["resource"]?["type"]?.string == "http_load_balancer")
    #expect(entry["timestamp"]?.string == "2026-01-02T03:04:05.678901Z")
    #expect(entry["insertId"]?.string?.count == 14)
    let hit = try #require(entry["httpRequest"])
    #expect(
      hit["requestUrl"]?.string == "http://localhost:8085/pixel.gif?user_id=%C3%A9&type=a%20b")
    #expect(hit["requestMethod"]?.string == "GET" && hit["status"]?.integer == 200)
    #expect(hit["userAgent"]?.string == "Test/1" && hit["referer"]?.string == "http://r/")
    #expect(hit["remoteIp"]?.string == "127.0.0.1" && hit["protocol"] == nil)
  }

  @Test func `our log entries have the fields of the samples`() throws {
    let samples = try Data(contentsOf: Cases.made("lb-logs.jsonl"))
    let sample = try #require(try JSON.parse(samples.prefix { $0 != 0x0A }).members)
    var balancer = LoadBalancer(project: "local")
    let request = APIRequest("GET", "/pixel.png", headers: ["host": "h", "user-agent": "a"])
    let entry = balancer.logEntry(
      for: request, answered: LoadBalancer.response(to: request), at: start)
    #expect(entry.members?.names == sample.names)
    for part in ["jsonPayload", "httpRequest", "resource"] {
      #expect(entry[part]?.members?.names == sample[part]?.members?.names)
    }
    #expect(
      entry["resource"]?["labels"]?.members?.names
        == sample["resource"]?["labels"]?.members?.names)
  }

  @Test func `two hits never have one id`() throws {
    var balancer = LoadBalancer(project: "local")
    let request = APIRequest("GET", "/pixel.png")
    let response = LoadBalancer.response(to: request)
    let ids = (0..<10_000).map { _ in
      balancer.logEntry(for: request, answered: response, at: start)["insertId"]?.string ?? ""
    }
    #expect(Set(ids).count == 10_000)
  }

  @Test(arguments: [TransparentImage.png, TransparentImage.gif])
  func `the images are one transparent pixel to another program too`(_ image: [UInt8]) throws {
    let file = scratch.path + "/image"
    try Data(image).write(to: URL(fileURLWithPath: file))
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    python.arguments = ["python3", "-c", Self.imageCheck, file]
    try python.run()
    python.waitUntilExit()
    #expect(python.terminationStatus == 0)
  }

  private static let imageCheck = """
    import struct, sys, zlib
    b = open(sys.argv[1], 'rb').read()
    if b[:3] == b'GIF':
        assert b[:6] == b'GIF89a' and struct.unpack('<HH', b[6:10]) == (1, 1)
        assert b[19:24] == b'\\x21\\xf9\\x04\\x01\\x00' and b[25] == 0 and b[-1] == 0x3b
        assert len(b) == 43
    else:
        assert b[:8] == b'\\x89PNG\\r\\n\\x1a\\n' and len(b) == 67
        at, data = 8, b''
        while at < len(b):
            size, kind = struct.unpack('>I4s', b[at:at + 8])
            body = b[at + 8:at + 8 + size]
            assert zlib.crc32(kind + body) == struct.unpack('>I', b[at + 8 + size:at + 12 + size])[0]
            if kind == b'IHDR': assert struct.unpack('>IIBBBBB', body) == (1, 1, 8, 6, 0, 0, 0)
            if kind == b'IDAT': data += body
            at += 12 + size
        assert kind == b'IEND' and zlib.decompress(data) == bytes(5)
    """

  @Test func `only GET and HEAD get the image, but all is logged`() throws {
    let cloud = try cloud()
    #expect(try answer(cloud, APIRequest("POST", "/pixel.png")).status == 405)
    #expect(cloud.broker.topics[cloud.sink.topic]?.published == 1)
  }

  @Test func `entries are published line by line as they are`() throws {
    let cloud = try cloud()
    let body = "{\"timestamp\":\"2026-01-02T03:04:05Z\"}\r\n\n  \nnot JSON\n{\"a\":1}"
    let response = try answer(cloud, APIRequest("POST", "/_local/entries", body: Array(body.utf8)))
    #expect(try JSON.parse(response.body)["messageIds"]?.array?.count == 3)
    let recent = cloud.broker.topics[cloud.sink.topic]?.recent ?? []
    #expect(recent.map { String(decoding: $0.payload, as: UTF8.self) }.last == #"{"a":1}"#)
    #expect(recent.first?.attributes[LogSink.attribute] == "2026-01-02T03:04:05Z")
  }

  @Test func `a token opens the APIs, a wrong one never does`() throws {
    let cloud = try cloud { $0.requireToken = true }
    let token = try answer(
      cloud,
      APIRequest(
        "GET", "/computeMetadata/v1/instance/service-accounts/default/token",
        headers: ["metadata-flavor": "Google"]))
    #expect(token.headers.contains { $0.name == "Metadata-Flavor" && $0.value == "Google" })
    let text = try #require(try JSON.parse(token.body)["access_token"]?.string)
    func status(_ authorization: String?, at moment: Moment? = nil) throws -> Int {
      var headers: [String: String] = [:]
      headers["authorization"] = authorization
      return try answer(
        cloud, APIRequest("GET", "/v1/projects/local/topics", headers: headers), at: moment
      ).status
    }
    #expect(try status("Bearer " + text) == 200)
    #expect(try status("Bearer " + text + "x") == 401)
    #expect(try status(nil) == 401)
    #expect(try status("Bearer " + text, at: start.after(.seconds(3_601))) == 401)
    let lenient = try self.cloud()
    let open = APIRequest("GET", "/v1/projects/local/topics")
    #expect(try answer(lenient, open).status == 200)
    let wrong = APIRequest(
      "GET", "/v1/projects/local/topics", headers: ["authorization": "Bearer x"])
    #expect(try answer(lenient, wrong).status == 401)
  }

  private static let questions: [(String, [String: String], Int, String?)] = [
    ("project/project-id", ["metadata-flavor": "Google"], 200, "local"),
    ("project/project-id", [:], 403, nil),
    ("project/project-id", ["metadata-flavor": "Google", "x-forwarded-for": "1.2.3.4"], 403, nil),
    ("project/numeric-project-id", ["metadata-flavor": "Google"], 200, "123456789012"),
    ("instance/service-accounts/default/email", ["metadata-flavor": "Google"], 200, nil),
    ("instance/region", ["metadata-flavor": "Google"], 200, nil),
    ("instance/service-accounts/default/identity", ["metadata-flavor": "Google"], 400, nil),
    ("nothing", ["metadata-flavor": "Google"], 404, nil),
  ]

  @Test(arguments: questions)
  func `the metadata server answers those who know its header`(
    _ path: String, _ headers: [String: String], _ status: Int, _ text: String?
  ) throws {
    let response = try answer(
      try cloud(), APIRequest("GET", "/computeMetadata/v1/" + path, headers: headers))
    #expect(response.status == status)
    if let text { #expect(String(decoding: response.body, as: UTF8.self) == text) }
  }

  @Test func `one token serves until five minutes of it remain`() throws {
    let cloud = try cloud()
    func token(after seconds: Int) throws -> JSON {
      let path = "/computeMetadata/v1/instance/service-accounts/default/token"
      let request = APIRequest("GET", path, headers: ["metadata-flavor": "Google"])
      return try JSON.parse(
        try answer(cloud, request, at: start.after(.seconds(seconds))).body)
    }
    let first = try token(after: 0)
    #expect(first["expires_in"]?.integer == 3_600)
    #expect(try token(after: 3_299)["access_token"] == first["access_token"])
    #expect(try token(after: 3_299)["expires_in"]?.integer == 301)
    #expect(try token(after: 3_301)["access_token"] != first["access_token"])
  }

  @Test func `a fault lasts as long as it was asked for`() throws {
    let cloud = try cloud()
    func fault(_ mode: String) throws -> Int {
      try answer(
        cloud,
        APIRequest(
          "POST", "/_local/fault",
          body: Array(#"{"service":"pubsub","mode":"\#(mode)","seconds":10}"#.utf8))
      ).status
    }
    let publish = APIRequest(
      "POST", "/v1/projects/local/topics/pixel-logs:publish",
      body: Array(#"{"messages":[{"data":"eA=="}]}"#.utf8))
    let published = { cloud.broker.topics[cloud.sink.topic]?.published }
    #expect(try fault("503") == 200)
    #expect(try answer(cloud, publish).status == 503)
    #expect(published() == 0)
    #expect(try answer(cloud, publish, at: start.after(.seconds(10))).status == 200)
    #expect(try fault("503-after") == 200)
    #expect(try answer(cloud, publish).status == 503)
    #expect(published() == 2)
    #expect(try fault("hang") == 200)
    guard case .after(let wait, let late) = cloud.answer(publish, at: start.after(.seconds(4)))
    else { throw GoogleError.internalError("answered at once") }
    #expect(wait == .seconds(6) && late.status == 503)
    #expect(try fault("off") == 200)
    #expect(try answer(cloud, publish).status == 200)
    #expect(try fault("other") == 400)
  }

  @Test func `rows are found by the values of their columns`() throws {
    let cloud = try cloud()
    try insert(
      cloud,
      #"{"templateSuffix":"_a","rows":[{"json":{"event_id":"e1","type":"é \"x\""}},{"json":{"event_id":"e2","type":"y"}}]}"#
    )
    try insert(cloud, #"{"templateSuffix":"_b","rows":[{"json":{"event_id":"e1","type":"z"}}]}"#)
    func tables(_ query: String) throws -> [String] {
      try get(cloud, "/_local/rows", query: query)["rows"]?.array?
        .compactMap { $0["table"]?.string } ?? []
    }
    #expect(try tables("event_id=e1") == ["pixel.pixel_a", "pixel.pixel_b"])
    #expect(try tables("event_id=e1&type=z") == ["pixel.pixel_b"])
    #expect(try tables("type=%C3%A9+%22x%22") == ["pixel.pixel_a"])
    #expect(try tables("event_id=e") == [])
    #expect(try tables("limit=2").count == 2)
    let listed = try get(cloud, "/_local/tables/pixel/pixel_a/rows", query: "limit=1")
    #expect(listed["rows"]?.text == #"[{"event_id":"e2","type":"y"}]"#)
    #expect(listed["total"]?.integer == 2 && listed["offset"]?.integer == 1)
  }

  @Test func `all survives a restart, and a reset leaves only what was made`() throws {
    do {
      let cloud = try cloud()
      try insert(cloud, #"{"templateSuffix":"_a","rows":[{"json":{"type":"x"}}]}"#)
      _ = try answer(cloud, APIRequest("GET", "/pixel.png"))
      try cloud.broker.publish(
        [Message(payload: [1], attributes: ["reason": "missing_required", "detail": "type"])],
        to: cloud.broker.topicName(Configuration.rejectedTopic), at: start)
    }
    let cloud = try cloud()
    var state = try get(cloud, "/_local/state")
    #expect(state["rows"]?.integer == 1)
    let events = try get(cloud, "/_local/events")["events"]?.array ?? []
    #expect(Set(events.map { $0["verdict"]?.string }) == ["row", "rejected"])
    #expect(Set(events.map { $0["table"]?.string }) == ["pixel.pixel_a", nil])
    #expect(state["rejections"]?["reasons"]?.text == #"{"missing_required":1}"#)
    let logs = state["topics"]?.array?.first { $0["name"]?.string == "pixel-logs" }
    #expect(logs?["backlog"]?.integer == 1)
    _ = try answer(cloud, APIRequest("POST", "/_local/reset"))
    state = try get(cloud, "/_local/state")
    #expect(state["rows"]?.integer == 0)
    #expect(state["tables"]?.integer == 1)
    #expect(
      try get(cloud, "/_local/tables")["tables"]?.text
        == #"[{"dataset":"pixel","table":"pixel","rows":0,"generated":false}]"#)
    #expect(try get(cloud, "/_local/events")["kept"]?.integer == 0)
    #expect(state["rejections"]?["count"]?.integer == 0)
    #expect(
      try self.cloud().broker.pushes(at: start.uptime).isEmpty)
  }

  @Test func `a contract that would break the rows that are there stops the start`() throws {
    _ = try cloud()
    #expect(throws: GoogleError.self) {
      try cloud {
        $0.templates[0].columns = [
          Column("event_id", .integer), Column("type", .string, .required),
        ]
      }
    }
    let grown = try cloud { $0.templates[0].columns.append(Column("more", .string)) }
    #expect(try grown.store.table("pixel", "pixel").columns.count == 3)
  }

  @Test func `each API request is written down as it would go to Google`() throws {
    let file = scratch.path + "/requests.jsonl"
    let cloud = try cloud { $0.recordFile = file }
    _ = try answer(
      cloud,
      APIRequest(
        "POST", "/v1/projects/local/topics/pixel-logs:publish",
        headers: ["content-type": "application/json"],
        body: Array(#"{"messages":[{"data":"eA=="}]}"#.utf8)))
    _ = try answer(
      cloud,
      APIRequest("GET", "/bigquery/v2/projects/local/datasets/pixel/tables", query: "maxResults=1"))
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(
      lines == [
        #"{"method":"POST","url":"https://pubsub.googleapis.com/v1/projects/local/topics/pixel-logs:publish","headers":{"content-type":"application/json"},"body":"{\"messages\":[{\"data\":\"eA==\"}]}"}"#,
        #"{"method":"GET","url":"https://bigquery.googleapis.com/bigquery/v2/projects/local/datasets/pixel/tables?maxResults=1","headers":{}}"#,
      ])
    #expect(try get(cloud, "/_local/requests")["count"]?.integer == 2)
  }

  @Test func `the page asks for nothing but itself`() {
    let page = String(decoding: LivePage.response(ingest: nil).body, as: UTF8.self)
    for forbidden in ["innerHTML", "document.write", "eval(", "src=\"", "href=\"http", "@import"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
    #expect(page.contains("</html>"))
  }
}
