// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import ServerSupport

/// Stands between a program and a service, passes everything on, and keeps each request as one JSON
/// line, as if it had gone to the real service.
final class RecordingProxy {
  let port: Int
  private let file: URL

  /// - Parameters:
  ///   - target: `host:port` of the service.
  ///   - realBase: The service's own URL, for the record.
  init(on thread: LoopThread, target: String, realBase: String, recordTo file: URL) throws {
    self.file = file
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    let output = try FileHandle(forWritingTo: file)
    port = thread.run { loop in
      let client = HTTPClient(loop: loop, userAgent: "recording-proxy")
      var limits = HTTPLimits()
      limits.maxInFlight = 10_000
      let server = HTTPServer(loop: loop, limits: limits) { request, call in
        let body = request.body
        let line = try? JSONSerialization.data(withJSONObject: [
          "method": request.method.rawValue, "url": realBase + request.target,
          "headers": ["Content-Type": request.header("content-type") ?? ""],
          "body": String(decoding: body, as: UTF8.self),
        ])
        if let line { output.write(line + Data("\n".utf8)) }
        let forward = OutgoingRequest(
          method: request.method.rawValue, url: "http://\(target)\(request.target)",
          headers: ["Content-Type: application/json"], body: body)
        client.send(forward) { result in
          switch result {
          case .success(let answer):
            call.reply(
              Response(
                status: answer.status, headers: [("Content-Type", "application/json")],
                body: answer.body))
          case .failure(let error): call.reply(Response(status: 502, text: "\(error)"))
          }
        }
      }
      let port = (try? server.listen(host: "127.0.0.1", port: 0)) ?? 0
      servers.append(server)
      return Int(port)
    }
  }

  /// The requests so far.
  func requestCount() throws -> Int {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").count
  }
}

/// Keeps servers alive until the process ends; only touched on the test's one loop.
nonisolated(unsafe) private var servers: [HTTPServer] = []
