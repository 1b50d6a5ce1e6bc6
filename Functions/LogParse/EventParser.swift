// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import PixelModel

/// Turns a log entry into an event's row, by the contract. No I/O and no clock: the same entry always gives the
/// same verdict and the same bytes. `LogParseFunction.swift` has the steps in their order; this file has each
/// step's own work.
///
/// One for each loop: it owns the memory that it works in, and does not allocate for an ordinary hit
/// beyond the id that it returns.
public struct EventParser {
  static let stage = "log-parse"

  /// All the reasons for which an entry is rejected here.
  public static let reasons: [Reason] = [
    .entryNotJSON, .timestampMissing, .requestURLMissing, .requestMethodMissing,
    .deniedBySecurityPolicy, .contractUnknown, .missingRequired, .invalidValue, .eventTooLarge,
  ]

  public let contracts: Contracts
  private let names: ControlParameters
  private let privacy: PrivacyPolicy
  private let pixelPaths: [(path: [UInt8], contract: Int)]
  /// One for each contract.
  private var writers: [Writer]
  /// The request URL of the entry at hand, its JSON escapes decoded, and its query.
  private var url = ByteWriter(capacity: 4096)
  private var query = 0..<0
  private var id = ByteWriter(capacity: 128)
  private var text = ByteWriter(capacity: 128)
  /// How many parameters of the last entry did not go into its row.
  public internal(set) var omitted = OmittedParameters()
  /// The privacy signal of the last entry's visitor, if the steps came far enough to read it.
  public private(set) var signal: PrivacySignal?
  /// The contract by which the last entry's parameters were read; nil if that did not happen.
  private var lastContract: Int?

  private struct Writer {
    var parameters: Parameters
    var encoder: RowEncoder

    init(_ contract: Contract, _ names: ControlParameters, _ privacy: PrivacyPolicy) {
      let plan = RowPlan(contract, privacy)
      parameters = Parameters(columns: plan.columns.count, names: names)
      encoder = RowEncoder(plan)
    }

    mutating func write(
      _ hit: Hit, bytes: Span<UInt8>, url: Span<UInt8>, id: Span<UInt8>,
      into row: inout ByteWriter
    ) throws(RowEncoder.Refusal) {
      parameters.read(url, query: hit.url.query, for: encoder.plan)
      guard parameters.hasTexts else {
        return try encoder.write(hit, parameters, bytes: bytes, url: url, id: id, into: &row)
      }
      let longer = parameters.readTexts(url, for: encoder.plan)
      try encoder.write(
        hit, parameters, bytes: bytes, url: longer.bytes.span, id: id, into: &row)
    }

    var omitted: OmittedParameters {
      var omitted = parameters.omitted
      omitted.misfit = encoder.misfitCount
      omitted.repeated += encoder.repeatedPartCount
      return omitted
    }
  }

  /// A verdict that ends the steps before a row is written.
  enum Stop: Error {
    case leftAlone(LeftAlone)
    case rejected(Rejection)
  }

  /// A request that is for us.
  struct Found {
    let request: LogEntry.Request
    let target: RequestURL
    /// The contract of its path.
    let contract: Int
    /// Whether PixelIngest wrote the entry.
    let isOwn: Bool
  }

  /// `pixelPaths` are compared byte by byte with the path as it was requested, nothing decoded: a
  /// browser asks for the path that the page wrote. A path whose last part is a contract's name, an
  /// extension apart, gives that contract: `/shop.png`.
  public init(
    contracts: Contracts, pixelPaths: [String], names: ControlParameters,
    privacy: PrivacyPolicy = PrivacyPolicy()
  ) {
    self.contracts = contracts
    self.names = names
    self.privacy = privacy
    self.pixelPaths = pixelPaths.map { path in
      let file = path.split(separator: "/").last ?? ""
      let stem = file.split(separator: ".", maxSplits: 1).first ?? ""
      return (Array(path.utf8), contracts.all.firstIndex { $0.name == stem } ?? 0)
    }
    writers = contracts.all.map { Writer($0, names, privacy) }
  }

