// SPDX-License-Identifier: MIT
import Foundation
import LocalCloud

/// One hit that `check` sends, and what has to become of it.
struct CheckHit: Sendable {
  enum Road: Sendable { case bucket, ingest }
  enum Expectation: Sendable, Equatable {
    /// One row that has these values.
    case row([String: JSON])
    /// A rejection for this reason.
    case rejection(String)
  }

  let orderID: String
  let road: Road
  /// Path and query.
  let target: String
  let expectation: Expectation

  /// Hits of all kinds, half of them for each road, each with an `order_id` that begins with `run`.
  static func plan(_ count: Int, run: String) -> [CheckHit] {
    (0..<count).map { index in
      let orderID = "\(run)-\(index)"
      let kind = kinds[index % kinds.count]
      let user = users[index % users.count]
      var query = "order_id=\(orderID)&user_id=\(encoded(user))"
      if !kind.query.isEmpty { query += "&" + kind.query }
      var expectation = kind.expectation
      if case .row(var row) = expectation {
        row["order_id"] = .string(orderID)
        row["user_id"] = .string(user)
        expectation = .row(row)
      }
      return CheckHit(
        orderID: orderID, road: index % 2 == 0 ? .bucket : .ingest,
        target: (index % 3 == 0 ? "/pixel.gif?" : "/pixel.png?") + query,
        expectation: expectation)
    }
  }

  // Seven, so that each meets each kind and each road.
  private static let users = ["ada", "u1001", "Zoë Z", "日本", "a/b:c..%25", "🦊", "o'neil_\"x\""]

  /// A query as it is sent, and what has to become of it. An odd number of them, so that each kind takes
  /// both roads.
  private static let kinds: [(query: String, expectation: Expectation)] = [
    ("type=page_view&page_title=Hello", .row(["type": "page_view", "page_title": "Hello"])),
    (
      "type=search&page_title=" + encoded("Grüße, 世界 🚀"),
      .row(["type": "search", "page_title": "Grüße, 世界 🚀"])
    ),
    (
      "type=buy&value=12.50&quantity=3&currency=EUR&client_time=2026-01-02T03%3A04%3A05.5%2B01%3A00",
      .row([
        "type": "buy", "value": "12.5", "quantity": "3", "currency": "EUR",
        "client_time": "2026-01-02T02:04:05.500000Z",
      ])
    ),
    // Rejected: the REQUIRED column `type` is absent.
    ("page_title=no+type", .rejection("missing_required")),
    (
      "type=view&page_title=a%2Bb+c%20d%26e%3Df%3Fg%23h%25i%c3%a9%C3%A9&page_url=https://e.com/p?q=1",
      .row([
        "type": "view", "page_title": "a+b c d&e=f?g#h%iéé", "page_url": "https://e.com/p?q=1",
      ])
    ),
    // Rejected: a REQUIRED column may not be empty.
    ("type=&page_title=empty+type", .rejection("missing_required")),
    // Rejected: the value does not fit the REQUIRED column, which takes 64 characters.
    ("type=" + String(repeating: "x", count: 65), .rejection("invalid_value")),
    (
      "type=" + encoded(String(repeating: "é", count: 64)),
      .row(["type": .string(String(repeating: "é", count: 64))])
    ),
    (
      (1...296).map { "p\($0)=v\($0)" }.joined(separator: "&") + "&type=many&session_id=last",
      .row(["type": "many", "session_id": "last"])
    ),
    // What does not fit an optional column is kept beside the row's columns.
    (
      "type=misfit&quantity=three&value=4",
      .row(["type": "misfit", "value": "4", "_unparsed": #"{"quantity":"three"}"#])
    ),
    ("type=tags&tags=a;b&tags=c%3Bd", .row(["type": "tags", "tags": ["a", "b", "c;d"]])),
    (
      "type=long&page_title=" + String(repeating: "x", count: 4_000),
      .row(["type": "long", "page_title": .string(String(repeating: "x", count: 4_000))])
    ),
    ("type=broken&page_title=50%25+%zz+%", .row(["type": "broken", "page_title": "50% %zz %"])),
  ]

  private static func encoded(_ text: String) -> String {
    let plain = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }
}
