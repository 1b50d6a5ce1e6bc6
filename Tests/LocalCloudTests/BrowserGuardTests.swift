// SPDX-License-Identifier: MIT
import Testing

@testable import LocalCloud

/// A name that points to this machine, and another site's page, get nothing here.
@Suite struct BrowserGuardTests {
  private func status(
    _ request: APIRequest, host: String = "127.0.0.1", names: [String] = []
  ) -> Int {
    BrowserGuard(host: host, names: names).refusal(of: request)?.status ?? 200
  }

  @Test(arguments: [
    "127.0.0.1:8080", "127.0.0.1", "localhost:8080", "LOCALHOST", "[::1]:8080", "127.9.9.9:1",
    "app.localhost:8080", "",
  ])
  func `this machine's own names are taken`(_ host: String) {
    #expect(status(APIRequest("GET", "/_local/state", headers: ["host": host])) == 200)
  }

  @Test(arguments: [
    "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:8080",
    "192.168.1.7:8080", "[2001:db8::1]:8080", "127.evil.example", "8.8.8.8", "0x7f.1",
  ])
  func `a foreign name is refused, whatever is asked`(_ host: String) {
    for (method, path) in [("GET", "/"), ("GET", "/pixel.png"), ("POST", "/_local/reset")] {
      #expect(status(APIRequest(method, path, headers: ["host": host])) == 403)
    }
  }

  @Test func `names that were given are taken`() {
    let request = APIRequest("GET", "/", headers: ["host": "track.test:8080"])
    #expect(status(request) == 403)
    #expect(status(request, names: ["Track.test"]) == 200)
    #expect(status(request, host: "track.test") == 200)
  }

  /// In a container, which is reached by any address; a name could still be anybody's.
  @Test func `who listens everywhere takes any address and no name`() {
    for (host, expected) in [
      ("192.168.1.7:8080", 200), ("[2001:db8::1]:8080", 200), ("evil.example", 403),
    ] {
      let request = APIRequest("GET", "/", headers: ["host": host])
      #expect(status(request, host: "0.0.0.0") == expected, "\(host)")
    }
  }

  @Test(
    arguments: [
      (["origin": "http://evil.example"], 403), (["origin": "null"], 403),
      (["origin": "http://localhost:3000"], 403), (["sec-fetch-site": "cross-site"], 403),
      (["sec-fetch-site": "same-site"], 403),
      (["origin": "http://localhost:8080", "sec-fetch-site": "cross-site"], 403),
      (["origin": "http://localhost:8080"], 200), (["origin": "HTTP://LOCALHOST:8080"], 200),
      (["origin": "http://localhost:8080", "sec-fetch-site": "same-origin"], 200),
      (["sec-fetch-site": "none"], 200), ([:], 200),
    ] as [([String: String], Int)])
  func `a write is taken from here and from no other site's page`(
    _ headers: [String: String], _ expected: Int
  ) {
    let all = headers.merging(["host": "localhost:8080"]) { $1 }
    for (method, path) in [
      ("POST", "/_local/reset"), ("POST", "/_local/fault"), ("POST", "/_local/entries"),
      ("POST", "/v1/projects/local/topics/pixel-logs:publish"),
      ("PUT", "/v1/projects/local/topics/x"), ("DELETE", "/v1/projects/local/topics/x"),
      ("POST", "/bigquery/v2/projects/local/datasets/pixel/tables/pixel/insertAll"),
      ("PATCH", "/bigquery/v2/projects/local/datasets/pixel/tables/pixel"),
    ] {
      #expect(status(APIRequest(method, path, headers: all)) == expected, "\(method) \(path)")
    }
    // The pixel is for other sites' pages.
    #expect(status(APIRequest("GET", "/pixel.png", headers: all)) == 200)
  }
}
