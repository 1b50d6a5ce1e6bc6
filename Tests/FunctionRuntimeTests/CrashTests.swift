// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// What a process leaves when it crashes.
@Suite struct CrashTests {
  private func start(workers: Int = 1) throws -> RunningProgram {
    try RunningProgram(
      "CrashingFunction",
      [
        "PORT": "0", "HOST": "127.0.0.1", "LOG_FORMAT": "json", "WORKERS": "\(workers)",
      ])
  }

  /// One line says it, whoever reads the exit status sees the signal, and all lines are whole.
  private func expectCrash(_ program: RunningProgram, by signals: Set<Int32>) throws {
    try program.readToEnd()
    #expect(signals.contains(program.exitCode()))
    #expect(program.process.terminationReason == .uncaughtSignal)
    let critical = program.lines.filter { $0["severity"] as? String == "CRITICAL" }
    #expect(critical.count == 1)
    #expect(critical.first?["message"] as? String == "The process crashed.")
    #expect(critical.first?["service"] as? String == "crashing")
    #expect(critical.first?["version"] as? String != nil)
  }

  @Test(arguments: [SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP])
  func `a signal that nobody expects leaves one line and the signal`(_ signal: Int32) throws {
    let program = try start()
    _ = try program.port()
    kill(program.process.processIdentifier, signal)
    try expectCrash(program, by: [signal])
  }

  @Test(arguments: ["/overflow", "/index", "/fatal", "/stack"], [1, 4])
  func `a handler that crashes leaves one line and the signal, on whichever worker`(
    _ path: String, _ workers: Int
  ) throws {
    let program = try start(workers: workers)
    let client = try RawClient(port: try program.port())
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.readAnswer().status == 200)
    try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    // A trap is one of the first two, by processor; overflowing the stack is a bad access.
    try expectCrash(program, by: path == "/stack" ? [SIGSEGV, SIGBUS] : [SIGILL, SIGTRAP])
    #expect(throws: RawClient.Failure.self) { try client.readAnswer() }
  }
}
