// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import PixelModel

/// The sources of a row beside the query parameters: the entry, its URL, and the values read from them.
struct Hit {
  let entry: LogEntry
  let url: RequestURL
  let time: Timestamp
  let signal: PrivacySignal?
}

/// Writes one row as a JSON object in BigQuery's encoding: the columns in the order of the contract,
/// `_unparsed` last, a column without a value left out. The same entry always gives the same bytes.
struct RowEncoder {
  /// Below BigQuery's and Pub/Sub's 10 MB, with room for the request around a row.
  static let maximumRowBytes = 9_000_000

  /// Why a hit cannot become a row.
  struct Refusal: Error {
    let reason: Reason
    let detail: String
  }

  /// The fate of a column's value.
  enum Filling { case filled, empty, misfit }

  let plan: RowPlan
  /// Scratch for decoded values.
  var text = ByteWriter()
  /// The values that did not fit, as `,"column":"text"` one after the other.
  var misfits = ByteWriter()
  private(set) var misfitCount = 0
  /// The value of a JSON column that came in parts, and how many of them had no place in it.
  var parts = JSONParts()
  private(set) var repeatedPartCount = 0
  /// The values for fields inside RECORDs, as positions among the parameters' `fieldValues`.
  var fieldOrder: [Int] = []

  init(_ plan: RowPlan) { self.plan = plan }

  /// Writes the row of `hit`, whose ranges refer to its `bytes`, `url` and `id`.
  mutating func write(
    _ hit: Hit, _ parameters: Parameters, bytes: Span<UInt8>, url: Span<UInt8>, id: Span<UInt8>,
    into row: inout ByteWriter
  ) throws(Refusal) {
    row.removeAll()
    misfits.removeAll()
    misfitCount = 0
    repeatedPartCount = 0
    var record = 0
    if plan.fields != nil { sortFieldValues(parameters) }
    for index in plan.columns.indices {
      let column = plan.columns[index]
      // Most columns of most events: no parameter came.
      if case .parameter = column.source, !column.needsValue,
        parameters.firstValue(of: index) == nil
      {
        continue
      }
      if column.isPersonal, hit.signal != nil {
        if case .record = column.source { skipRecord(next: &record) }
        continue
      }
      let start = row.count
      let filling: Filling
      switch column.source {
      case .reserved(let reserved):
        filling = append(column.key, reserved, of: hit, bytes, url, id, to: &row) ? .filled : .empty
      case .pageURL where parameters.firstValue(of: index) == nil:
        let referer = hit.entry.request?.referer
        filling = append(column.key, text: referer, bytes, to: &row) ? .filled : .empty
      case .parameter, .pageURL:
        filling = append(parameters, index, url, to: &row)
      case .record:
        row.append(plan.keys.span, column.key)
        filling = try appendRecord(next: &record, parameters, url, to: &row)
      }
      if filling != .filled {
        row.truncate(to: start)
        if column.needsValue {
          throw refusal(of: plan.contract.columns[index].name, column, filling)
        }
      }
      guard row.count <= Self.maximumRowBytes else { throw tooLarge }
    }
    if !parameters.misfits.isEmpty { keepMisfits(of: parameters, hit, url) }
    if plan.keepsUnparsed, misfits.count > 0 { appendMisfits(to: &row) }
    guard row.count <= Self.maximumRowBytes else { throw tooLarge }
    // Each key came with the comma before it; the first one's becomes the brace.
    row.bytes[0] = UInt8(ascii: "{")
    row.append(UInt8(ascii: "}"))
  }

  // MARK: Parameters

  private mutating func append(
    _ parameters: Parameters, _ index: Int, _ url: Span<UInt8>, to row: inout ByteWriter
  ) -> Filling {
    guard let value = parameters.firstValue(of: index) else { return .empty }
    if !value.path.isEmpty { return appendParts(parameters, value, index, url, to: &row) }
    let column = plan.columns[index]
    if column.mode == .repeated {
      row.append(plan.keys.span, column.key)
      return appendList(parameters, value, index, url, to: &row)
    }
    let filling = appendMember(value.range, value.isEncoded, url, column, to: &row)
    if filling == .misfit { appendMisfit(index) }
    return filling
  }

  /// Writes a column's key and one value; a value that does not fit stays in `text`.
  mutating func appendMember(
    _ range: Range<Int>, _ isEncoded: Bool, _ url: Span<UInt8>, _ column: RowPlan.PlannedColumn,
    to row: inout ByteWriter
  ) -> Filling {
    if column.type == .string, column.mayHold(range.count) {
      guard !range.isEmpty || column.mode == .nullable else { return .empty }
      let keys = plan.keys
      let key = keys.span.extracting(column.key)
      if isEncoded {
        row.append(key, jsonFormDecoding: url, range)
      } else {
        row.append(key, json: url, range)
      }
      return .filled
    }
    decode(range, isEncoded, url, trimming: column.type)
    guard text.count > 0 || (column.type == .string && column.mode == .nullable) else {
      return .empty
    }
    row.append(plan.keys.span, column.key)
    return fits(column) && row.append(value: text.bytes.span, for: column) ? .filled : .misfit
  }

