// SPDX-License-Identifier: MIT
import FunctionRuntime

/// The tracker, `GET /p.js`: `Tracker/p.js` without its comments and indentation.
enum Tracker {
  static let script = withoutComments(PackageResources.p_js)

  private static let response = Response(
    status: 200,
    headers: [
      ("Content-Type", "text/javascript; charset=utf-8"), ("Cache-Control", "public, max-age=3600"),
      ("Cross-Origin-Resource-Policy", "cross-origin"), ("X-Content-Type-Options", "nosniff"),
    ], body: script)
  private static let wrongMethod = Response(
    status: 405, text: "The tracker takes GET and HEAD.", headers: [("Allow", "GET, HEAD")])

  static func response(to request: Request) -> Response {
    request.method == .get || request.method == .head ? response : wrongMethod
  }

  /// Drops indentation, empty lines, and lines that are only a comment.
  static func withoutComments(_ source: [UInt8]) -> [UInt8] {
    var script: [UInt8] = []
    for line in source.split(separator: 0x0A) {
      let text = line.drop { $0 == 0x20 }
      guard !text.isEmpty, !text.starts(with: "//".utf8) else { continue }
      script += text + [0x0A]
    }
    return script
  }
}
