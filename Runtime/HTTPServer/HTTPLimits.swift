// SPDX-License-Identifier: MIT
import Synchronization

/// Every bound of the HTTP server, with its unit and default.
public struct HTTPLimits: Sendable {
  /// Longest request body, in bytes: a Pub/Sub message of 10 MB is 13.4 MB as base64. Beyond: 413.
  public var maxBodyBytes = 16 * 1024 * 1024
  /// Bytes of all bodies that are being read or worked on, also by handlers whose call has been answered 504
  /// or whose client has gone. Beyond: 503 with `Retry-After`.
  public var maxBufferedBytes = 256 * 1024 * 1024
  /// Calls that are being worked on. Beyond: 429 with `Retry-After`.
  public var maxInFlight = 1000
  /// Open connections of one loop. Beyond it new ones wait in the kernel's queue.
  public var maxConnections = 8192
  /// From a request's first byte to the end of its head. Beyond: 408.
  public var headTimeout = Duration.seconds(10)
  /// From the end of the head to the end of the body. Beyond: 408.
  public var bodyTimeout = Duration.seconds(30)
  /// From the call to its answer. Beyond: 504.
  public var requestTimeout = Duration.seconds(40)
  /// A connection without a request, and one that does not take its answer, is closed.
  public var idleTimeout = Duration.seconds(60)

  public init() {}
}

/// The calls and bytes that the whole process holds at the moment, shared by its loops.
public final class ProcessLoad: Sendable {
  let bufferedBytes = Atomic<Int>(0)
  let inFlight = Atomic<Int>(0)

  public init() {}

  /// Calls that are being worked on.
  public var callsInFlight: Int { inFlight.load(ordering: .relaxed) }
}

/// Bytes that count for as long as this object is kept.
final class CountedBytes {
  private let count: Int
  private let load: ProcessLoad

  /// - Parameter count: Bytes that `load` counts already.
  init(_ count: Int, in load: ProcessLoad) {
    self.count = count
    self.load = load
  }

  deinit { _ = load.bufferedBytes.subtract(count, ordering: .relaxed) }
}
