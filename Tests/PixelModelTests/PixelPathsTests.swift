// SPDX-License-Identifier: MIT
import PixelModel
import Settings
import Testing

@Suite struct PixelPathsTests {
  /// What the first problem says; nil if there is none.
  private func problem(_ reader: SettingsReader) -> String? {
    do throws(SettingsError) {
      try reader.check()
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ("/pixel.png,/pixel.gif", ["/pixel.png", "/pixel.gif"]), (" /a , /b", ["/a", "/b"]),
    ("/", ["/"]),
  ])
  func `pixel paths are a list`(_ text: String, _ paths: [String]) {
    var reader = SettingsReader(environment: [:])
    #expect(PixelPaths.parse(text, &reader) == paths)
    #expect(problem(reader) == nil)
  }

  @Test(arguments: ["", ",", "pixel", "/a?b", "/a#b", "/\u{e9}", "/a,b"])
  func `what is no list of paths stops the start`(_ text: String) {
    var reader = SettingsReader(environment: [:])
    _ = PixelPaths.parse(text, &reader)
    #expect(problem(reader)?.hasPrefix("PIXEL_PATHS is '\(text)'") == true)
  }
}
