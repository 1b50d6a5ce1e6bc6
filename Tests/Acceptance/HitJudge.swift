// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import LocalCloud
import LogParse
import PixelModel

/// Says what LogParse makes of an entry, by LogParse's own parser: for the page that explains it, and for the
/// times and ids by which `replay` accounts.
public final class HitJudge: @unchecked Sendable {
  private let lock = NSLock()
  private var parser: EventParser
  private var row = ByteWriter(capacity: 4096)

  /// - Parameters:
  ///   - contract: A schema file or a folder of them, as `CONTRACT`.
  ///   - pixelPaths: As `PIXEL_PATHS`.
  public init(contract: String, pixelPaths: [String]) throws {
    let source = ContractSource(contract)
    parser = EventParser(
      contracts: try source.contracts(), pixelPaths: pixelPaths,
      names: ControlParameters(contract: source.isFolder ? "c" : ""))
  }

  /// The names of the last entry's parameters that no column takes.
  private var dropped: [String] {
    let names = parser.unknownNames(maximumBytes: 100_000).flatMap { try? JSON.parse($0.utf8) }
    return names?.array?.compactMap(\.string) ?? []
  }

  public func judge(_ entry: [UInt8]) -> Judgement {
    lock.withLock {
      switch parser.parse(entry.span, into: &row) {
      case .event(let event):
        Judgement(eventID: event.id, verdict: .row, dropped: dropped)
      case .rejected(let rejection):
        Judgement(
          eventID: rejection.eventID, verdict: .rejected, reason: rejection.reason.rawValue,
          detail: rejection.detail, dropped: dropped)
      case .leftAlone(let why):
        Judgement(eventID: nil, verdict: .leftAlone, reason: why.label, detail: why.what)
      case .test(.success(let event)):
        Judgement(
          eventID: event.id, verdict: .test, reason: "test_accepted", dropped: dropped)
      case .test(.failure(let rejection)):
        Judgement(
          eventID: rejection.eventID, verdict: .test, reason: "test_rejected",
          detail: "\(rejection.reason.rawValue): \(rejection.detail)")
      }
    }
  }
}

extension LeftAlone {
  /// The path or method that is not ours.
  fileprivate var what: String {
    switch self {
    case .noRequest, .privacySignal: ""
    case .method(let method): method
    case .path(let path): path
    }
  }
}
