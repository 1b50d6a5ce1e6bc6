// SPDX-License-Identifier: MIT
import Settings

/// The setting `PIXEL_PATHS`, which the collector and the parser share: a hit is a request for one of
/// these paths, compared byte by byte.
public enum PixelPaths {
  public static func parse(_ text: String, _ reader: inout SettingsReader) -> [String] {
    let paths = text.split(separator: ",").map { $0.filter { $0 != " " } }
    let areValid = paths.allSatisfy { path in
      path.hasPrefix("/") && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        && !path.contains("?") && !path.contains("#")
    }
    if paths.isEmpty || !areValid {
      reader.fail(
        SettingsError(
          "PIXEL_PATHS is '\(text)': allowed are paths that begin with /, separated by commas"))
    }
    return paths
  }
}
