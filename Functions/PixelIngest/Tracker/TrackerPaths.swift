// SPDX-License-Identifier: MIT
import Settings

/// The paths of the tracker and of posted events: `TRACKER_PATH` and `EVENTS_PATH`. Blockers' lists contain the
/// default names of such paths.
struct TrackerPaths: Sendable {
  /// Each serves the tracker.
  let tracker: [String]
  /// Each takes events. The tracker uses the first; the others are for trackers that browsers still hold.
  let events: [String]
  /// The image that the tracker uses.
  let pixel: String

  init(_ reader: inout SettingsReader, pixels: [String]) {
    tracker = Self.read(
      &reader, "TRACKER_PATH", default: "/p.js",
      "path that serves the tracker; more than one with commas")
    events = Self.read(
      &reader, "EVENTS_PATH", default: "/events",
      "path that takes events; of several, with commas, the tracker uses the first")
    pixel = pixels.first { $0.hasSuffix(".gif") } ?? pixels.first ?? "/pixel.gif"
    for path in tracker where pixels.contains(path) || events.contains(path) {
      reader.fail(
        SettingsError(
          "TRACKER_PATH has '\(path)', and so has \(pixels.contains(path) ? "PIXEL_PATHS" : "EVENTS_PATH"): "
            + "allowed is a path that no other setting has"))
    }
  }

  private static func read(
    _ reader: inout SettingsReader, _ name: String, default text: String, _ help: String
  ) -> [String] {
    let value = reader.text(name, default: text, help)
    let paths = value.split(separator: ",").map { String($0.filter { $0 != " " }) }
    // A path that needs no escape, neither in a URL nor in the script, and stays inside its folder.
    let areValid = paths.allSatisfy { path in
      path.utf8.count > 1 && path.hasPrefix("/") && path.utf8.allSatisfy(\.isPathCharacter)
        && !path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
          .contains { ["", ".", ".."].contains($0) }
    }
    let reserved = paths.first {
      ["/health", "/ready", "/robots.txt", "/favicon.ico"].contains($0)
    }
    if let reserved {
      reader.fail(
        SettingsError(
          "\(name) has '\(reserved)': allowed is a path that every server here does not answer itself"
        ))
    } else if paths.isEmpty || !areValid {
      reader.fail(
        SettingsError(
          "\(name) is '\(value)': allowed are paths such as \(text) or /a/b, of letters, digits and - . _ ~, "
            + "separated by commas"))
    }
    return paths
  }

  /// How a page gets from one path to another, so that a front end may put both below a folder of its own.
  static func relative(_ path: String, to base: String) -> String {
    let from = base.split(separator: "/").dropLast()
    let to = path.split(separator: "/")
    let shared = zip(from, to.dropLast()).prefix { $0 == $1 }.count
    let up = Array(repeating: "..", count: from.count - shared)
    return (up + to.dropFirst(shared).map(String.init)).joined(separator: "/")
  }
}

extension UInt8 {
  fileprivate var isPathCharacter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
