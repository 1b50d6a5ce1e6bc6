// SPDX-License-Identifier: MIT
import Foundation
import PixelModel
import TimeZones

/// What the programs would say to a configuration at their start, without starting them.
public struct ConfigurationCheck {
  /// What has been found to be right.
  public private(set) var lines: [String] = []
  /// What stops a program, a sentence each.
  public private(set) var faults: [String] = []

  public init(contracts files: [String], table: String, suffix pattern: String, timeZone: String) {
    if ZoneOffsets(setting: timeZone) == nil {
      faults.append(
        "TIME_ZONE is '\(timeZone)': allowed is a name such as Europe/Berlin, or a rule such as "
          + "CET-1CEST,M3.5.0,M10.5.0/3")
    }
    let name = TableName(table)
    if name == nil {
      faults.append(
        "BIGQUERY_TABLE is '\(table)': allowed are up to \(TableName.maxBytes) letters, digits and _, "
          + "and once {contract}")
    }
    let suffix = suffix(pattern, name)
    for file in files { check(contract: file, suffix) }
  }

  private mutating func suffix(_ pattern: String, _ table: TableName?) -> TemplateSuffix? {
    do {
      let suffix = try TemplateSuffix(pattern: pattern)
      let length = (table?.maxLength ?? 0) + suffix.maxLength
      if length > TableName.maxBytes {
        faults.append(
          "BIGQUERY_TABLE and TEMPLATE_SUFFIX can make a name of \(length) characters: allowed are "
            + "\(TableName.maxBytes)")
      } else {
        lines.append("TEMPLATE_SUFFIX '\(pattern)': names of up to \(length) characters")
      }
      return suffix
    } catch {
      faults.append("TEMPLATE_SUFFIX is '\(pattern)': \(error)")
      return nil
    }
  }

  private mutating func check(contract file: String, _ suffix: TemplateSuffix?) {
    guard let data = FileManager.default.contents(atPath: file) else {
      return faults.append("CONTRACT is '\(file)': there is no such file to read")
    }
    let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    do {
      let contract = try Contract(json: Array(data), name: name)
      lines.append("\(file): version \(contract.version), \(contract.columns.count) columns")
      if let column = suffix?.columnMissing(from: Set(contract.columns.map(\.name))) {
        faults.append("TEMPLATE_SUFFIX names {\(column)}, which CONTRACT '\(file)' does not have")
      }
    } catch {
      faults.append("CONTRACT is '\(file)', which is no BigQuery schema file. \(error)")
    }
  }
}
