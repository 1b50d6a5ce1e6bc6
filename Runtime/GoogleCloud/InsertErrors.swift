// SPDX-License-Identifier: MIT
import Bytes

/// Reads `insertErrors` of a 200 answer: `[{"index", "errors": [{"reason", "location", "message"}]}]`.
enum InsertErrors {
  /// The problem of each row that is not in, by index; nil if this is not an answer of insertAll.
  static func read(_ body: [UInt8]) -> [Int: InsertAllAnswer.RowProblem]? {
    guard let answer = try? parse(body.span), answer.hasKind else { return nil }
    return answer.problems
  }

  private static func parse(
    _ bytes: Span<UInt8>
  ) throws(JSONError) -> (hasKind: Bool, problems: [Int: InsertAllAnswer.RowProblem]) {
    var scanner = JSONScanner()
    var hasKind = false
    var problems: [Int: InsertAllAnswer.RowProblem] = [:]
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      if name.equals("insertErrors", in: bytes), try scanner.peek(in: bytes) == .array {
        try scanner.enterArray(in: bytes)
        while try scanner.nextElement(in: bytes) {
          let (index, problem) = try row(&scanner, bytes)
          problems[index] = problem
        }
      } else {
        let value = try scanner.value(in: bytes)
        if name.equals("kind", in: bytes) { hasKind = value.kind == .string }
      }
    }
    try scanner.finish(in: bytes)
    return (hasKind, problems)
  }

  private static func row(
    _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
  ) throws(JSONError) -> (Int, InsertAllAnswer.RowProblem) {
    var index = 0
    var details: [ErrorDetail] = []
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      if name.equals("errors", in: bytes), try scanner.peek(in: bytes) == .array {
        try scanner.enterArray(in: bytes)
        while try scanner.nextElement(in: bytes) {
          details.append(try ErrorDetail(&scanner, bytes))
        }
      } else {
        let value = try scanner.value(in: bytes)
        if name.equals("index", in: bytes) { index = bytes.decimal(at: value.range) ?? 0 }
      }
    }
    return (index, problem(details))
  }

  /// Reasons that mean that the row is to blame. All others pass, by themselves or once somebody has put
  /// something right; `timeout` comes several times a day in production.
  private static let final: Set<String> = [
    "invalid", "row-too-large", "rowTooLarge", "parseError", "invalidQuery", "notImplemented",
    "duplicate",
  ]

  /// The worst of a row's errors decides: one that is not the row's, then one that never passes, then one
  /// that does, then `stopped`.
  private static func problem(_ details: [ErrorDetail]) -> InsertAllAnswer.RowProblem {
    let kept = details.filter { $0.reason != "stopped" }
    guard !kept.isEmpty else { return details.isEmpty ? .transient("no reason given") : .stopped }
    for detail in kept {
      guard let kind = TableTrouble.Kind(ofRow: detail) else { continue }
      let message = detail.message.isEmpty ? "" : ": \(detail.message)"
      return .refused(TableTrouble(kind, why: "BigQuery: \(detail.reason)\(message)"))
    }
    let final = kept.filter { Self.final.contains($0.reason) }
    // A column that is not there yet passes; anything else that is wrong with the row does not.
    if let worst = final.first(where: { !$0.isUnknownField }) ?? final.first {
      let place = worst.location.isEmpty ? "" : "\(worst.location): "
      let text = "\(place)\(worst.message.isEmpty ? worst.reason : worst.message)"
      return worst.isUnknownField ? .unknownField(text) : .invalid(text)
    }
    return .transient(kept[0].reason)
  }
}

extension ErrorDetail {
  /// BigQuery has no reason of its own for it, only this message.
  fileprivate var isUnknownField: Bool {
    reason == "invalid" && message.lowercased().hasPrefix("no such field")
  }
}
