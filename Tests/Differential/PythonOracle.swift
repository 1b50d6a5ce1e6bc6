// SPDX-License-Identifier: MIT
import Foundation

/// A Python process that reads the same inputs: `oracle.py` says how it is asked.
final class PythonOracle {
  private let process = Process()
  private let (toPython, fromPython) = (Pipe(), Pipe())

  /// Nil if there is no Python.
  init?() {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("oracle.py")
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script.path]
    process.standardInput = toPython
    process.standardOutput = fromPython
    guard (try? process.run()) != nil else { return nil }
    guard (try? reading(of: [], .query)) != nil else { return nil }
  }

  deinit {
    try? toPython.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Sends a batch; Python works on it until `checksums` is called.
  func send(_ inputs: [[UInt8]], _ kind: Inputs.Kind) throws {
    try send(inputs, letter: kind == .query ? "q" : "j")
  }

  /// A CRC-32 for each input of the batch that was sent.
  func checksums(_ count: Int) throws -> [UInt32] {
    let data = try read(4 * count)
    return data.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
    }
  }

  /// What Python reads in one input.
  func reading(of input: [UInt8], _ kind: Inputs.Kind) throws -> [UInt8] {
    try send([input], letter: kind == .query ? "Q" : "J")
    let length = try read(4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    return Array(try read(Int(length)))
  }

  private func send(_ inputs: [[UInt8]], letter: Character) throws {
    var request = Data(String(letter).utf8)
    for number in [inputs.count] + inputs.map(\.count) {
      withUnsafeBytes(of: UInt32(number)) { request.append(contentsOf: $0) }
    }
    for input in inputs { request.append(contentsOf: input) }
    try toPython.fileHandleForWriting.write(contentsOf: request)
  }

  private func read(_ count: Int) throws -> Data {
    var data = Data()
    while data.count < count {
      guard
        let more = try fromPython.fileHandleForReading.read(upToCount: count - data.count),
        !more.isEmpty
      else { throw PythonEnded() }
      data += more
    }
    return data
  }
}

struct PythonEnded: Error {}

/// CRC-32 as zlib computes it.
struct CRC32 {
  private let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1
    }
  }

  func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 0xff)] }
  }
}
