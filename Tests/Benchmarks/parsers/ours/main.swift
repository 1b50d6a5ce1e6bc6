// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import Glibc
import LogParse
import PixelModel
import Settings

/// The parsing part of LogParse on a file of pushes, one on each line.
///
///     parse-core CONTRACT PUSHES rows          prints the rows, one on each line
///     parse-core CONTRACT PUSHES time SECONDS  prints the nanoseconds of CPU time for one push
///     parse-core CONTRACT PUSHES passes COUNT  parses them all COUNT times, for counting instructions
struct Core {
  var parser: EventParser
  let body = Buffer(capacity: 1 << 20)
  var row = ByteWriter(capacity: 4096)

  /// What `log-parse` does with a push that has been received, without HTTP and publishing.
  mutating func parse(_ push: [UInt8]) throws {
    body.truncate(to: 0)
    body.append(push.span)
    let message = try PubSubMessage.decodeWrapped(in: body, body: 0..<body.count)
    let verdict = body.withSpan { parser.parse($0.extracting(message.data), into: &row) }
    guard case .event = verdict else { throw NoEvent() }
  }
}

struct NoEvent: Error {}

func nanosecondsUsed() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

func run() throws {
  let arguments = CommandLine.arguments
  guard arguments.count >= 4 else { fatalError("CONTRACT PUSHES rows|time|passes [NUMBER]") }
  let contract = try Contract(json: try readFile(arguments[1]), name: "bench")
  let pushes = try readFile(arguments[2]).split(separator: UInt8(ascii: "\n")).map { Array($0) }
  var core = Core(parser: try EventParser(contract: contract, pixelPaths: ["/pixel.png"]))
  let number = arguments.count > 4 ? Int(arguments[4]) ?? 0 : 0
  switch arguments[3] {
  case "rows":
    for push in pushes {
      try core.parse(push)
      print(core.row.bytes.span.string)
    }
  case "time":
    for push in pushes { try core.parse(push) }
    let began = nanosecondsUsed()
    var count = 0
    repeat {
      for push in pushes { try core.parse(push) }
      count += pushes.count
    } while nanosecondsUsed() - began < number * 1_000_000_000
    print(Double(nanosecondsUsed() - began) / Double(count))
  default:
    for _ in 0..<number { for push in pushes { try core.parse(push) } }
  }
}

try run()
