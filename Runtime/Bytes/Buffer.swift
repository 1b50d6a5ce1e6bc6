// SPDX-License-Identifier: MIT

/// Growable bytes on the heap with one owner, reused from request to request.
///
/// A `Span` cannot be returned or stored, so the bytes are lent to a closure. Ranges into the buffer
/// stay valid until the next call that changes it.
///
/// While the bytes are lent, a call that moves, drops or overwrites them traps: the borrower would read memory
/// that is freed or has become something else. A loan for changing excludes every other loan.
@safe public final class Buffer {
  // The lending functions are inlined into other modules, so they have to reach these three. Each access is over
  // before anything else is called, so two never overlap, and a check of that at run time would find nothing.

  /// Room for `capacity` bytes, the first `count` of which are in use.
  @usableFromInline @exclusivity(unchecked) var base: UnsafeMutablePointer<UInt8>
  @usableFromInline @exclusivity(unchecked) var used = 0
  /// The number of loans; -1 while the bytes are lent for changing.
  @usableFromInline @exclusivity(unchecked) var loans = 0
  // Stored properties that are private need no exclusivity checks at run time.
  private var room: Int
  private var companion: AnyObject?

  public var capacity: Int { room }
  @inlinable public var count: Int { unsafe used }
  /// True inside `withSpan`, `withMutableSpan` and the like.
  @inlinable public var isLent: Bool { unsafe loans != 0 }

  /// The bytes in use, for the lending functions.
  @inlinable var bytesInUse: UnsafeMutableBufferPointer<UInt8> {
    // In bounds: `used` never exceeds `room`.
    unsafe UnsafeMutableBufferPointer(start: base, count: used)
  }

  public init(capacity: Int = 0) {
    room = max(capacity, 64)
    unsafe base = .allocate(capacity: room)
  }

  deinit { unsafe base.deallocate() }

  /// Lends the bytes in use.
  @inlinable @inline(__always)
  public func withSpan<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    borrow()
    defer { giveBack() }
    let span = unsafe bytesInUse.span
    return try body(span)
  }

  /// Lends the bytes in use for changing in place, as decoding escapes and base64 does.
  @inlinable @inline(__always)
  public func withMutableSpan<R, E: Error>(
    _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    requireUnlent()
    unsafe loans = -1
    defer { unsafe loans = 0 }
    var span = unsafe bytesInUse.mutableSpan
    return try body(&span)
  }

  @inlinable @inline(__always)
  func borrow() {
    precondition(unsafe loans >= 0, "The bytes of a buffer are lent for changing.")
    unsafe loans &+= 1
  }

  @inlinable @inline(__always)
  func requireUnlent() { precondition(!isLent, "The bytes of a buffer are lent.") }

  @inlinable @inline(__always)
  func giveBack() { unsafe loans &-= 1 }

  /// Lets `fill` write behind the bytes in use, `minimum` or more; it returns how many it wrote.
  ///
  /// For the edge to system calls: `recv` writes straight into the buffer.
  @inline(__always)
  public func appendRaw(minimum: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    requireUnlent()
    reserve(minimum)
    let room = capacity - count
    unsafe loans = -1
    defer { unsafe loans = 0 }
    let written = unsafe fill(UnsafeMutableRawBufferPointer(start: base + count, count: room))
    precondition(written <= room)
    if written > 0 { unsafe used += written }
    return written
  }

  /// Lends the raw bytes in use, for system calls that read them.
  @inlinable @inline(__always)
  public func withRawBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    borrow()
    defer { giveBack() }
    return unsafe body(UnsafeRawBufferPointer(bytesInUse))
  }

  public func append(_ bytes: Span<UInt8>) {
    reserve(bytes.count)
    // In bounds: `reserve` made room for `bytes.count` behind `count`.
    unsafe bytes.withUnsafeBufferPointer { source in
      if let from = source.baseAddress {
        unsafe (base + count).update(from: from, count: source.count)
      }
    }
    unsafe used += bytes.count
  }

  @inline(__always)
  public func append(_ text: StaticString) {
    // In bounds: a static string knows its own length.
    let bytes = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    unsafe append(bytes.span)
  }

  /// Drops the first `amount` bytes and moves the rest to the front.
  public func consume(_ amount: Int) {
    precondition(amount >= 0 && amount <= count)
    requireUnlent()
    // In bounds: checked above; `update` allows overlap.
    if amount > 0, amount < count { unsafe base.update(from: base + amount, count: count - amount) }
    unsafe used -= amount
  }

  /// Copies the bytes of `range` to `target`, both within the bytes in use; they may overlap.
  public func move(_ range: Range<Int>, to target: Int) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    requireUnlent()
    precondition(target >= 0 && target <= count - range.count)
    guard target != range.lowerBound, !range.isEmpty else { return }
    // In bounds: checked above; `update` allows overlap.
    unsafe (base + target).update(from: base + range.lowerBound, count: range.count)
  }

  /// Keeps the first `newCount` bytes.
  public func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count)
    requireUnlent()
    unsafe used = newCount
  }

  /// Keeps `object` for as long as the bytes are there: its `deinit` tells when they are gone.
  public func keep(_ object: AnyObject) { companion = object }

  /// Gives memory back after a large request has made the buffer grow.
  public func shrink(above limit: Int, to newCapacity: Int) {
    assert(!isLent, "The bytes of a buffer are lent.")
    if capacity > limit, count <= newCapacity { reallocate(newCapacity) }
  }

  /// Makes room for `amount` more bytes.
  ///
  /// In a build without optimisation a loan is always found here and in `append`, else only where the bytes move:
  /// writing behind lent bytes is harmless.
  public func reserve(_ amount: Int) {
    assert(!isLent, "The bytes of a buffer are lent.")
    if amount > capacity - count { reallocate(max(count + amount, capacity * 2)) }
  }

  private func reallocate(_ newCapacity: Int) {
    requireUnlent()
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: max(newCapacity, count))
    // In bounds: both hold at least `count` bytes.
    unsafe fresh.update(from: base, count: count)
    unsafe base.deallocate()
    unsafe base = fresh
    room = max(newCapacity, count)
  }
}