  /// A list comes as repeated keys, as `a;b`, or both.
  private mutating func appendList(
    _ parameters: Parameters, _ first: Parameters.Value, _ index: Int, _ url: Span<UInt8>,
    to row: inout ByteWriter
  ) -> Filling {
    let start = row.count
    row.append(UInt8(ascii: "["))
    var next: Parameters.Value? = first
    if parameters.hasElements, let values = parameters.ordered(from: first) {
      next = nil
      repeatedPartCount += values.repeated
      for value in values.values { appendValues(value, index, url, after: start, to: &row) }
    }
    while let value = next {
      appendValues(value, index, url, after: start, to: &row)
      next = parameters.value(after: value)
    }
    row.append(UInt8(ascii: "]"))
    return row.count > start + 2 ? .filled : .empty
  }

  /// Writes the elements of one value of the list that began at `start`.
  private mutating func appendValues(
    _ value: Parameters.Value, _ index: Int, _ url: Span<UInt8>, after start: Int,
    to row: inout ByteWriter
  ) {
    let column = plan.columns[index]
    var elements = ListElements(value.range)
    while let element = elements.next(in: url) {
      if !appendElement(element, value.isEncoded, url, column, after: start, to: &row) {
        appendMisfit(index)
      }
    }
  }

  /// Writes one element of the list that began at `start`; false if it does not fit, and stays in `text`.
  mutating func appendElement(
    _ range: Range<Int>, _ isEncoded: Bool, _ url: Span<UInt8>,
    _ column: RowPlan.PlannedColumn, after start: Int, to row: inout ByteWriter
  ) -> Bool {
    decode(range, isEncoded, url, trimming: column.type)
    // A hostile list must not grow far beyond a row's greatest size.
    guard text.count > 0, row.count <= Self.maximumRowBytes else { return true }
    let end = row.count
    if end > start + 1 { row.append(UInt8(ascii: ",")) }
    if fits(column), row.append(value: text.bytes.span, for: column) { return true }
    row.truncate(to: end)
    return false
  }

  /// Puts the value's text into `text`. Around anything but free text spaces do not count.
  private mutating func decode(
    _ range: Range<Int>, _ isEncoded: Bool, _ url: Span<UInt8>, trimming type: ColumnType
  ) {
    text.removeAll()
    if isEncoded {
      text.append(formDecoding: url, range)
    } else {
      text.append(url, range)
    }
    guard type != .string, text.count > 0 else { return }
    while text.bytes.last == 0x20 { text.bytes.removeLast() }
    let spaces = text.bytes.prefix { $0 == 0x20 }.count
    if spaces > 0 { text.bytes.removeFirst(spaces) }
  }

  /// Whether the value in `text` is no longer than the column allows.
  private func fits(_ column: RowPlan.PlannedColumn) -> Bool {
    guard let maxLength = column.maxLength, column.type == .string, text.count > maxLength else {
      return true
    }
    let bytes = text.bytes
    return UTF8Text.characters(bytes.span) <= maxLength
  }

  // MARK: What does not fit

  /// Keeps the value in `text`, which does not fit the column.
  private mutating func appendMisfit(_ index: Int) {
    countMisfit()
    guard plan.keepsUnparsed else { return }
    let (keys, value) = (plan.keys, text.bytes)
    misfits.append(keys.span, plan.columns[index].key)
    misfits.append(json: value.span)
  }

  /// Keeps a value that was sent for a RECORD and can't be a part of it, under the name that it was sent
  /// with.
  private mutating func keepMisfits(
    of parameters: Parameters, _ hit: Hit, _ url: Span<UInt8>
  ) {
    for parameter in parameters.misfits {
      text.removeAll()
      text.append(formDecoding: url, parameter.name)
      let name = text.bytes
      if hit.signal != nil, plan.personal.contains(parameter: name.span) { continue }
      countMisfit()
      guard plan.keepsUnparsed else { continue }
      misfits.append(UInt8(ascii: ","))
      misfits.append(json: name.span)
      misfits.append(UInt8(ascii: ":"))
      text.removeAll()
      text.append(formDecoding: url, parameter.value)
      let value = text.bytes
      misfits.append(json: value.span)
    }
  }

  mutating func countMisfit() { misfitCount += 1 }

  mutating func countRepeatedPart() { repeatedPartCount += 1 }

  /// Writes `_unparsed`: a JSON object, as text in a string. A list with several values that do not
  /// fit has its key as often.
  private mutating func appendMisfits(to row: inout ByteWriter) {
    misfits.bytes[0] = UInt8(ascii: "{")
    misfits.append(UInt8(ascii: "}"))
    row.append(",\"_unparsed\":" as StaticString)
    row.append(json: misfits.bytes.span)
  }

  func refusal(
    of name: String, _ column: RowPlan.PlannedColumn, _ filling: Filling
  ) -> Refusal {
    let type = column.type.rawValue
    let limit = column.maxLength.map { "\(type)(\($0))" } ?? type
    // The value stays out of it: it may be personal, and the entry's bytes are kept anyway.
    return filling == .misfit
      ? Refusal(
        reason: .invalidValue,
        detail: "The value of REQUIRED column \(name) does not fit its type \(limit).")
      : Refusal(
        reason: .missingRequired,
        detail: "REQUIRED column \(name) (\(type)) has no value.")
  }

