// SPDX-License-Identifier: MIT

/// Random numbers that are the same in every run, so that a failure can be repeated (SplitMix64).
public struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  public init(_ seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// Up to `count` random pieces, joined.
  public mutating func bytes(upTo count: Int, of pieces: [String]) -> [UInt8] {
    (0..<Int.random(in: 0...count, using: &self)).flatMap { _ in
      Array(pieces.randomElement(using: &self)?.utf8 ?? "".utf8)
    }
  }
}
