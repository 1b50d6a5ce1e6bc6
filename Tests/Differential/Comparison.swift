// SPDX-License-Identifier: MIT

/// One thread's share of the inputs, compared in batches: while Python reads one, Foundation does.
struct Comparison {
  static let batch = 2000

  private var inputs: Inputs
  private let python: PythonOracle?
  private let crc = CRC32()
  private(set) var tally = Tally()

  /// The same seed gives the same inputs.
  init(seed: UInt64, python: PythonOracle?) {
    inputs = Inputs(seed: seed)
    self.python = python
  }

  /// Compares `count` inputs, half of them queries, half JSON. Stops at the first finding.
  mutating func run(_ count: Int) throws {
    var left = count
    while left > 0, tally.finding == nil {
      for kind in Inputs.Kind.allCases { try compare(min(left, Self.batch) / 2 + 1, kind) }
      left -= Self.batch
    }
  }

  private mutating func compare(_ count: Int, _ kind: Inputs.Kind) throws {
    var cases: [(input: [UInt8], ours: Result<[UInt8], any Error>)] = []
    for _ in 0..<count {
      let input = inputs.next(kind)
      let (before, after) = inputs.surroundings(kind)
      let bytes = before + input + after
      let ours = Result {
        switch kind {
        case .query: try Reading.query(before.count..<(before.count + input.count), in: bytes)
        case .json: try Reading.json(from: before.count, in: bytes)
        }
      }
      cases.append((input, ours))
    }
    try python?.send(cases.map(\.input), kind)
    for each in cases { compareWithFoundation(each.input, each.ours, kind) }
    tally.inputs[kind, default: 0] += count
    guard let checksums = try python?.checksums(count) else { return }
    for (each, checksum) in zip(cases, checksums) {
      guard let ours = reading(each.input, each.ours) else { continue }
      tally.withPython += 1
      if ours != Reading.rejected { tally.accepted += 1 }
      guard crc.checksum(ours) != checksum else { continue }
      let theirs = try python?.reading(of: each.input, kind) ?? []
      tally.found(each.input, ours, theirs, by: "Python")
    }
  }

  /// Our reading; nil, and counted, if our own parsers differ or refuse on purpose.
  private mutating func reading(
    _ input: [UInt8], _ ours: Result<[UInt8], any Error>
  ) -> [UInt8]? {
    do {
      return try ours.get()
    } catch let documented as Documented {
      tally.documented[documented, default: 0] += 1
    } catch {
      tally.found(input, [], [], by: "our own other parser (\(error))")
    }
    return nil
  }

  private mutating func compareWithFoundation(
    _ input: [UInt8], _ ours: Result<[UInt8], any Error>, _ kind: Inputs.Kind
  ) {
    guard let reading = try? ours.get() else { return }
    switch kind {
    case .query:
      guard let theirs = FoundationOracle.query(input) else { return }
      tally.withFoundation += 1
      if theirs != reading { tally.found(input, reading, theirs, by: "Foundation") }
    case .json:
      let object = FoundationOracle.json(input)
      tally.withFoundation += 1
      if let object, reading != Reading.rejected {
        guard !FoundationOracle.agrees(object, with: reading) else { return }
      } else if object == nil, reading == Reading.rejected {
        return
      }
      if let documented = Documented(input, reading, isReadByFoundation: object != nil) {
        tally.documented[documented, default: 0] += 1
      } else {
        tally.found(input, reading, Array("\(object ?? "rejected")".utf8), by: "Foundation")
      }
    }
  }
}

/// What a run has found, summed over its threads.
struct Tally {
  var inputs: [Inputs.Kind: Int] = [:]
  var (withPython, withFoundation, accepted) = (0, 0, 0)
  var documented: [Documented: Int] = [:]
  var finding: String?

  mutating func found(_ input: [UInt8], _ ours: [UInt8], _ theirs: [UInt8], by reader: String) {
    func shown(_ bytes: [UInt8]) -> String {
      bytes.map { 0x20..<0x7f ~= $0 ? String(UnicodeScalar($0)) : "\\x" + hex($0) }.joined()
    }
    finding =
      finding ?? """
        \(reader) reads this differently: \(shown(input))
          we: \(shown(ours))
          they: \(shown(theirs))
        """
  }

  private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

  static func + (left: Tally, right: Tally) -> Tally {
    var sum = left
    sum.inputs.merge(right.inputs, uniquingKeysWith: +)
    sum.withPython += right.withPython
    sum.withFoundation += right.withFoundation
    sum.accepted += right.accepted
    sum.documented.merge(right.documented, uniquingKeysWith: +)
    sum.finding = left.finding ?? right.finding
    return sum
  }
}
