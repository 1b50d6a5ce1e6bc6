// SPDX-License-Identifier: MIT
import Foundation

/// A file of lines that only grows. A line that was cut off by a crash is dropped on opening, so
/// what is there is always whole.
///
/// The file is opened for each write: there may be more tables than a process may have open files.
final class LineFile {
  struct Failure: Error, CustomStringConvertible {
    let path: String
    let doing: String
    let code: Int32
    var description: String { "Cannot \(doing) \(path): \(String(cString: strerror(code)))." }
  }

  let path: String
  /// Where each line starts.
  private var starts: [Int] = []
  private(set) var size = 0

  var count: Int { starts.count }

  init(_ path: String) throws(Failure) {
    self.path = path
    try withFile(O_RDWR | O_CREAT) { (file) throws(Failure) in try load(file) }
  }

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String) throws(Failure) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/" + part
      if mkdir(made, 0o755) != 0 && errno != EEXIST {
        throw Failure(path: path, doing: "create", code: errno)
      }
    }
  }

  /// Appends each of `lines`, none of which contains a line break, in one write.
  func append(_ lines: [[UInt8]]) throws(Failure) {
    if lines.isEmpty { return }
    var block: [UInt8] = []
    block.reserveCapacity(lines.reduce(0) { $0 + $1.count + 1 })
    for line in lines {
      block.append(contentsOf: line)
      block.append(0x0A)
    }
    try withFile(O_WRONLY | O_APPEND | O_CREAT) { (file) throws(Failure) in
      do throws(Failure) {
        try write(block, to: file)
      } catch {
        // Half a block must not stay in front of the next one.
        ftruncate(file, size)
        throw error
      }
    }
    for line in lines {
      starts.append(size)
      size += line.count + 1
    }
  }

  /// The lines of `range`, as far as there are any.
  func lines(_ range: Range<Int>) throws(Failure) -> [[UInt8]] {
    let range = range.clamped(to: 0..<count)
    guard let first = range.first else { return [] }
    let start = starts[first]
    let end = range.upperBound < count ? starts[range.upperBound] : size
    let block = try withFile(O_RDONLY) { (file) throws(Failure) in
      try read(file, from: start, count: end - start)
    }
    return block.split(separator: 0x0A, omittingEmptySubsequences: false).prefix(range.count)
      .map { Array($0) }
  }

  func removeAll() throws(Failure) {
    try withFile(O_WRONLY | O_CREAT | O_TRUNC) { _ in }
    (starts, size) = ([], 0)
  }

  func delete() {
    unlink(path)
    (starts, size) = ([], 0)
  }

  private func withFile<R>(_ flags: Int32, _ body: (Int32) throws(Failure) -> R) throws(Failure)
    -> R
  {
    let file = open(path, flags | O_CLOEXEC, 0o644)
    if file < 0 { throw Failure(path: path, doing: "open", code: errno) }
    defer { close(file) }
    return try body(file)
  }

  private func load(_ file: Int32) throws(Failure) {
    let end = Int(lseek(file, 0, SEEK_END))
    var lineStart = 0
    var offset = 0
    while offset < end {
      let block = try read(file, from: offset, count: min(1 << 20, end - offset))
      for (index, byte) in block.enumerated() where byte == 0x0A {
        starts.append(lineStart)
        lineStart = offset + index + 1
      }
      offset += block.count
    }
    size = lineStart
    if size < end { ftruncate(file, size) }
  }

  private func read(_ file: Int32, from start: Int, count: Int) throws(Failure) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = block.withUnsafeMutableBytes {
        pread(file, $0.baseAddress! + done, count - done, start + done)
      }
      if got <= 0 { throw Failure(path: path, doing: "read", code: got == 0 ? EIO : errno) }
      done += got
    }
    return block
  }

  private func write(_ block: [UInt8], to file: Int32) throws(Failure) {
    var done = 0
    while done < block.count {
      let put = block.withUnsafeBytes {
        Foundation.write(file, $0.baseAddress! + done, block.count - done)
      }
      if put < 0 && errno == EINTR { continue }
      if put < 0 { throw Failure(path: path, doing: "write", code: errno) }
      done += put
    }
  }
}
