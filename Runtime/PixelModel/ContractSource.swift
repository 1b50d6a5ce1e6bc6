// SPDX-License-Identifier: MIT
import Settings

/// What the setting `CONTRACT` names, which the collector and the parser share: a BigQuery schema file, or a
/// folder of them.
public struct ContractSource {
  let path: String
  public let isFolder: Bool
  private let files: Result<[String], any Error>

  public init(_ path: String) {
    self.path = path
    do {
      files = .success(try fileNames(inFolder: path))
      isFolder = true
    } catch {
      files = .failure(error)
      isFolder = false
    }
  }

  /// A contract's name is its file's, without `.json`. In a folder the contracts are sorted by name, and
  /// files that do not end in `.json` are ignored.
  public func contracts(_ reader: inout SettingsReader) -> Contracts? {
    guard !path.isEmpty else { return nil }
    do {
      guard case .success(let names) = files else { return try Contracts([contract(path)]) }
      let contracts = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
      return try Contracts(try contracts.map { try contract("\(path)/\($0)") })
    } catch {
      let what = isFolder ? "a folder of BigQuery schema files" : "a BigQuery schema file"
      reader.fail(SettingsError("CONTRACT is '\(path)', which is not \(what). \(error)"))
      return nil
    }
  }

  private func contract(_ path: String) throws -> Contract {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let name = file.hasSuffix(".json") ? String(file.dropLast(5)) : file
    return try Contract(json: try readFile(path), name: name)
  }
}
