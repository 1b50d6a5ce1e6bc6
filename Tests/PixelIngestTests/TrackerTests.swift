// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Settings
import Testing

@testable import PixelIngest

/// How the tracker is served; what it does on a page is seen by `BrowserTests`.
@Suite struct TrackerTests {
  private static let source = String(decoding: PackageResources.p_js, as: UTF8.self)
  private static let code = source.split(separator: "\n").map {
    $0.trimmingCharacters(in: .whitespaces)
  }
  .filter { !$0.hasPrefix("//") }.joined(separator: "\n")

  @Test func `the tracker is served small, and without its comments`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let answer = try ingest.get("/p.js")
    #expect(answer.status == 200)
    #expect(answer.fields["content-type"] == "text/javascript; charset=utf-8")
    #expect(answer.fields["content-encoding"] == nil)
    #expect(answer.fields["cache-control"]?.contains("max-age=86400") == true)
    #expect(answer.fields["access-control-allow-origin"] == "*")
    #expect(answer.fields["cross-origin-resource-policy"] == "cross-origin")
    #expect(answer.fields["vary"] == "Accept-Encoding")
    #expect(!answer.text.contains("//") && !answer.text.contains("  "))
    #expect(answer.text.hasSuffix("})('events','pixel.gif','consent','omit');\n"))
    #expect(try filter("gzip", "-9", Data(answer.body)).count <= 2300)
    #expect(try ingest.send("POST /p.js HTTP/1.1\r\nHost: a\r\n\r\n").status == 405)
    let head = try ingest.send("HEAD /p.js HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(head.status == 200 && head.fields["content-length"] == "\(answer.body.count)")
  }

  @Test func `who takes gzip gets it, and it is the same script`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let plain = try ingest.get("/p.js")
    for (accepted, isPacked) in [
      ("gzip", true), ("gzip, deflate, br, zstd", true), ("br;q=1.0, GZIP;q=0.5", true),
      ("*", true),
      ("identity", false), ("br", false), ("gzip;q=0", false), ("gzip; q=0.000, *", false),
      ("*;q=0", false),
      ("", false), ("gzipped", false),
    ] {
      let answer = try ingest.get("/p.js", "Accept-Encoding: \(accepted)")
      #expect(answer.fields["content-encoding"] == (isPacked ? "gzip" : nil), "\(accepted)")
      #expect(answer.fields["vary"] == "Accept-Encoding")
      let body = isPacked ? Array(try filter("gzip", "-dc", Data(answer.body))) : answer.body
      #expect(body == plain.body)
      if isPacked { #expect(answer.body.count <= 2300 && answer.body.count > 1000) }
    }
  }

