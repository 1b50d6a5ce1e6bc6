// SPDX-License-Identifier: MIT
import Foundation

/// differential INPUTS [SEED]: reads made-up queries and JSON documents with our scanners, with Python
/// and with Foundation, and says where they differ. Exits with 1 if one does that is not documented.
func run() async throws -> Int32 {
  let arguments = CommandLine.arguments
  guard arguments.count > 1, let count = Int(arguments[1]), count > 0 else {
    print("Usage: differential INPUTS [SEED]")
    return 2
  }
  let seed = arguments.count > 2 ? UInt64(arguments[2]) ?? 1 : 1
  let began = Date()
  let shares = ProcessInfo.processInfo.activeProcessorCount
  let tally = try await withThrowingTaskGroup(of: Tally.self) { group in
    for share in 0..<shares {
      group.addTask {
        var comparison = Comparison(
          seed: seed &* 1_000_003 &+ UInt64(share), python: PythonOracle())
        try comparison.run(count / shares)
        return comparison.tally
      }
    }
    return try await group.reduce(Tally(), +)
  }
  report(tally, seed: seed, seconds: Int(Date().timeIntervalSince(began)))
  return tally.finding == nil ? 0 : 1
}

func report(_ tally: Tally, seed: UInt64, seconds: Int) {
  let (queries, documents) = (tally.inputs[.query] ?? 0, tally.inputs[.json] ?? 0)
  print("\(queries) queries and \(documents) JSON documents with seed \(seed) in \(seconds) s")
  print("compared with Foundation: \(tally.withFoundation)")
  if tally.withPython > 0 {
    print("compared with Python: \(tally.withPython), of which \(tally.accepted) could be read")
  } else {
    print("compared with Python: none, as python3 can't be run")
  }
  for (documented, count) in tally.documented.sorted(by: { $0.value > $1.value }) {
    print("\(count): \(documented.rawValue)")
  }
  print(tally.finding ?? "No other difference.")
}

exit(try await run())