  var tooLarge: Refusal {
    Refusal(
      reason: .eventTooLarge,
      detail: "The row would be larger than \(Self.maximumRowBytes) bytes.")
  }

  // MARK: Facts of the request

  /// Writes the column's key and value; false, and perhaps a key too many, if it has none.
  private mutating func append(
    _ key: Range<Int>, _ column: ReservedColumn, of hit: Hit, _ bytes: Span<UInt8>,
    _ url: Span<UInt8>, _ id: Span<UInt8>, to row: inout ByteWriter
  ) -> Bool {
    let request = hit.entry.request
    switch column {
    // Texts, which are most, together with their keys.
    case .eventID: return append(key, quoting: id, 0..<id.count, to: &row)
    case .requestPath: return append(key, json: url, hit.url.path, to: &row)
    case .host: return append(key, json: url, hit.url.host, to: &row)
    case .referer: return append(key, text: request?.referer, bytes, to: &row)
    case .userAgent: return append(key, text: request?.userAgent, bytes, to: &row)
    case .method: return append(key, text: request?.method, bytes, to: &row)
    case .logName: return append(key, text: hit.entry.logName, bytes, to: &row)
    case .country: return append(key, text: hit.entry.country, bytes, to: &row)
    default:
      row.append(plan.keys.span, key)
      return append(column, of: hit, bytes, to: &row)
    }
  }

  private mutating func append(
    _ column: ReservedColumn, of hit: Hit, _ bytes: Span<UInt8>, to row: inout ByteWriter
  ) -> Bool {
    let request = hit.entry.request
    switch column {
    case .eventTime: return append(hit.time, to: &row)
    case .receivedTime:
      guard let time = Timestamp(logTime: hit.entry.receiveTimestamp, in: bytes) else {
        return false
      }
      return append(time, to: &row)
    case .remoteIP:
      guard let address = request?.remoteIP else { return false }
      return append(address: bytes, bytes.firstAddress(address.range), to: &row)
    case .privacy:
      guard let signal = hit.signal else { return false }
      row.append(json: signal.rawValue)
    case .status:
      guard let status = request?.status else { return false }
      row.append(UInt8(ascii: "\""))
      row.append(decimal: status)
      row.append(UInt8(ascii: "\""))
    case .cacheHit:
      guard let cacheHit = request?.cacheHit else { return false }
      row.append(cacheHit ? "true" as StaticString : "false" as StaticString)
    case .contractVersion:
      row.append(json: plan.contract.version)
    case .bot:
      // Without the agent, which was withheld for privacy, a bot cannot be recognised.
      if hit.signal != nil, request?.userAgent == nil { return false }
      let isBot = isBot(request?.userAgent, bytes)
      row.append(isBot ? "true" as StaticString : "false" as StaticString)
    default: return false
    }
    return true
  }

  /// Every browser has an agent, so that none is a program's too.
  private mutating func isBot(_ agent: JSONString?, _ bytes: Span<UInt8>) -> Bool {
    guard let agent, !agent.range.isEmpty else { return true }
    guard agent.hasEscapes else { return BotWords.areIn(bytes.extracting(agent.range)) }
    text.removeAll()
    text.append(unescaping: agent, in: bytes)
    return BotWords.areIn(text.bytes.span)
  }

  private func append(_ time: Timestamp, to row: inout ByteWriter) -> Bool {
    row.append(quoted: time)
    return true
  }

  /// Copies a string of the entry; an empty one counts as absent.
  private mutating func append(
    _ key: Range<Int>, text string: JSONString?, _ bytes: Span<UInt8>, to row: inout ByteWriter
  ) -> Bool {
    guard let string, !string.range.isEmpty else { return false }
    // Without escapes the text between the quotes is valid as it stands.
    guard string.hasEscapes else { return append(key, quoting: bytes, string.range, to: &row) }
    text.removeAll()
    text.append(unescaping: string, in: bytes)
    row.append(plan.keys.span, key)
    row.append(json: text.bytes.span)
    return true
  }

  private func append(
    _ key: Range<Int>, json bytes: Span<UInt8>, _ range: Range<Int>, to row: inout ByteWriter
  ) -> Bool {
    guard !range.isEmpty else { return false }
    let keys = plan.keys
    row.append(keys.span.extracting(key), json: bytes, range)
    return true
  }

  private func append(
    _ key: Range<Int>, quoting bytes: Span<UInt8>, _ range: Range<Int>, to row: inout ByteWriter
  ) -> Bool {
    let keys = plan.keys
    row.append(keys.span.extracting(key), quoting: bytes, range)
    return true
  }

  private mutating func append(
    address bytes: Span<UInt8>, _ range: Range<Int>, to row: inout ByteWriter
  ) -> Bool {
    text.removeAll()
    guard text.append(address: bytes.extracting(range), by: plan.addresses) else { return false }
    row.append(json: text.bytes.span)
    return true
  }
}
