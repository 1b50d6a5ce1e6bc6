// SPDX-License-Identifier: MIT
import HTTPServer

/// The body of `tabledata.insertAll`, held against its documented limits.
struct InsertAllRequest {
  struct Row {
    var insertID: String?
    var json: JSON.Members
    /// Of the row's JSON text.
    var size: Int
  }

  static let maximumBytes = 10_485_760
  static let maximumRows = 50_000
  static let maximumInsertIDLength = 128
  static let maximumRowBytes = 10_485_760

  var rows: [Row] = []
  var skipInvalidRows = false
  var ignoreUnknownValues = false
  var templateSuffix = ""

  init(body: [UInt8]) throws(GoogleError) {
    guard body.count <= Self.maximumBytes else {
      throw .badRequest("Request payload size exceeds the limit: \(Self.maximumBytes) bytes.")
    }
    let object = try APIRequest("POST", "", body: body).object()
    for (name, value) in object {
      switch name {
      case "kind", "traceId": break
      case "skipInvalidRows": skipInvalidRows = try Self.flag(name, value)
      case "ignoreUnknownValues": ignoreUnknownValues = try Self.flag(name, value)
      case "templateSuffix": templateSuffix = try Self.suffix(value)
      case "rows": rows = try Self.rows(value)
      default: throw Self.unknown(name)
      }
    }
    if rows.isEmpty { throw .invalid("No rows present in the request.") }
    if rows.count > Self.maximumRows {
      throw .invalid(
        "too many rows present in the request, limit: \(Self.maximumRows) row count: "
          + "\(rows.count).")
    }
  }

  private static func unknown(_ name: String) -> GoogleError {
    .badRequest("Invalid JSON payload received. Unknown name \"\(name)\": Cannot find field.")
  }

  private static func flag(_ name: String, _ value: JSON) throws(GoogleError) -> Bool {
    guard let flag = value.bool else {
      throw .badRequest("Invalid value at '\(name)' (TYPE_BOOL), \(value.text)")
    }
    return flag
  }

  private static func suffix(_ value: JSON) throws(GoogleError) -> String {
    guard let suffix = value.string else {
      throw .badRequest("Invalid value at 'template_suffix' (TYPE_STRING), \(value.text)")
    }
    let allowed = suffix.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard allowed else {
      throw .invalid(
        "Invalid template suffix \"\(suffix)\": only letters, digits and underscores are allowed.")
    }
    return suffix
  }

  private static func rows(_ value: JSON) throws(GoogleError) -> [Row] {
    guard let items = value.array else {
      throw .badRequest("Invalid value at 'rows', \(value.text.prefix(100))")
    }
    var rows: [Row] = []
    for (index, item) in items.enumerated() {
      guard let members = item.members else {
        throw .badRequest("Invalid value at 'rows[\(index)]', \(item.text.prefix(100))")
      }
      for name in members.names where name != "insertId" && name != "json" {
        throw unknown("\(name)\" at 'rows[\(index)]")
      }
      let json = members["json"] ?? .object(JSON.Members())
      guard let row = json.members else {
        throw .badRequest("Invalid value at 'rows[\(index)].json', \(json.text.prefix(100))")
      }
      rows.append(Row(insertID: members["insertId"]?.string, json: row, size: json.bytes.count))
    }
    return rows
  }
}