  /// With one contract and the parameters' usual names.
  public init(
    contract: Contract, pixelPaths: [String], privacy: PrivacyPolicy = PrivacyPolicy()
  ) throws(ContractError) {
    self.init(
      contracts: try Contracts([contract]), pixelPaths: pixelPaths, names: ControlParameters(),
      privacy: privacy)
  }

  // MARK: Steps

  mutating func begin() {
    omitted = OmittedParameters()
    query = 0..<0
    signal = nil
    lastContract = nil
  }

  func readEntry(_ bytes: Span<UInt8>) throws(Stop) -> LogEntry {
    do throws(JSONError) {
      return try LogEntry(bytes)
    } catch {
      throw reject(.entryNotJSON, "The message is not a JSON object in UTF-8: \(error).")
    }
  }

  mutating func findHit(_ entry: LogEntry, in bytes: Span<UInt8>) throws(Stop) -> Found {
    let isOwn =
      entry.resourceType?.equals("pixel_ingest", in: bytes) ?? false
      || entry.pixelLabel?.equals("hit", in: bytes) ?? false
    guard let request = entry.request, let requestURL = request.url, !requestURL.range.isEmpty
    else {
      guard isOwn else { throw .leftAlone(.noRequest) }
      let time = entry.time(in: bytes)
      if let time { identify(entry, at: time, in: bytes) }
      throw reject(.requestURLMissing, "The entry has no httpRequest.requestUrl.", at: time)
    }
    url.removeAll()
    url.append(unescaping: requestURL, in: bytes)
    let target = RequestURL(url.bytes.span)
    let contract = contract(ofPath: target.path)
    if !isOwn {
      guard contract != nil else {
        // The path comes from outside: enough to recognise it, not more.
        let path =
          target.path.lowerBound..<min(target.path.upperBound, target.path.lowerBound + 100)
        throw .leftAlone(.path(url.bytes.span.string(path)))
      }
      query = target.query
      try requireMethod(of: request, entry, in: bytes)
    }
    query = target.query
    return Found(request: request, target: target, contract: contract ?? 0, isOwn: isOwn)
  }

  private func contract(ofPath path: Range<Int>) -> Int? {
    for (pixel, contract) in pixelPaths where url.bytes.span.equals(pixel.span, at: path) {
      return contract
    }
    return nil
  }

  private mutating func requireMethod(
    of request: LogEntry.Request, _ entry: LogEntry, in bytes: Span<UInt8>
  ) throws(Stop) {
    guard let method = request.method, !method.range.isEmpty else {
      let time = entry.time(in: bytes)
      if let time { identify(entry, at: time, in: bytes) }
      throw reject(
        .requestMethodMissing, "The entry of a pixel's URL has no httpRequest.requestMethod.",
        at: time)
    }
    let counts =
      method.equals("GET", in: bytes) || method.equals("HEAD", in: bytes)
      || method.equals("POST", in: bytes)
    guard counts else {
      throw .leftAlone(.method(String(method.string(in: bytes).prefix(20))))
    }
  }

  func takeTime(of entry: LogEntry, in bytes: Span<UInt8>) throws(Stop) -> Timestamp {
    if let time = entry.time(in: bytes) { return time }
    throw reject(
      .timestampMissing,
      "Neither timestamp nor receiveTimestamp is a time in RFC 3339 or as BigQuery writes it.")
  }

  /// Puts the event's id into `id`; true if it had to be made of the entry's bytes.
  @discardableResult
  mutating func identify(_ entry: LogEntry, at time: Timestamp, in bytes: Span<UInt8>) -> Bool {
    id.removeAll()
    guard let insertID = entry.insertID, !insertID.range.isEmpty else {
      id.append(eventIDAt: time, entry: bytes)
      return true
    }
    guard insertID.hasEscapes else {
      id.append(eventIDAt: time, insertID: bytes.extracting(insertID.range))
      return false
    }
    text.removeAll()
    text.append(unescaping: insertID, in: bytes)
    // Another reference to the bytes: a span of `self.text` would lock all of `self`.
    let plain = text
    id.append(eventIDAt: time, insertID: plain.bytes.span)
    return false
  }

