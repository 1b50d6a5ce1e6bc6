// SPDX-License-Identifier: MIT
import Bytes
import Glibc
import Settings

/// Decodes each line of a file again and again: `parts-core FILE base64|query SECONDS` prints the nanoseconds of
/// CPU time for a line, and how many bytes all lines become, for a comparison with the others.
struct Parts {
  var copy: [UInt8] = []
  var text = ByteWriter(capacity: 4096)

  /// It is decoded where it lies, so each time begins with a copy.
  mutating func base64(_ line: [UInt8]) -> Int {
    copy.removeAll(keepingCapacity: true)
    copy.append(contentsOf: line)
    var span = copy.mutableSpan
    return span.decodeBase64(0..<line.count)?.count ?? 0
  }

  mutating func query(_ line: [UInt8]) -> Int {
    text.removeAll()
    var parameters = QueryString(0..<line.count)
    while let parameter = parameters.next(in: line.span) {
      text.append(formDecoding: line.span, parameter.name)
      text.append(formDecoding: line.span, parameter.value)
    }
    return text.bytes.count
  }
}

func nanosecondsUsed() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

func run() throws {
  let arguments = CommandLine.arguments
  let lines = try readFile(arguments[1]).split(separator: UInt8(ascii: "\n")).map { Array($0) }
  let isBase64 = arguments[2] == "base64"
  let seconds = Int(arguments[3]) ?? 1
  var parts = Parts()
  func pass() -> Int {
    var total = 0
    for line in lines { total += isBase64 ? parts.base64(line) : parts.query(line) }
    return total
  }
  let total = pass()
  let began = nanosecondsUsed()
  var count = 0
  repeat {
    guard pass() == total else { fatalError("not the same again") }
    count += lines.count
  } while nanosecondsUsed() - began < seconds * 1_000_000_000
  print(Double(nanosecondsUsed() - began) / Double(count), total)
}

try run()
