// SPDX-License-Identifier: MIT
import Foundation

/// What is wrong at the moment, in sentences for the page and for the console that started it all.
struct Health {
  /// A program of the pipeline, asked once a second whether it is ready.
  struct Stage: Sendable {
    enum State: Equatable, Sendable {
      case starting
      case ready
      /// It answered before, and does not now; why.
      case gone(String)
    }

    let name: String
    let url: String
    fileprivate(set) var state = State.starting
  }

  private(set) var stages: [Stage]
  /// Why the last write to the disk failed; nil since one has succeeded.
  private var failedWrite: String?
  private var freeBytes: UInt64?
  private let folder: String

  /// Below this a write is about to fail.
  private static let leastFreeBytes: UInt64 = 1 << 20

  init(stages: [(name: String, url: String)], folder: String) {
    self.stages = stages.map { Stage(name: $0.name, url: $0.url) }
    self.folder = folder
  }

  /// Takes a stage's answer: its status, or why there was none.
  mutating func note(stage index: Int, _ answer: Result<Int, any Error>) {
    let before = stages[index].state
    switch answer {
    case .success(200): stages[index].state = .ready
    case .success(let status) where before != .starting:
      stages[index].state = .gone("answers \(status) and takes no messages")
    case .failure(let error) where before != .starting:
      stages[index].state = .gone("does not answer: \(error)")
    default: break
    }
  }

  /// A request that writes was answered: with 500 only if the disk did not take it.
  mutating func note(_ response: APIResponse, to request: APIRequest) {
    guard request.method != "HEAD" else { return }
    if response.status == 500 {
      failedWrite =
        (try? JSON.parse(response.body))?["error"]?["message"]?.string ?? "A write failed."
    } else if request.method == "POST", response.status < 300 {
      failedWrite = nil
    }
  }

  mutating func note(failedWrite error: any Error) {
    failedWrite = (error as? GoogleError)?.message ?? "\(error)"
  }

  mutating func lookAtDisk() {
    var disk = statvfs()
    freeBytes =
      statvfs(folder, &disk) == 0 ? UInt64(disk.f_bavail) * UInt64(disk.f_frsize) : nil
  }

  /// One sentence for each thing that is wrong.
  var troubles: [String] {
    var troubles: [String] = stages.compactMap { stage in
      guard case .gone(let why) = stage.state else { return nil }
      return "\(stage.name) \(why). Messages for it wait until it runs again."
    }
    if let failedWrite {
      troubles.append(
        "The disk does not take what comes in. \(failedWrite) Senders are told to try again.")
    } else if let freeBytes, freeBytes < Self.leastFreeBytes {
      troubles.append("The disk of \(folder) is full: \(freeBytes / 1024) KiB are left.")
    }
    return troubles
  }

  var json: JSON {
    [
      "stages": .array(
        stages.map { stage in
          let state =
            switch stage.state {
            case .starting: "starting"
            case .ready: "ready"
            case .gone: "gone"
            }
          return ["name": .string(stage.name), "state": .string(state)]
        }),
      "troubles": .array(troubles.map { .string($0) }),
    ]
  }
}
