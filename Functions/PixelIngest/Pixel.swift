// SPDX-License-Identifier: MIT
import HTTPServer

/// The smallest valid transparent 1×1 images, byte by byte.
public enum Pixel {
  /// 37 bytes of GIF89a. A colour table is optional, and a transparent dot needs no colour.
  static let gif: [UInt8] = [
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61,  // "GIF89a": the version that knows transparency
    0x01, 0x00, 0x01, 0x00,  // logical screen: 1 wide, 1 high, little-endian
    0x00,  // no global colour table
    0x00, 0x00,  // background index, aspect ratio: unused
    0x21, 0xF9, 0x04,  // graphic control extension, 4 bytes
    0x01,  // bit 0: there is a transparent index
    0x00, 0x00,  // delay
    0x00,  // the transparent index is 0
    0x00,  // end of the extension
    0x2C,  // image descriptor
    0x00, 0x00, 0x00, 0x00,  // left, top
    0x01, 0x00, 0x01, 0x00,  // 1 wide, 1 high
    0x00,  // no local colour table
    0x02,  // LZW starts with codes of 2 + 1 bits: 4 = clear, 5 = end
    0x02, 0x44, 0x01,  // 2 bytes: codes 4, 0, 5 from the lowest bit up (100 000 101)
    0x00,  // end of the image data
    0x3B,  // end of the file
  ]

  /// 68 bytes of PNG: grey with alpha, 8 bits each, is the shortest kind that can be transparent.
  static let png: [UInt8] = [
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A,  // signature
    0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52,  // 13 bytes of IHDR
    0x00, 0x00, 0x00, 0x01,  // 1 wide
    0x00, 0x00, 0x00, 0x01,  // 1 high
    0x08,  // 8 bits a sample
    0x04,  // grey with alpha
    0x00, 0x00, 0x00,  // deflate, the five standard filters, not interlaced
    0xB5, 0x1C, 0x0C, 0x02,  // CRC-32 of IHDR
    0x00, 0x00, 0x00, 0x0B, 0x49, 0x44, 0x41, 0x54,  // 11 bytes of IDAT
    0x18, 0x19,  // zlib: deflate, a window of 512 bytes, check bits
    0x63, 0x60, 0x60, 0x00, 0x00,  // last block, fixed codes: filter 0, grey 0, alpha 0, end
    0x00, 0x03, 0x00, 0x01,  // Adler-32 of the three zeros
    0xE8, 0x55, 0x6E, 0x1E,  // CRC-32 of IDAT
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44,  // 0 bytes of IEND
    0xAE, 0x42, 0x60, 0x82,  // CRC-32 of IEND
  ]

  /// An answer with the image: never stored, so that each view is a hit, and no state in the browser.
  static func response(
    status: Int, type: ImageType, headers: [(String, String)] = []
  ) -> Response {
    Response(
      status: status,
      headers: [
        ("Content-Type", type == .gif ? "image/gif" : "image/png"),
        ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
        // Without it a page with Cross-Origin-Embedder-Policy sees an error where the hit was taken.
        ("Cross-Origin-Resource-Policy", "cross-origin"),
      ] + headers, body: type == .gif ? gif : png)
  }

  enum ImageType { case gif, png }
}

/// One path that serves the pixel: `.gif` serves a GIF, every other name a PNG.
struct PixelPath: Sendable {
  let path: [UInt8]
  private let type: Pixel.ImageType
  let image: Response
  /// The hit was not accepted; the visitor's page gets its image all the same.
  let notAccepted: Response

  init(_ text: String) {
    let type: Pixel.ImageType = text.hasSuffix(".gif") ? .gif : .png
    path = Array(text.utf8)
    self.type = type
    image = Pixel.response(status: 200, type: type)
    notAccepted = Pixel.response(status: 503, type: type)
  }

  /// The image with a cookie, for a visitor that has none yet.
  func image(with cookie: (String, String)) -> Response {
    Pixel.response(status: 200, type: type, headers: [cookie])
  }
}
