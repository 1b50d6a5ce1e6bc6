// SPDX-License-Identifier: MIT

/// The bucket behind the load balancer: serves the pixel and writes the log entry that the real one
/// would write (`resource.type` `http_load_balancer`).
struct LoadBalancer {
  let project: String
  var random = SystemRandomNumberGenerator()

  init(project: String) { self.project = project }

  static func serves(_ path: String) -> Bool { path == "/pixel.png" || path == "/pixel.gif" }

  /// A bucket answers GET and HEAD only, but what it refuses is logged too.
  static func response(to request: APIRequest) -> APIResponse {
    let headers = [(name: "Cache-Control", value: "no-store")]
    guard request.method == "GET" || request.method == "HEAD" else {
      return APIResponse(
        405, contentType: "text/plain; charset=UTF-8",
        headers: headers + [(name: "Allow", value: "GET, HEAD")], body: [])
    }
    return request.path.hasSuffix(".gif")
      ? APIResponse(200, contentType: "image/gif", headers: headers, body: TransparentImage.gif)
      : APIResponse(200, contentType: "image/png", headers: headers, body: TransparentImage.png)
  }

  mutating func logEntry(
    for request: APIRequest, answered response: APIResponse, at moment: Moment
  ) -> JSON {
    let trace = hexadecimal(random.next()) + hexadecimal(random.next())
    let severity = response.status < 400 ? "INFO" : "WARNING"
    return [
      "insertId": .string(insertID()),
      "jsonPayload": [
        "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
        "backendTargetProjectNumber": "projects/123456789012",
        "cacheDecision": ["RESPONSE_HAS_CACHE_CONTROL", "CACHE_MODE_USE_ORIGIN_HEADERS"],
        "remoteIp": .string(request.remoteAddress),
        "statusDetails": "response_sent_by_backend",
      ],
      "httpRequest": httpRequest(request, response),
      "resource": [
        "type": "http_load_balancer",
        "labels": [
          "backend_service_name": "", "forwarding_rule_name": "pixel-rule",
          "project_id": .string(project), "target_proxy_name": "pixel-proxy",
          "url_map_name": "pixel-map", "zone": "global",
        ],
      ],
      "timestamp": .string(moment.timestamp),
      "severity": .string(severity),
      "logName": .string("projects/\(project)/logs/requests"),
      "trace": .string("projects/\(project)/traces/\(trace)"),
      "receiveTimestamp": .string(moment.after(.milliseconds(300)).timestamp),
      "spanId": .string(hexadecimal(random.next())),
    ]
  }

  /// Sizes are strings, as all 64-bit numbers of Google's JSON.
  private func httpRequest(_ request: APIRequest, _ response: APIResponse) -> JSON {
    let query = request.query.map { "?" + $0 } ?? ""
    let url = "http://\(request.headers["host"] ?? "localhost")\(request.path)\(query)"
    let size = url.utf8.count + request.headers.reduce(0) { $0 + $1.key.count + $1.value.count + 4 }
    var members = JSON.Members([
      ("requestMethod", .string(request.method)), ("requestUrl", .string(url)),
      ("requestSize", .string(String(size))), ("status", JSON(response.status)),
      ("responseSize", .string(String(response.body.count + 240))),
    ])
    if let agent = request.headers["user-agent"] { members["userAgent"] = .string(agent) }
    members["remoteIp"] = .string(request.remoteAddress)
    members["serverIp"] = "127.0.0.1"
    if let referer = request.headers["referer"] { members["referer"] = .string(referer) }
    members["latency"] = "0.000500s"
    return .object(members)
  }

  /// Real ones have 11 to 14 digits in base 36; 14 of them at random do not meet twice.
  private mutating func insertID() -> String {
    let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    return String((0..<14).map { _ in digits[Int.random(in: 0..<36, using: &random)] })
  }

  private func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
