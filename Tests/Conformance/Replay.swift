// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport

/// Sends the requests of cases to the example function, over a socket, and compares what came of them.
public final class Replay {
  /// What came of one case.
  public struct Result: Sendable {
    public let name: String
    public let kind: String
    public let level: Case.Level
    public let statuses: [Int]
    /// Empty if all is as expected.
    public let differences: [String]
    public var passed: Bool { differences.isEmpty }
  }

  private var echoes: [Echo.Takes: Echo] = [:]

  /// - Parameter program: The example function's executable.
  public init(program: URL) throws {
    for takes in Echo.Takes.allCases { echoes[takes] = try Echo(takes, program: program) }
  }

  public func run(_ one: Case) -> Result {
    var statuses: [Int] = []
    var differences: [String] = []
    for takes in one.echoes {
      guard let echo = echoes[takes] else { continue }
      do {
        let client = try RawClient(port: echo.port)
        try client.send(one.request)
        let answer = try client.readAnswer(toHead: one.isHead)
        client.close()
        statuses.append(answer.status)
        var comparison = Comparison(one, takes)
        comparison.compare(answer, received: try echo.received())
        differences += comparison.differences
        if answer.status >= 500 { differences.append("a status of the server's fault") }
      } catch {
        differences.append("\(error)")
      }
      if !echo.isRunning { differences.append("the function has died") }
    }
    return Result(
      name: one.name, kind: one.kind, level: one.level, statuses: statuses,
      differences: differences)
  }

  /// Ends the functions; false if one did not end in order.
  public func stop() -> Bool { echoes.values.map { $0.stop() == 0 }.allSatisfy { $0 } }
}
