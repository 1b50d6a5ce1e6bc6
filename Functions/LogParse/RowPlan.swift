// SPDX-License-Identifier: MIT
import Bytes
import PixelModel

/// The contract, prepared for writing rows: the source of each column, and its key ready to copy.
struct RowPlan {
  enum Source {
    /// A fact of the request; no parameter can set it.
    case reserved(ReservedColumn)
    case parameter
    /// The parameter, else the `Referer` header: the page that shows a pixel is its referrer.
    case pageURL
    /// The parameters that name a field inside: `item.id`.
    case record
  }

  struct PlannedColumn {
    let source: Source
    let type: ColumnType
    let mode: ColumnMode
    /// How many characters a STRING, or bytes a BYTES, may have.
    let maxLength: Int?
    /// The digits that a NUMERIC or BIGNUMERIC may hold.
    let decimal: DecimalLimits?
    /// Whether BigQuery fills the column where a row has no value.
    let hasDefault: Bool
    /// `,"name":` in `keys`.
    let key: Range<Int>
    /// Emptied under a privacy signal.
    var isPersonal = false

    /// Whether a hit without a value is no event.
    var needsValue: Bool { mode == .required && !hasDefault }

    /// Whether a value of this many bytes, encoded or not, is surely short enough.
    func mayHold(_ bytes: Int) -> Bool { maxLength.map { bytes <= $0 } ?? true }
  }

  let contract: Contract
  let addresses: AddressPolicy
  let columns: [PlannedColumn]
  let keys: [UInt8]
  /// The fields inside RECORDs; nil if the contract has no RECORD.
  let fields: FieldTree?
  /// Whether values that do not fit are kept in `_unparsed`.
  let keepsUnparsed: Bool
  let personal: PersonalColumns

  init(_ contract: Contract, _ privacy: PrivacyPolicy) {
    self.contract = contract
    addresses = privacy.addresses
    personal = privacy.personal
    var keys = ByteWriter()
    columns = contract.columns.map { column in
      var planned = PlannedColumn(column, Self.source(of: column), &keys)
      planned.isPersonal = privacy.personal.names.contains(column.name)
      return planned
    }
    fields = FieldTree(contract.columns, &keys)
    self.keys = keys.bytes
    keepsUnparsed = contract.column(named: ReservedColumn.unparsed.rawValue) != nil
  }

  private static func source(of column: Column) -> Source {
    if let reserved = ReservedColumn(rawValue: column.name) { return .reserved(reserved) }
    if column.type == .record { return .record }
    let isPageURL = column.name == "page_url" && column.type == .string
    return isPageURL && column.mode != .repeated ? .pageURL : .parameter
  }

  /// The column that a parameter of this name fills.
  func parameterColumn(_ name: Span<UInt8>) -> Int? {
    guard let column = contract.column(named: name) else { return nil }
    switch columns[column].source {
    case .parameter, .pageURL: return column
    case .reserved, .record: return nil
    }
  }
}

extension RowPlan.PlannedColumn {
  /// Plans a column and appends its key to `keys`.
  init(_ column: Column, _ source: RowPlan.Source, _ keys: inout ByteWriter) {
    let start = keys.count
    keys.append(",\"")
    keys.append(column.name)
    keys.append("\":")
    self.init(
      source: source, type: column.type, mode: column.mode, maxLength: column.maxLength,
      decimal: column.decimal, hasDefault: column.hasDefault, key: start..<keys.count)
  }
}
