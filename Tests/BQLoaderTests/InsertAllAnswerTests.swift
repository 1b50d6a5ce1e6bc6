// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import Testing

@testable import GoogleCloud

@Suite struct InsertAllAnswerTests {
  static func answer(_ status: Int, _ body: String, head: String = "") -> InsertAllAnswer {
    let head = Array("HTTP/1.1 \(status) X\r\n\(head)\r\n".utf8)
    return InsertAllAnswer(
      .success(IncomingResponse(status: status, head: head, body: Array(body.utf8))))
  }

  @Test func `without insertErrors all rows are in`() {
    let body = #"{"kind":"bigquery#tableDataInsertAllResponse"}"#
    #expect(Self.answer(200, body) == .rows([:]))
    #expect(Self.answer(200, #"{"kind":"x","insertErrors":[]}"#) == .rows([:]))
  }

  @Test func `each row's reason is told apart, in whatever order they come`() {
    let body = #"""
      {"kind":"bigquery#tableDataInsertAllResponse","insertErrors":[
       {"index":1,"errors":[{"reason":"stopped","location":"","debugInfo":"","message":""}]},
       {"index":0,"errors":[{"reason":"stopped"},{"reason":"invalid","location":"value","message":"Cannot convert"}]},
       {"index":3,"errors":[{"reason":"timeout"}]},
       {"index":4,"errors":[]},
       {"errors":[{"reason":"backendError"}],"index":5}]}
      """#
    #expect(
      Self.answer(200, body)
        == .rows([
          0: .invalid("value: Cannot convert"), 1: .stopped, 3: .transient("timeout"),
          4: .transient("no reason given"), 5: .transient("backendError"),
        ]))
  }

  @Test(arguments: ["", "{}", "<html>", #"{"kind":1}"#, #"{"kind":"x""#, #"{"insertErrors":[]}"#])
  func `a 200 that can't be read says nothing about the rows`(_ body: String) {
    guard case .unknown = Self.answer(200, body) else {
      Issue.record("not taken as unknown")
      return
    }
  }

  static func error(_ reason: String) -> String {
    #"{"error":{"code":0,"message":"M","errors":[{"message":"M","domain":"global","reason":"\#(reason)"}]}}"#
  }

  @Test func `statuses and reasons decide what is done`() {
    #expect(Self.answer(401, "") == .newToken)
    #expect(
      Self.answer(413, "<html>") == .split(isAboutRows: true, why: "BigQuery: status 413"))
    #expect(
      Self.answer(400, Self.error("invalid"))
        == .split(isAboutRows: false, why: "BigQuery: status 400, invalid: M"))
    #expect(
      Self.answer(404, Self.error("notFound"))
        == .missing(TableTrouble(.tableMissing, why: "BigQuery: status 404, notFound: M")))
    #expect(
      Self.answer(403, Self.error("accessDenied"))
        == .refused(TableTrouble(.access, why: "BigQuery: status 403, accessDenied: M")))
    for reason in ["quotaExceeded", "rateLimitExceeded"] {
      #expect(
        Self.answer(403, Self.error(reason))
          == .again(retryAfter: nil, why: "BigQuery: status 403, \(reason): M"))
    }
    #expect(
      Self.answer(503, "", head: "Retry-After: 7\r\n")
        == .unknown(retryAfter: 7, why: "BigQuery: status 503"))
    #expect(Self.answer(429, "") == .again(retryAfter: nil, why: "BigQuery: status 429"))
    #expect(
      InsertAllAnswer(.failure(TransportError("reset")))
        == .unknown(retryAfter: nil, why: "BigQuery: reset"))
  }

  @Test func `a request is the JSON that insertAll takes`() throws {
    var request = InsertAllRequest(suffix: "_u1_20260102")
    let rows = [#"{"a":1}"#, #"{"b":"é"}"#]
    for (index, row) in rows.enumerated() {
      let (id, bytes) = (Array("id-\(index)\"".utf8), Array(row.utf8))
      request.add(insertID: id.span, row: bytes.span)
    }
    request.close()
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    #expect(json["templateSuffix"] as? String == "_u1_20260102")
    #expect((json["traceId"] as? String)?.utf8.count == 32)
    let sent = try #require(json["rows"] as? [[String: Any]])
    #expect(sent.map { $0["insertId"] as? String } == ["id-0\"", "id-1\""])
    #expect((sent[1]["json"] as? [String: String]) == ["b": "é"])
    var empty = InsertAllRequest(suffix: "")
    empty.close()
    let plain = try JSONSerialization.jsonObject(with: Data(empty.body))
    #expect((plain as? [String: Any])?["templateSuffix"] == nil)
  }
}