  func refuseDenied(
    _ entry: LogEntry, _ found: Found, at time: Timestamp, in bytes: Span<UInt8>
  ) throws(Stop) {
    guard !found.isOwn, SecurityOutcome.mayBe(in: entry, bytes),
      let why = SecurityOutcome(of: entry, in: bytes)
    else { return }
    throw reject(.deniedBySecurityPolicy, why.detail, at: time)
  }

  /// The visitor's privacy signal: from the entry's label, if PixelIngest has seen the headers, or else from
  /// the URL, which is all that a load balancer logs.
  mutating func readSignal(
    _ entry: LogEntry, _ found: Found, in bytes: Span<UInt8>
  ) throws(Stop) -> PrivacySignal? {
    let label = found.isOwn ? entry.privacyLabel : nil
    let signal =
      label.flatMap { PrivacySignal(rawValue: $0.string(in: bytes)) }
      ?? privacy.signal(in: url.bytes.span, query: found.target.query)
    self.signal = signal
    if signal != nil, privacy.signals == .drop { throw .leftAlone(.privacySignal) }
    return signal
  }

  /// The contract that the parameter names, else the path's.
  mutating func chooseContract(_ found: Found, at time: Timestamp) throws(Stop) -> Int {
    guard !names.contract.isEmpty else { return found.contract }
    let url = self.url
    guard names.findContract(found.target.query, in: url.bytes.span, &text), text.count > 0 else {
      return found.contract
    }
    if let contract = contracts.position(of: text.bytes.span) { return contract }
    let known = contracts.all.map(\.name).joined(separator: ", ")
    throw reject(
      .contractUnknown,
      "Parameter \(names.contract.span.string) names no contract. There are: \(known).", at: time)
  }

  /// Writes the row by this contract; true if the hit is a test.
  mutating func writeRow(
    _ hit: Hit, by contract: Int, from bytes: Span<UInt8>, into row: inout ByteWriter
  ) throws(Stop) -> Bool {
    // A span of `self.url` would lock all of `self`; this second reference to the same bytes is gone
    // before they are written again.
    let (url, id) = (self.url, self.id)
    lastContract = contract
    do throws(RowEncoder.Refusal) {
      try writers[contract].write(
        hit, bytes: bytes, url: url.bytes.span, id: id.bytes.span, into: &row)
    } catch {
      throw reject(error.reason, error.detail, at: hit.time)
    }
    omitted = writers[contract].omitted
    return writers[contract].parameters.isTest
  }

  /// Lends the names, decoded, of those parameters of the last entry that no column has: the first 256.
  public func forEachUnknownName(_ body: (Span<UInt8>) -> Void) {
    guard let lastContract else { return }
    var name = ByteWriter(capacity: 64)
    for range in writers[lastContract].parameters.unknownNames {
      name.removeAll()
      name.append(formDecoding: url.bytes.span, range)
      body(name.bytes.span)
    }
  }

  func event(at time: Timestamp, by contract: Int, hasDerivedID: Bool) -> Event {
    let contract = contracts.all[contract]
    return Event(
      id: id.bytes.span.string, time: time, contract: contract.name,
      contractVersion: contract.version, hasDerivedID: hasDerivedID)
  }

  /// The verdict on an entry that did not become a row.
  func verdict(on stop: Stop) -> Verdict {
    switch stop {
    case .leftAlone(let why): .leftAlone(why)
    case .rejected(let rejection):
      names.isTest(query, in: url.bytes.span) ? .test(.failure(rejection)) : .rejected(rejection)
    }
  }

  /// With a time the entry has been identified, so the rejection can say which event it was.
  private func reject(_ reason: Reason, _ detail: String, at time: Timestamp? = nil) -> Stop {
    .rejected(
      Rejection(
        stage: Self.stage, reason: reason, detail: detail,
        eventID: time.map { _ in id.bytes.span.string }, time: time))
  }
}