  @Test func `who has it already is told so`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    var tags: [String] = []
    for coding in ["identity", "gzip"] {
      let tag = try #require(try ingest.get("/p.js", "Accept-Encoding: \(coding)").fields["etag"])
      tags.append(tag)
      for known in [tag, "W/\(tag)", "\"a\", \(tag)", "*"] {
        let answer = try ingest.get(
          "/p.js", "Accept-Encoding: \(coding)", "If-None-Match: \(known)")
        #expect(answer.status == 304 && answer.body.isEmpty, "\(known)")
        #expect(answer.fields["etag"] == tag)
        #expect(answer.fields["cache-control"] != nil)
      }
      #expect(try ingest.get("/p.js", "If-None-Match: \"other\"").status == 200)
    }
    #expect(Set(tags).count == 2)
    // Another script has another tag.
    let other = try RunningIngest(["EVENTS_PATH": "/e"])
    defer { other.stop() }
    #expect(!tags.contains(try #require(try other.get("/p.js").fields["etag"])))
  }

  /// What is served must do the same: a listed name is a variable wherever it stands.
  @Test func `every name that is shortened is a variable, and nothing else`() throws {
    let mark = "// Shortened when served: "
    let names = Self.source.split(separator: "\n").filter { $0.hasPrefix(mark) }
      .flatMap { $0.dropFirst(mark.count).split(separator: " ").map(String.init) }
    #expect(names.count > 20 && Set(names).count == names.count)
    var text = Self.code
    text.replace(/'[^'\n]*'/, with: "''")
    for name in names {
      #expect(
        text.contains(try Regex("(^|[^.\\w]|\\.\\.\\.)\(name)\\b")), "\(name) is not in the code")
      #expect(!text.contains(try Regex("[{,]\\s*\(name)\\s*:[^:]")), "\(name) is a key too")
    }
    // In `{ a, b: c, ...d }` a is a key as well as a variable.
    let shorthands = text.matches(of: try Regex("\\{([\\w\\s,:.']*)\\}")).flatMap { match in
      (match.output[1].substring ?? "").split(separator: ",").map {
        $0.trimmingCharacters(in: .whitespacesAndNewlines)
      }
    }
    #expect(shorthands.contains("keepalive"))
    for name in shorthands { #expect(!names.contains(name), "\(name) is a key too") }
    let served = String(
      decoding: TrackerScript(source: PackageResources.p_js, arguments: []).bytes, as: UTF8.self)
    for name in names {
      // Behind a dot it is a property, as in `self.track`.
      let left = served.replacing(try Regex("'[^'\n]*'"), with: "''")
      #expect(
        !left.contains(try Regex("(^|[^.\\w$]|\\.\\.\\.)\(name)\\b")), "\(name) is still there")
    }
  }

  @Test func `the last line of the file has the default names`() {
    #expect(Self.code.hasSuffix("})('events', 'pixel.gif', 'consent', 'omit');"))
  }

  @Test(arguments: [
    ("/p.js", "/events", "events"), ("/a/p.js", "/a/events", "events"),
    ("/a/p.js", "/events", "../events"),
    ("/a/b/p.js", "/a/c/d", "../c/d"), ("/p.js", "/a/b", "a/b"),
    ("/a/p.js", "/b/p.js", "../b/p.js"),
    ("/a/b", "/a", "../a"), ("/a", "/a/b", "a/b"),
  ])
  func `a path is written as seen from the tracker`(
    _ base: String, _ path: String, _ relative: String
  ) {
    #expect(TrackerPaths.relative(path, to: base) == relative)
    let host = "https://t.example/x"
    let url = URL(string: relative, relativeTo: URL(string: host + base))?.absoluteString
    #expect(url == host + path)
  }

  @Test func `other names are served and told`() throws {
    let ingest = try RunningIngest([
      "TRACKER_PATH": "/static/a.js,/b.js", "EVENTS_PATH": "/in/c,/events",
      "PIXEL_PATHS": "/i/x.png,/i/y.gif",
      "CONSENT_PARAMETER": "it's_ok", "ID_COOKIE": "id",
    ])
    defer { ingest.stop() }
    #expect(try ingest.get("/p.js").status == 404)
    #expect(
      try ingest.get("/static/a.js").text.hasSuffix(
        "})('../in/c','../i/y.gif','it\\'s_ok','include');\n"))
    #expect(try ingest.get("/b.js").text.hasSuffix("})('in/c','i/y.gif','it\\'s_ok','include');\n"))
    #expect(try ingest.post(#"{"type":"x"}"#, to: "/in/c").status == 204)
    #expect(try ingest.post(#"{"type":"x"}"#, to: "/events").status == 204)
    #expect(try ingest.post(#"{"type":"x"}"#, to: "/b.js").status == 405)
    // LogParse knows events by one name, whatever it is outside.
    #expect(try ingest.urls().allSatisfy { $0.contains("/events?") })
    let only = try RunningIngest(["EVENTS_PATH": "/c"])
    defer { only.stop() }
    #expect(try only.post(#"{"type":"x"}"#, to: "/events").status == 404)
  }

  @Test(arguments: [
    ("TRACKER_PATH", ","), ("TRACKER_PATH", "p.js"), ("TRACKER_PATH", "/"), ("TRACKER_PATH", "/a/"),
    ("TRACKER_PATH", "/a//b"), ("TRACKER_PATH", "/a/../b"), ("TRACKER_PATH", "/a b'"),
    ("TRACKER_PATH", "/a?b"),
    ("TRACKER_PATH", "/health"), ("TRACKER_PATH", "/pixel.gif"), ("TRACKER_PATH", "/events"),
    ("EVENTS_PATH", "events"), ("EVENTS_PATH", "/a%20b"), ("EVENTS_PATH", "/ready"),
  ])
  func `a name that can't be is refused in one sentence`(_ name: String, _ value: String) {
    var reader = SettingsReader(environment: [
      "PUBSUB_EMULATOR_HOST": "127.0.0.1:1", "GOOGLE_CLOUD_PROJECT": "p", name: value,
    ])
    _ = PixelIngestSettings(&reader)
    let error = #expect(throws: SettingsError.self) { try reader.check() }
    #expect("\(error.map(String.init(describing:)) ?? "")".hasPrefix(name))
  }

  @Test func `the policy that the page of the tracker shows allows its snippet`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    var snippets: Set<Substring> = []
    for page in [
      "README.md", "Functions/PixelIngest/README.md", "Functions/PixelIngest/Tracker/README.md",
    ] {
      let text = try String(contentsOf: folder.appendingPathComponent(page), encoding: .utf8)
      let start = try #require(text.range(of: "```html\n<script>")).upperBound
      let end = try #require(text.range(of: "</script>", range: start..<text.endIndex)).lowerBound
      snippets.insert(text[start..<end])
      if page.contains("Tracker") {
        let hash = try filter("sha256sum", "-b", Data(text[start..<end].utf8)).prefix(64)
        let digits = String(decoding: hash, as: UTF8.self)
        let bytes = stride(from: 0, to: 64, by: 2).compactMap { place in
          UInt8(digits.dropFirst(place).prefix(2), radix: 16)
        }
        #expect(text.contains("'sha256-\(Data(bytes).base64EncodedString())'"))
      }
    }
    #expect(snippets.count == 1)
  }

  /// What a program makes of its input.
  private func filter(_ program: String, _ option: String, _ input: Data) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, option]
    let (inward, outward) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (inward, outward)
    try process.run()
    inward.fileHandleForWriting.write(input)
    try inward.fileHandleForWriting.close()
    let output = outward.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return output
  }
}
