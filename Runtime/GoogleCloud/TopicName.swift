// SPDX-License-Identifier: MIT
import Bytes
import Settings

/// A Pub/Sub topic: `projects/P/topics/T`, or only `T` in this process's own project.
public struct TopicName: Sendable {
  let project: String?
  let id: String

  /// - Parameters:
  ///   - text: The topic's id, or its full name.
  ///   - setting: The variable the name comes from, for the error.
  ///   - reader: Is told of a name that is not allowed.
  public init(_ text: String, setting: String, _ reader: inout SettingsReader) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isFull = parts.count == 4 && parts[0] == "projects" && parts[2] == "topics"
    project = isFull ? String(parts[1]) : nil
    id = isFull ? String(parts[3]) : text
    guard isFull || parts.count == 1, Self.isValid(id), project.map(Self.isProject) ?? true else {
      reader.fail(
        SettingsError(
          "\(setting) is '\(text)': allowed is a topic id of 3 to 255 letters, digits and -._~+%, "
            + "or projects/PROJECT/topics/TOPIC"))
      return
    }
  }

  /// Pub/Sub's rule for ids of topics and subscriptions.
  private static func isValid(_ id: String) -> Bool {
    (3...255).contains(id.utf8.count) && id.utf8.first?.isLetter == true
      && !id.hasPrefix("goog")
      && id.utf8.allSatisfy { $0.isLetter || isDigit($0) || Array("-._~+%".utf8).contains($0) }
  }

  private static func isProject(_ id: String) -> Bool {
    !id.isEmpty
      && id.utf8.allSatisfy { $0.isLetter || isDigit($0) || Array("-.:".utf8).contains($0) }
  }
  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The path of the publish method.
  func publishPath(in ownProject: String) -> String {
    // Of the characters of an id only this one means something else in a URL.
    let id = id.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25")
    return "/v1/projects/\(project ?? ownProject)/topics/\(id):publish"
  }
}
