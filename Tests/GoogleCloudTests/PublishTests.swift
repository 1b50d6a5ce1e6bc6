// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import Testing

@testable import GoogleCloud

@Suite struct PublishAnswerTests {
  private func answer(_ status: Int, _ body: String = "{}", _ fields: String = "") -> PublishAnswer
  {
    let head = Array("HTTP/1.1 \(status) x\r\n\(fields)\r\n".utf8)
    let response = IncomingResponse(status: status, head: head, body: Array(body.utf8))
    return PublishAnswer(.success(response), messages: 2)
  }

  private func isAgain(_ answer: PublishAnswer) -> Bool {
    if case .again = answer { return true }
    return false
  }

  @Test func `done is a 200 with an id for each message`() {
    #expect(answer(200, #"{"messageIds":["1","2"]}"#) == .published)
    #expect(answer(200, #"{"a":[1],"messageIds":["1","2"],"b":{}}"#) == .published)
  }

  @Test(arguments: [
    "", "{}", "null", "<html>", #"{"messageIds":["1"]}"#, #"{"messageIds":["1","2"]"#,
  ])
  func `a 200 that does not say so is not done`(_ body: String) {
    #expect(isAgain(answer(200, body)))
  }

  @Test(arguments: [408, 409, 429, 499, 500, 502, 503, 504])
  func `what may pass is tried again`(_ status: Int) { #expect(isAgain(answer(status))) }

  @Test(arguments: [201, 204, 302, 403, 404, 405, 501])
  func `what will not pass fails`(_ status: Int) {
    #expect(answer(status) == .failed(why: "Pub/Sub: status \(status)"))
  }

  @Test func `the other cases`() {
    #expect(answer(401) == .newToken)
    #expect(answer(400) == .split(why: "Pub/Sub: status 400"))
    #expect(answer(413) == .split(why: "Pub/Sub: status 413"))
    #expect(
      answer(503, "", "Retry-After: 7\r\n") == .again(retryAfter: 7, why: "Pub/Sub: status 503"))
    #expect(
      answer(503, "", "Retry-After: Fri, 01 Jan 2027 00:00:00 GMT\r\n")
        == .again(retryAfter: nil, why: "Pub/Sub: status 503"))
    #expect(isAgain(PublishAnswer(.failure(TransportError("cut")), messages: 1)))
  }
}

@Suite struct PublishBatchTests {
  private func batch() -> PublishBatch {
    PublishBatch(begun: Instant(nanoseconds: 0), deadline: Instant(nanoseconds: 1))
  }

  /// Data and attributes of the messages, as Foundation reads the request.
  private func messages(_ batch: PublishBatch) throws -> [(
    data: [UInt8], attributes: [String: String]
  )] {
    let object = try JSONSerialization.jsonObject(with: Data(batch.request)) as? [String: Any]
    #expect(object?.keys.sorted() == ["messages"])
    let list = try #require(object?["messages"] as? [[String: Any]])
    return try list.map { message in
      let text = try #require(message["data"] as? String)
      let attributes = try #require(message["attributes"] as? [String: String])
      return ([UInt8](try #require(Data(base64Encoded: text))), attributes)
    }
  }

  @Test func `each message is in the request, byte for byte`() throws {
    var batch = batch()
    let all = [UInt8](0...255)
    var done: [Int] = []
    for count in 0..<40 {
      let data = Array(all.prefix(count * 7))
      batch.add(
        data: data.span,
        attributes: [("a", "\"\\\u{0}\n\u{2028}\u{1F600}\(count)"), ("b.c/d", "")], bytes: count
      ) { _ in done.append(count) }
    }
    let messages = try messages(batch)
    #expect(messages.count == 40)
    for (count, message) in messages.enumerated() {
      #expect(message.data == Array(all.prefix(count * 7)))
      #expect(message.attributes == ["a": "\"\\\u{0}\n\u{2028}\u{1F600}\(count)", "b.c/d": ""])
    }
    for completion in batch.completions { completion(.success(())) }
    #expect(done == Array(0..<40))
  }

  @Test(arguments: [2, 3, 7])
  func `halves have each message once, with who waits for it`(_ count: Int) throws {
    var batch = batch()
    var done: [Int] = []
    for number in 0..<count {
      let data = Array("\(number)".utf8)
      batch.add(data: data.span, attributes: [], bytes: 1) { _ in done.append(number) }
    }
    let (first, second) = batch.halves()
    #expect(!first.completions.isEmpty && !second.completions.isEmpty)
    let data = try (messages(first) + messages(second)).map {
      String(decoding: $0.data, as: UTF8.self)
    }
    #expect(data == (0..<count).map { "\($0)" })
    for completion in first.completions + second.completions { completion(.success(())) }
    #expect(done == Array(0..<count))
  }

  @Test func `a batch has room for Pub Sub's limits and no more`() {
    var batch = batch()
    let data: [UInt8] = [1]
    #expect(batch.hasRoom(for: PublishBatch.maxBytes))
    #expect(!batch.hasRoom(for: PublishBatch.maxBytes + 1))
    for _ in 0..<999 { batch.add(data: data.span, attributes: [], bytes: 100) { _ in } }
    #expect(batch.hasRoom(for: 1))
    #expect(!batch.hasRoom(for: PublishBatch.maxBytes - 99_899))
    batch.add(data: data.span, attributes: [], bytes: 1) { _ in }
    #expect(!batch.hasRoom(for: 1))
  }
}
