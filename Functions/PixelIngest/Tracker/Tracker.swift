// SPDX-License-Identifier: MIT
import Bytes
import GoogleCloud
import HTTPServer
import PixelModel

/// The tracker, `GET` of `TRACKER_PATH`: the same bytes until the program ends, so all is made ready once.
struct Tracker {
  let script: [UInt8]
  private let plain: Answers
  /// Nil without zlib.
  private let compressed: Answers?
  private let digest: [UInt8]

  private struct Answers {
    let whole: Response
    let unchanged: Response

    init(tag: String, _ headers: [(String, String)], _ body: [UInt8], _ more: (String, String)...) {
      let headers = headers + [("ETag", "\"\(tag)\"")]
      whole = Response(status: 200, headers: headers + more, body: body)
      unchanged = Response(status: 304, headers: headers)
    }
  }

  private static let wrongMethod = Response(
    status: 405, text: "The tracker takes GET and HEAD.", headers: [("Allow", "GET, HEAD")])

  /// - Parameter path: Where it is served; the paths that it uses are written as seen from there.
  init(at path: String, _ settings: PixelIngestSettings) {
    let paths = settings.trackerPaths
    let script = TrackerScript(
      source: PackageResources.p_js,
      arguments: [
        TrackerPaths.relative(paths.events.first ?? "", to: path),
        TrackerPaths.relative(paths.pixel, to: path),
        settings.privacy.consentName, settings.cookie == nil ? "omit" : "include",
      ]
    ).bytes
    let digest = String(SHA256.hex(script.span).prefix(16))
    // A browser holds it for a day, and asks whether it has changed while it uses it for one more.
    let common = [
      ("Content-Type", "text/javascript; charset=utf-8"),
      ("Cache-Control", "public, max-age=86400, stale-while-revalidate=86400"),
      ("Vary", "Accept-Encoding"),
      ("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"),
      ("X-Content-Type-Options", "nosniff"),
    ]
    plain = Answers(tag: digest, common, script)
    compressed = Gzip(.smallest)?.compress(script).map { body in
      Answers(tag: digest + "-gzip", common, body, ("Content-Encoding", "gzip"))
    }
    self.script = script
    self.digest = Array(digest.utf8)
  }

  func response(to request: Request) -> Response {
    guard request.method == .get || request.method == .head else { return Self.wrongMethod }
    let takesGzip = request.withHeader("accept-encoding") { AcceptEncoding.takesGzip($0) } ?? false
    let answers = takesGzip ? compressed ?? plain : plain
    let isKnown = request.withHeader("if-none-match") { has($0) } ?? false
    return isKnown ? answers.unchanged : answers.whole
  }

  /// Whether a list of tags has ours, weak or not, in either coding.
  private func has(_ tags: Span<UInt8>) -> Bool {
    guard tags.count >= digest.count else { return tags.equals("*") }
    return (0...tags.count - digest.count).contains { start in
      tags.equals(digest.span, at: start..<start + digest.count)
    }
  }
}
