// SPDX-License-Identifier: MIT
import Foundation
import PixelModel
import Testing

@testable import LocalCloud

@Suite struct LogFollowerTests {
  private let scratch = Scratch()
  private let start = Moment(uptime: .seconds(100), unix: 1_767_323_045_678_901)
  private let line =
    #"{"severity":"INFO","message":"A hit, for the log sink.","time":"2026-01-02T03:04:05.123456789Z","#
    + #""logging.googleapis.com/insertId":"abc","logging.googleapis.com/labels":{"pixel":"hit"},"#
    + #""httpRequest":{"requestMethod":"GET","requestUrl":"http://a/pixel.gif?type=x","status":200}}"#

  private var log: String { scratch.path + "/log" }

  private func append(_ text: String) throws {
    if !FileManager.default.fileExists(atPath: log) {
      #expect(FileManager.default.createFile(atPath: log, contents: nil))
    }
    let file = try #require(FileHandle(forWritingAtPath: log))
    try file.seekToEnd()
    file.write(Data(text.utf8))
    try file.close()
  }

  private func follower() throws -> LogFollower {
    try LogFollower(log, folder: scratch.path + "/sink", project: "p")
  }

  @Test func `a line for the sink becomes the entry that Cloud Logging makes of it`() throws {
    try append(line + "\n")
    let entries = try follower().read(at: start).entries
    #expect(entries.count == 1)
    let bytes = try #require(entries.first).bytes
    // Our own reader of entries is no part of LocalCloud: the two check each other.
    let entry = try LogEntry(bytes.span)
    #expect(entry.insertID?.equals("abc", in: bytes.span) == true)
    #expect(entry.timestamp?.equals("2026-01-02T03:04:05.123456789Z", in: bytes.span) == true)
    #expect(entry.resourceType?.equals("cloud_run_revision", in: bytes.span) == true)
    #expect(entry.pixelLabel?.equals("hit", in: bytes.span) == true)
    #expect(entry.request?.url?.equals("http://a/pixel.gif?type=x", in: bytes.span) == true)
    #expect(entries[0]["jsonPayload"]?.text == #"{"message":"A hit, for the log sink."}"#)
  }

  @Test func `other lines are left alone, and half a line is waited for`() throws {
    try append("plain text\n{\"severity\":\"INFO\"}\n{\"logging.googleapis.com/labels\":{}}\n")
    try append(String(line.prefix(100)))
    let follower = try follower()
    let (none, end) = try follower.read(at: start)
    #expect(none.isEmpty)
    try follower.keep(end)
    try append(line.dropFirst(100) + "\n")
    #expect(try follower.read(at: start).entries.count == 1)
  }

  @Test func `a restart neither loses nor repeats`() throws {
    try append("\(line)\n\(line)\n")
    let first = try follower()
    let (entries, end) = try first.read(at: start)
    #expect(entries.count == 2)
    // Not kept: it could not be published.
    #expect(try follower().read(at: start).entries.count == 2)
    try first.keep(end)
    #expect(try follower().read(at: start).entries.isEmpty)
    try append(line + "\n")
    #expect(try follower().read(at: start).entries.count == 1)
    try Data("\(line)\n".utf8).write(to: URL(fileURLWithPath: log))
    #expect(try follower().read(at: start).entries.count == 1, "a new file begins at its start")
  }
}
