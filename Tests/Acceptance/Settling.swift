// SPDX-License-Identifier: MIT
import LocalCloud

/// Knows from looks at the cloud's state when everything that was published up to a message has
/// come to its end.
///
/// LogParse acknowledges an entry after its event is published, so: once the logs topic is done
/// with the last entry, all events have ids that were given by then; once every subscription is
/// done with those, the rows are in.
struct Settling {
  private var entriesDone = false
  private var mark: Int

  /// `lastEntry` is the id of the last message that counts.
  init(lastEntry: Int) { mark = lastEntry }

  /// Takes one look; true once all is done.
  mutating func look(_ state: JSON) -> Bool {
    let topics = state["topics"]?.array ?? []
    if !entriesDone {
      let logs = topics.filter { $0["name"]?.string == Configuration.logsTopic }
      guard isPast(logs) else { return false }
      entriesDone = true
      mark = state["lastMessageId"]?.integer ?? mark
    }
    return isPast(topics)
  }

  private func isPast(_ topics: [JSON]) -> Bool {
    topics.flatMap { $0["subscriptions"]?.array ?? [] }.allSatisfy { subscription in
      subscription["oldestUnacked"]?.integer.map { $0 > mark } ?? true
    }
  }

  /// What is still on its way, in words.
  static func progress(_ state: JSON) -> String {
    let waiting = (state["topics"]?.array ?? []).compactMap { topic -> String? in
      guard let backlog = topic["backlog"]?.integer, backlog > 0 else { return nil }
      return "\(backlog) in \(topic["name"]?.string ?? "?")"
    }
    let rows = state["rows"]?.integer ?? 0
    let rejections = state["rejections"]?["count"]?.integer ?? 0
    let left = waiting.isEmpty ? "nothing" : waiting.joined(separator: ", ")
    return "\(rows) rows and \(rejections) rejections in all; on its way: \(left)"
  }
}

extension CloudClient {
  /// Waits until all is settled, with a line of progress each second; gives up when nothing has
  /// changed for a minute, and then says false.
  func waitUntilSettled(_ start: Settling, say: (String) -> Void) async throws -> Bool {
    var settling = start
    var last = ""
    var unchanged = 0
    var looks = 0
    while unchanged < 600 {
      let state = try await get("/_local/state")
      let progress = Settling.progress(state)
      if settling.look(state) {
        say(progress)
        return true
      }
      unchanged = progress == last ? unchanged + 1 : 0
      last = progress
      if looks % 10 == 9 { say(progress) }
      looks += 1
      try await Task.sleep(for: .milliseconds(100))
    }
    say("Nothing has changed for a minute: \(last)")
    return false
  }

  /// Whether somebody takes log entries at all.
  func requirePipeline() async throws {
    let topics = try await get("/_local/state")["topics"]?.array ?? []
    for name in [Configuration.logsTopic, Configuration.eventsTopic] {
      let topic = topics.first { $0["name"]?.string == name }
      guard topic?["subscriptions"]?.array?.isEmpty == false else {
        throw Failure(description: "Nothing is pushed from \(name): start local-cloud with --push.")
      }
    }
  }
}
