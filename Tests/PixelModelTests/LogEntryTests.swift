// SPDX-License-Identifier: MIT
import Bytes
import PixelModel
import Testing

@Suite struct LogEntryTests {
  private func read(_ text: String) throws -> (LogEntry, (JSONString?) -> String?) {
    let bytes = Array(text.utf8)
    return (try LogEntry(bytes.span), { $0?.string(in: bytes.span) })
  }

  @Test func `the fields of a load balancer's entry are found`() throws {
    let (entry, text) = try read(
      #"""
      {"insertId":"i1","jsonPayload":{"@type":"t","statusDetails":"denied_by_security_policy",
      "enforcedSecurityPolicy":{"name":"p","outcome":"DENY"}},"httpRequest":{"requestMethod":"GET",
      "requestUrl":"https://h/p?a=1\u0026b=2","requestSize":"10","status":403,"userAgent":"ua \"x\"",
      "remoteIp":"192.0.2.1","referer":"https://r/","cacheHit":true,"latency":"0.1s"},
      "resource":{"labels":{"type":"no"},"type":"http_load_balancer"},"timestamp":"2026-01-02T03:44:05Z",
      "severity":"INFO","logName":"projects/p/logs/requests","receiveTimestamp":"2026-01-02T03:44:06Z"}
      """#)
    #expect(text(entry.insertID) == "i1")
    #expect(text(entry.timestamp) == "2026-01-02T03:44:05Z")
    #expect(text(entry.receiveTimestamp) == "2026-01-02T03:44:06Z")
    #expect(text(entry.logName) == "projects/p/logs/requests")
    #expect(text(entry.resourceType) == "http_load_balancer")
    #expect(text(entry.statusDetails) == "denied_by_security_policy")
    #expect(text(entry.securityOutcome) == "DENY")
    let request = try #require(entry.request)
    #expect(text(request.method) == "GET")
    #expect(text(request.url) == "https://h/p?a=1&b=2")
    #expect(request.status == 403)
    #expect(text(request.userAgent) == #"ua "x""#)
    #expect(text(request.remoteIP) == "192.0.2.1")
    #expect(text(request.referer) == "https://r/")
    #expect(request.cacheHit == true)
  }

  @Test func `snake_case is read`() throws {
    let (entry, text) = try read(
      #"""
      {"insert_id":"i1","json_payload":{"status_details":"s","enforced_security_policy":{"outcome":"DENY"}},
      "http_request":{"request_method":"GET","request_url":"/p","status":"304","user_agent":"ua",
      "remote_ip":"::1","referer":"","cache_hit":false},"receive_timestamp":"r","log_name":"l"}
      """#)
    #expect(text(entry.insertID) == "i1")
    #expect(text(entry.receiveTimestamp) == "r")
    #expect(text(entry.logName) == "l")
    #expect(text(entry.statusDetails) == "s")
    #expect(text(entry.securityOutcome) == "DENY")
    let request = try #require(entry.request)
    #expect(text(request.method) == "GET")
    #expect(text(request.url) == "/p")
    #expect(request.status == 304)
    #expect(text(request.userAgent) == "ua")
    #expect(text(request.remoteIP) == "::1")
    #expect(text(request.referer) == "")
    #expect(request.cacheHit == false)
  }

  @Test(arguments: [
    #"{"insertId":"camel","insert_id":"snake","httpRequest":{"requestUrl":"camel"},"http_request":{"requestUrl":"snake"}}"#,
    #"{"insert_id":"snake","insertId":"camel","http_request":{"requestUrl":"snake"},"httpRequest":{"requestUrl":"camel"}}"#,
    #"{"insertId":"first","insertId":"camel","httpRequest":{"request_url":"snake","requestUrl":"camel"}}"#,
    #"{"insert\u0049d":"camel","httpRequest":{"requestUrl":"camel","request_url":"snake"}}"#,
  ])
  func `camelCase wins, and of two the last`(_ json: String) throws {
    let (entry, text) = try read(json)
    #expect(text(entry.insertID) == "camel")
    #expect(text(entry.request?.url) == "camel")
  }

  @Test(arguments: [
    "{}", #"{"httpRequest":null,"jsonPayload":null,"resource":null,"insertId":null}"#,
    #"{"httpRequest":[],"jsonPayload":"text","resource":5,"insertId":{},"timestamp":1}"#,
    #"{"jsonPayload":{"enforcedSecurityPolicy":null,"statusDetails":{}},"resource":{"type":1}}"#,
  ])
  func `what is null, missing or of another type is nil`(_ json: String) throws {
    let (entry, _) = try read(json)
    #expect(entry.insertID == nil && entry.timestamp == nil && entry.request == nil)
    #expect(entry.resourceType == nil && entry.statusDetails == nil && entry.securityOutcome == nil)
  }

  @Test(arguments: ["200.5", "\"\"", "\"2x\"", "null", "true", "99999999999999999999", "2e2"])
  func `a status that is no whole number is nil`(_ status: String) throws {
    let (entry, _) = try read(#"{"httpRequest":{"status":\#(status)}}"#)
    #expect(try #require(entry.request).status == nil)
  }

  @Test func `an entry that stops at any byte is an error`() throws {
    let whole = Array(
      #"{"insertId":"i","httpRequest":{"requestUrl":"/p?é","status":200},"jsonPayload":{"a":[1,{}]}}"#
        .utf8)
    _ = try LogEntry(whole.span)
    for count in 0..<whole.count {
      #expect(throws: JSONError.self) { try LogEntry(Array(whole[..<count]).span) }
    }
  }

  @Test(arguments: ["[]", "1", "\"{}\"", "null", "{} {}", "{\"a\":\"\u{1}\"}"])
  func `what is not one object is an error`(_ json: String) {
    #expect(throws: JSONError.self) { try LogEntry(Array(json.utf8).span) }
  }
}
