// SPDX-License-Identifier: MIT
import CloudLogging
import Foundation
import Logging
import Testing

@Suite struct CloudLogHandlerTests {
  /// The lines that `body` logs, each read as JSON by Foundation.
  private func lines(
    level: Logger.Level = .info, provider: Logger.MetadataProvider? = nil, _ body: (Logger) -> Void
  ) throws -> [[String: Any]] {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let logger = Logger(label: "shop") { label in
      var handler = CloudLogHandler(label: label, logLevel: level, descriptor: descriptor)
      handler.metadataProvider = provider
      return handler
    }
    body(logger)
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `each level has Cloud Logging's name, and lower ones are left out`() throws {
    let all = try lines(level: .trace) { logger in
      for level in Logger.Level.allCases { logger.log(level: level, "m") }
    }
    #expect(
      all.map { $0["severity"] as? String } == [
        "DEBUG", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL",
      ])
    let some = try lines(level: .error) { logger in
      for level in Logger.Level.allCases { logger.log(level: level, "m") }
    }
    #expect(some.count == 2)
  }

  @Test func `metadata are members, and cannot take a member's place`() throws {
    let line = try lines(provider: .init { ["trace": "t1"] }) { logger in
      var logger = logger
      logger[metadataKey: "tenant"] = "t \"1\"\n"
      logger.info(
        "Saved.",
        metadata: [
          "count": "\(3)", "list": ["a", ["b": "c"]], "empty": [:], "severity": "EMERGENCY",
          "logging.googleapis.com/trace": "x",
        ])
    }[0]
    #expect(line["severity"] as? String == "INFO")
    #expect(line["message"] as? String == "Saved.")
    #expect(line["logger"] as? String == "shop")
    #expect(line["tenant"] as? String == "t \"1\"\n")
    #expect(line["trace"] as? String == "t1")
    #expect(line["count"] as? String == "3")
    #expect((line["list"] as? [Any])?.count == 2)
    #expect((line["empty"] as? [String: Any])?.isEmpty == true)
    #expect(line["metadata.severity"] as? String == "EMERGENCY")
    #expect(line["metadata.logging.googleapis.com/trace"] as? String == "x")
  }

  @Test func `a warning says where it was logged`() throws {
    let logged = try lines { logger in
      logger.info("a")
      logger.warning("b")
    }
    #expect(logged[0]["logging.googleapis.com/sourceLocation"] == nil)
    let place = try #require(
      logged[1]["logging.googleapis.com/sourceLocation"] as? [String: String])
    #expect(place["file"]?.hasSuffix("CloudLogHandlerTests.swift") == true)
    #expect(Int(place["line"] ?? "") != nil)
  }

  @Test func `a message cannot begin a line of its own`() throws {
    let logged = try lines { $0.info("a\n{\"severity\":\"ALERT\"}\u{0}\u{1F600}") }
    #expect(logged.count == 1)
    #expect(logged[0]["message"] as? String == "a\n{\"severity\":\"ALERT\"}\u{0}\u{1F600}")
  }
}
