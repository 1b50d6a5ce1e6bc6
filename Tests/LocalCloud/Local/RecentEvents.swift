// SPDX-License-Identifier: MIT

/// The last hits, rows and rejections, and which belong together: what the page lists.
///
/// Noting one costs next to nothing; what became of which hit is worked out when somebody looks.
final class RecentEvents {
  /// Of each kind.
  static let kept = 300
  /// A message may be megabytes long, and nobody looks at those.
  static let longestShown = 100_000

  struct Hit {
    let message: Message
    /// Pub/Sub was told that it is done with.
    var isDone = false
  }

  struct Row {
    let number: Int64
    let table: String
    let line: [UInt8]
  }

  private(set) var hits: [Hit] = []
  private(set) var rows: [Row] = []
  private(set) var rejections: [Message] = []
  /// The ids of the events that were published last, which are on their way to a table.
  private(set) var published: [String] = []
  /// Changes with everything that is noted.
  private(set) var version = 0
  /// How many hits were done with and left neither an event nor a rejection, by why.
  private(set) var leftAlone: [String: Int] = [:]
  /// How often each parameter that no column takes has come.
  private(set) var dropped = DroppedNames()

  let judge: Judgement.Judge?
  private var judgements: [Message.ID: Judgement] = [:]

  init(judge: Judgement.Judge?) { self.judge = judge }

  // MARK: Noting

  func note(hits messages: [Message]) {
    version += 1
    for message in messages {
      if let judge {
        let judgement = judge(message.payload)
        dropped.note(judgement.dropped)
        if message.data.utf8.count < Self.longestShown { judgements[message.id] = judgement }
      }
      if message.data.utf8.count < Self.longestShown { hits.append(Hit(message: message)) }
    }
    for hit in hits.prefix(max(0, hits.count - Self.kept)) { judgements[hit.message.id] = nil }
    hits.removeFirst(max(0, hits.count - Self.kept))
  }

  func note(published messages: [Message]) {
    version += 1
    published += messages.suffix(2 * Self.kept).compactMap { $0.attributes["event_id"] }
    published.removeFirst(max(0, published.count - 2 * Self.kept))
  }

  func note(rejections messages: [Message]) {
    version += 1
    rejections += messages.suffix(Self.kept).filter {
      $0.data.utf8.count < Self.longestShown
    }
    rejections.removeFirst(max(0, rejections.count - Self.kept))
  }

  /// A hit was acknowledged.
  func note(done message: Message) {
    version += 1
    if let index = hits.lastIndex(where: { $0.message.id == message.id }) {
      hits[index].isDone = true
    }
    guard let judgement = judgements[message.id] ?? judge?(message.payload) else { return }
    switch judgement.verdict {
    case .leftAlone, .test: leftAlone[judgement.reason, default: 0] += 1
    case .row, .rejected: break
    }
  }

  /// Rows that are in a table now; `number` is the moment, and grows.
  func note(rows lines: some Collection<[UInt8]>, in table: String, number: Int64) {
    version += 1
    for line in lines.suffix(Self.kept) {
      let number = max(number, (rows.last?.number ?? 0) + 1)
      rows.append(Row(number: number, table: table, line: line))
    }
    rows.removeFirst(max(0, rows.count - Self.kept))
  }

  func reset() {
    (hits, rows, rejections, published) = ([], [], [], [])
    (leftAlone, judgements, dropped) = ([:], [:], DroppedNames())
    version += 1
  }

  // MARK: Looking

  func judgement(of hit: Hit) -> Judgement? { judgements[hit.message.id] }
}

/// Parameters that no column takes, by name.
struct DroppedNames {
  /// Names come from URLs: more than these are counted together.
  static let most = 200
  private(set) var counts: [String: Int] = [:]
  private(set) var others = 0

  mutating func note(_ names: [String]) {
    for name in names {
      let short = String(name.prefix(100))
      if counts[short] != nil || counts.count < Self.most {
        counts[short, default: 0] += 1
      } else {
        others += 1
      }
    }
  }

  /// The most frequent first.
  var json: JSON {
    .array(
      counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        .map { ["name": .string($0.key), "count": JSON($0.value)] })
  }
}
