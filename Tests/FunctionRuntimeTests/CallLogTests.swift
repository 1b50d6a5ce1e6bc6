// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Foundation
import Testing

@testable import FunctionRuntime

@Suite struct CallLogTests {
  /// The line that `write` makes, as Foundation reads it, and as text.
  private func line(
    _ format: Log.Format = .json, _ write: (Log) -> Void
  ) throws -> String {
    let pipe = Pipe()
    let log = Log(loop: nil, format: format, level: .debug, service: "test", version: "9")
    log.descriptor = pipe.fileHandleForWriting.fileDescriptor
    write(log)
    pipe.fileHandleForWriting.closeFile()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  @Test func `a line that the caller writes is one JSON object with who wrote it`() throws {
    let text = try line { log in
      log.line(.warning, sentence: "It happened.", json: { $0.append(",\"a\":1") }, text: { _ in })
    }
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    #expect(object?["severity"] as? String == "WARNING")
    #expect(object?["message"] as? String == "It happened.")
    #expect(object?["service"] as? String == "test")
    #expect(object?["version"] as? String == "9")
    #expect(object?["a"] as? Int == 1)
    #expect(text.hasSuffix("}\n") && text.filter(\.isNewline).count == 1)
  }

  @Test func `on a terminal the line is text`() throws {
    let text = try line(.text) { log in
      log.line(.info, sentence: "It happened.", json: { _ in }, text: { $0.append(" a=1") })
    }
    #expect(text == "test info: It happened. a=1\n")
  }

  @Test(arguments: ["a\nb", "a\r\n{\"severity\":\"ALERT\"}", "\u{2028}x", "\u{1b}[31m", "\u{0}"])
  func `a value can't start a line of its own`(_ value: String) throws {
    for format in Log.Format.allCases {
      let text = try line(format) { $0.info("Fact.", ["value": .text(value)]) }
      #expect(text.filter(\.isNewline).count == 1)
      #expect(text.utf8.filter { $0 == 0x0A }.count == 1)
    }
    let json = try line { $0.info("Fact.", ["value": .text(value)]) }
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    #expect(object?["value"] as? String == value)
  }
}
