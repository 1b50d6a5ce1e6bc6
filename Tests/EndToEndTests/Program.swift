// SPDX-License-Identifier: MIT
import Foundation

/// One of the programs under test, or one they need, as a process that can be killed and started again.
final class Program {
  let name: String
  private let executable: URL
  private let arguments: [String]
  private let environment: [String: String]
  private let log: URL
  private var process: Process?

  init(
    _ name: String, at executable: URL, arguments: [String] = [],
    environment: [String: String] = [:], logs: URL
  ) {
    self.name = name
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    log = logs.appendingPathComponent("\(name).log")
  }

  func start() throws {
    // Appending, since a program and the one that follows it may write at the same time.
    let file = open(log.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw CocoaError(.fileWriteUnknown) }
    let output = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = output
    try process.run()
    self.process = process
  }

  /// `kill -9`, and waits until the process is gone.
  func killNow() {
    guard let process, process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// SIGTERM; the exit code.
  @discardableResult
  func stop() -> Int32 {
    guard let process else { return 0 }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    self.process = nil
    return process.terminationStatus
  }

  /// Memory that the process holds, as the kernel counts it.
  var residentBytes: Int? {
    guard let process,
      let text = try? String(
        contentsOfFile: "/proc/\(process.processIdentifier)/statm", encoding: .utf8)
    else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
  }

  var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
}

/// The folder with the four programs: what the test command has built, or what lies beside the tests.
let binaries = URL(
  fileURLWithPath: ProcessInfo.processInfo.environment["PIXEL_BINARIES"]
    ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path)

/// The repository.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The folder of Google's API descriptions; `scripts/test.sh` gets them from PyPI.
let apiDescriptions = ProcessInfo.processInfo.environment["FAKEGCP_DESCRIPTIONS"]

/// A port that nobody listens on at the moment.
func freePort() -> Int {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      _ = bind(descriptor, $0, length)
      _ = getsockname(descriptor, $0, &length)
    }
  }
  return Int(UInt16(bigEndian: address.sin_port))
}

struct Timeout: Error, CustomStringConvertible {
  let description: String
}

/// Waits until `condition` holds, looking ten times a second.
func waitUntil(
  _ what: String, within limit: TimeInterval, _ condition: () throws -> Bool
) throws {
  let end = Date(timeIntervalSinceNow: limit)
  while try !condition() {
    guard Date() < end else { throw Timeout(description: "\(what): not within \(limit) s") }
    Thread.sleep(forTimeInterval: 0.1)
  }
}
