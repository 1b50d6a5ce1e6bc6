// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import TestSupport
import Testing

@testable import HTTPServer

/// Requests that other servers' authors have collected, each with what every conforming server does.
@Suite struct HTTPCasesTests {
  @Test(Cases.present("http1_requests.jsonl"))
  func `every case that servers must agree on is answered as labelled`() throws {
    var limits = HTTPLimits()
    limits.headTimeout = .milliseconds(50)
    limits.bodyTimeout = .milliseconds(50)
    limits.idleTimeout = .milliseconds(50)
    let server = try RunningServer(limits: limits, handler: echo)
    defer { server.stop() }
    // All are open at once, since each waits for the server's next look at the time.
    let cases = try Cases.lines(of: "http1_requests.jsonl").filter {
      $0["binding"] as? String == "must"
    }
    #expect(cases.count > 20)
    let clients = try cases.map { example in
      let client = try RawClient(port: server.port)
      let text = try #require(example["request_base64"] as? String)
      try client.send([UInt8](try #require(Data(base64Encoded: text))))
      return client
    }
    for (example, client) in zip(cases, clients) {
      let answers = String(decoding: try client.readToEnd(), as: UTF8.self)
      check(example, statuses(in: answers))
    }
    #expect(server.isAtRest())
  }

  private func statuses(in text: String) -> [Int] {
    text.components(separatedBy: "\r\n").filter { $0.hasPrefix("HTTP/1.1 ") }
      .compactMap { Int($0.split(separator: " ")[1]) }
  }

  private func check(_ example: [String: Any], _ statuses: [Int]) {
    let name = example["name"] as? String ?? "?"
    let taken = statuses.count { (200..<300).contains($0) }
    let isAccepted = example["expect"] as? String == "accept"
    if isAccepted, example["complete"] as? Bool ?? true {
      #expect(taken >= 1, "\(name): \(statuses)")
    } else {
      #expect(taken <= example["max_2xx"] as? Int ?? 0, "\(name): \(statuses)")
      // The end of what is not complete is a 408.
      #expect(
        statuses.last.map { (400..<500).contains($0) || [501, 505].contains($0) } ?? false,
        "\(name): \(statuses)")
    }
  }
}
