// SPDX-License-Identifier: MIT
import HTTPServer
import ServerSupport
import Testing

@testable import FunctionRuntime

@Suite struct FrontTests {
  private final class Open { var calls: [Call] = [] }

  @Test func `health answers while a function of requests has all the calls it may have`() throws {
    let open = Open()
    let function = try RunningFunction(environment: ["MAX_IN_FLIGHT": "1"]) { _ in
      .http { _, call in open.calls.append(call) }
    }
    defer { function.stop() }
    let waiting = try RawClient(port: function.port)
    try waiting.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(eventually { function.load.callsInFlight == 1 })
    for (path, status) in [("/health", 200), ("/ready", 200), ("/robots.txt", 404), ("/b", 429)] {
      let client = try RawClient(port: function.port)
      try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.readAnswer().status == status)
    }
    function.onLoop { _ in for call in open.calls { call.reply(OutcomeResponses.ok) } }
    #expect(try waiting.readAnswer().status == 200)
  }
}
