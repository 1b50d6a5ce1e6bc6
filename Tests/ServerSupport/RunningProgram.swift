// SPDX-License-Identifier: MIT
import Foundation

/// A built program that is running, with the log lines that it has written.
open class RunningProgram {
  public let process = Process()
  private let output = Pipe()
  private let errors = Pipe()
  public private(set) var lines: [[String: Any]] = []

  /// - Parameter name: Of the executable, which lies beside the tests.
  public init(_ name: String, _ environment: [String: String], arguments: [String] = []) throws {
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
      .deletingLastPathComponent().appendingPathComponent(name)
    process.arguments = arguments
    process.environment = environment
    process.standardOutput = output
    process.standardError = errors
    try process.run()
  }

  deinit { if process.isRunning { process.terminate() } }

  /// Reads log lines until one has this message.
  public func line(_ message: String) throws -> [String: Any] {
    while let line = try nextLine() {
      if line["message"] as? String == message { return line }
    }
    throw RawClient.Failure(description: "no such line: \(message)")
  }

  /// Waits until the program has ended and reads the log lines that it has left. Not until the pipe has: a
  /// program that was started meanwhile may hold the other end of it too.
  public func readToEnd() throws {
    process.waitUntilExit()
    let descriptor = output.fileHandleForReading.fileDescriptor
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    while try nextLine() != nil {}
  }

  /// Nil if there is none.
  private func nextLine() throws -> [String: Any]? {
    var text: [UInt8] = []
    while text.last != 0x0A {
      var byte: UInt8 = 0
      let count = read(output.fileHandleForReading.fileDescriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        guard text.isEmpty else { throw RawClient.Failure(description: "cut line") }
        return nil
      }
      text.append(byte)
    }
    let object = try JSONSerialization.jsonObject(with: Data(text))
    guard let line = object as? [String: Any] else {
      throw RawClient.Failure(description: "not an object: \(object)")
    }
    lines.append(line)
    return line
  }

  public func port() throws -> UInt16 {
    guard let port = try line("Listening.")["port"] as? Int else {
      throw RawClient.Failure(description: "no port")
    }
    return UInt16(port)
  }

  public func exitCode() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  public var errorText: String {
    String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
  public var outputText: String {
    String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}
