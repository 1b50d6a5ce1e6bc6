// SPDX-License-Identifier: MIT
import Bytes
import Events

/// Turns a log entry into an event's row, by the contract. No I/O and no clock: the same entry always
/// gives the same verdict and the same bytes.
///
/// One for each loop: it owns the memory that it works in, and does not allocate for an ordinary hit
/// beyond the id that it returns.
public struct EventParser {
  static let stage = "log-parse"

  public let contract: Contract
  private let pixelPaths: [[UInt8]]
  private var parameters: Parameters
  private var encoder: RowEncoder
  /// The request URL of the entry at hand, its JSON escapes decoded.
  private var url = ByteWriter(capacity: 4096)
  private var id = ByteWriter(capacity: 128)
  private var text = ByteWriter(capacity: 128)

  /// `pixelPaths` are compared byte by byte with the path as it was requested, nothing decoded: a
  /// browser asks for the path that the page wrote.
  public init(contract: Contract, pixelPaths: [String]) {
    self.contract = contract
    self.pixelPaths = pixelPaths.map { Array($0.utf8) }
    let plan = RowPlan(contract)
    parameters = Parameters(columns: plan.columns.count)
    encoder = RowEncoder(plan)
  }

  /// How many parameters of the last entry were left out because an event takes 256 at most.
  public var ignoredParameters: Int { parameters.ignored }

  /// How many parameters of the last entry repeated a column that takes the first only.
  public var repeatedParameters: Int { parameters.repeated }

  /// Reads one entry. Only if the verdict is an event does `row` hold its row; what was there before
  /// is gone.
  public mutating func parse(_ bytes: Span<UInt8>, into row: inout ByteWriter) -> Verdict {
    row.removeAll()

    // 1. The entry, if it is one.
    let entry: LogEntry
    do throws(JSONError) {
      entry = try LogEntry(bytes)
    } catch {
      return reject(.entryNotJSON, "The message is not a JSON object in UTF-8: \(error).")
    }

    // 2. Whether it is a hit at all.
    let isOwn = entry.resourceType?.equals("pixel_ingest", in: bytes) ?? false
    guard let request = entry.request, let requestURL = request.url, !requestURL.range.isEmpty
    else {
      guard isOwn else { return .leftAlone(.noRequest) }
      let time = time(of: entry, in: bytes)
      if let time { identify(entry, at: time, in: bytes) }
      return reject(.requestURLMissing, "The entry has no httpRequest.requestUrl.", at: time)
    }
    url.removeAll()
    url.append(unescaping: requestURL, in: bytes)
    let target = RequestURL(url.bytes.span)
    if !isOwn, let reason = reasonToLeaveAlone(request, target, in: bytes) {
      return .leftAlone(reason)
    }

    // 3. Its time and identity.
    guard let time = time(of: entry, in: bytes) else {
      return reject(
        .timestampMissing, "Neither timestamp nor receiveTimestamp is a time in RFC 3339.")
    }
    identify(entry, at: time, in: bytes)

    // 4. Whether Cloud Armor let it through.
    if !isOwn, isDenied(entry, in: bytes) {
      return reject(.deniedBySecurityPolicy, "Cloud Armor denied the request.", at: time)
    }

    // 5. Its parameters and facts, as a row. A span of `self.url` would lock all of `self`; this
    // second reference to the same bytes is gone before they are written again.
    let (url, id) = (self.url, self.id)
    parameters.read(url.bytes.span, query: target.query, for: encoder.plan)
    do throws(RowEncoder.Refusal) {
      try encoder.write(
        Hit(entry: entry, url: target, time: time), parameters, bytes: bytes,
        url: url.bytes.span, id: id.bytes.span, into: &row)
    } catch {
      row.removeAll()
      return reject(error.reason, error.detail, at: time)
    }
    return .event(id: id.bytes.span.string, time: time)
  }

  // MARK: Steps

  private func reasonToLeaveAlone(
    _ request: LogEntry.Request, _ target: RequestURL, in bytes: Span<UInt8>
  ) -> LeftAlone? {
    let path = url.bytes.span.extracting(target.path)
    guard pixelPaths.contains(where: { $0.span.equals(path, at: 0..<$0.count) }) else {
      // The path comes from outside: enough to recognise it, not more.
      return .path(path.string(0..<min(path.count, 100)))
    }
    guard let method = request.method else { return .method("") }
    let counts =
      method.equals("GET", in: bytes) || method.equals("HEAD", in: bytes)
      || method.equals("POST", in: bytes)
    return counts ? nil : .method(String(method.string(in: bytes).prefix(20)))
  }

  private func isDenied(_ entry: LogEntry, in bytes: Span<UInt8>) -> Bool {
    entry.statusDetails?.equals("denied_by_security_policy", in: bytes) ?? false
      || entry.securityOutcome?.equals("DENY", in: bytes) ?? false
  }

  private mutating func time(of entry: LogEntry, in bytes: Span<UInt8>) -> Timestamp? {
    for string in [entry.timestamp, entry.receiveTimestamp] {
      guard let string else { continue }
      if !string.hasEscapes, let time = Timestamp(rfc3339: bytes, string.range) { return time }
      text.removeAll()
      text.append(unescaping: string, in: bytes)
      if let time = Timestamp(rfc3339: text.bytes.span, 0..<text.count) { return time }
    }
    return nil
  }

  /// Puts the event's id into `id`.
  private mutating func identify(_ entry: LogEntry, at time: Timestamp, in bytes: Span<UInt8>) {
    id.removeAll()
    guard let insertID = entry.insertID, !insertID.range.isEmpty else {
      return id.append(eventIDAt: time, entry: bytes)
    }
    guard insertID.hasEscapes else {
      return id.append(eventIDAt: time, insertID: bytes.extracting(insertID.range))
    }
    text.removeAll()
    text.append(unescaping: insertID, in: bytes)
    // Another reference to the bytes: a span of `self.text` would lock all of `self`.
    let plain = text
    id.append(eventIDAt: time, insertID: plain.bytes.span)
  }

  /// With a time the entry has been identified, so the rejection can say which event it was.
  private func reject(
    _ reason: Reason, _ detail: String, at time: Timestamp? = nil
  ) -> Verdict {
    .rejected(
      Rejection(
        stage: Self.stage, reason: reason, detail: detail,
        eventID: time.map { _ in id.bytes.span.string }, time: time))
  }
}
