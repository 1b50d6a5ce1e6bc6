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

  /// The contracts, or nil if one can't be used, which the reader then says.
  public func contracts(_ reader: inout SettingsReader) -> Contracts? {
    guard !path.isEmpty else { return nil }
    do {
      return try contracts()
    } catch {
      reader.fail(error)
      return nil
    }
  }

  /// A contract's name is its file's, without `.json`. In a folder the contracts are sorted by name, and
  /// files that do not end in `.json` are ignored. The error names the file, the line and the column.
  public func contracts() throws(SettingsError) -> Contracts {
    var file: String?
    do {
      guard case .success(let names) = files else { return try Contracts([contract(path)]) }
      let schemas = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
      let read = try schemas.map { name in
        file = name
        return try contract("\(path)/\(name)")
      }
      file = nil
      return try Contracts(read)
    } catch {
      throw SettingsError("CONTRACT is '\(path)', \(problem(in: file)). \(error)")
    }
  }

  private func problem(in file: String?) -> String {
    if let file { return "whose \(file) is not a BigQuery schema file" }
    return isFolder
      ? "which is not a folder of BigQuery schema files" : "which is not a BigQuery schema file"
  }

  private func contract(_ path: String) throws -> Contract {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let name = file.hasSuffix(".json") ? String(file.dropLast(5)) : file
    return try Contract(json: try readFile(path), name: name)
  }
}
