// SPDX-License-Identifier: MIT
import Foundation

/// Signs push tokens as Google does, with a key of this run that the program `openssl` makes.
public final class PushSigner: Sendable {
  public static let isAvailable = FileManager.default.isExecutableFile(atPath: openssl)
  private static let openssl = "/usr/bin/openssl"

  public static let audience = "https://stage.example.com/"
  public static let account = "pusher@project.iam.gserviceaccount.com"

  public let kid: String
  private let folder: URL
  private let modulus: String

  public init(kid: String) throws {
    self.kid = kid
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let key = folder.appendingPathComponent("key.pem").path
    _ = try Self.run(
      "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    let text = String(
      decoding: try Self.run("rsa", "-in", key, "-noout", "-modulus"), as: UTF8.self)
    let digits = Array(text.split(separator: "=").last?.filter(\.isHexDigit) ?? "")
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    modulus = Self.base64URL(Data(bytes))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The public key (RFC 7517).
  public var key: [String: Any] {
    ["kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": modulus, "e": "AQAB"]
  }

  /// A token that is good for an hour, with other claims or another signature if told so.
  public func token(_ claims: [String: Any] = [:], signature: String? = nil) throws -> String {
    let now = Int(Date().timeIntervalSince1970)
    let all: [String: Any] = [
      "iss": "https://accounts.google.com", "aud": Self.audience, "email": Self.account,
      "email_verified": true, "iat": now - 10, "exp": now + 3600, "sub": "1",
    ].merging(claims) { $1 }
    let header = ["alg": "RS256", "typ": "JWT", "kid": kid]
    let parts = try [header as [String: Any], all].map {
      Self.base64URL(try JSONSerialization.data(withJSONObject: $0))
    }
    let signed = parts.joined(separator: ".")
    if let signature { return "\(signed).\(signature)" }
    let file = folder.appendingPathComponent(UUID().uuidString)
    try Data(signed.utf8).write(to: file)
    let key = folder.appendingPathComponent("key.pem").path
    let bytes = try Self.run("dgst", "-sha256", "-sign", key, file.path)
    return "\(signed).\(Self.base64URL(bytes))"
  }

  private static func base64URL(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  private struct Failed: Error {}

  private static func run(_ arguments: String...) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: openssl)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed() }
    return data
  }
}
