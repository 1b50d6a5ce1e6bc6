// SPDX-License-Identifier: MIT
import CCrypto
import EventLoop
import Glibc
import HTTPServer
import Settings

/// The settings that every function has.
public struct RuntimeSettings: Sendable {
  public var host: String
  public var port: UInt16
  public var workers: Int
  public var logLevel: Severity
  public var logFormat: Log.Format
  public var callSampling: CallSampling
  public var drainTimeout: Duration
  public var limits: HTTPLimits
  /// Whom outgoing connections trust; nil for libcurl's choice.
  public var caFile: String?
  /// The project, if the environment says it.
  var project: String?

  enum Level: String, CaseIterable { case debug, info, notice, warning, error }

  public init(_ reader: inout SettingsReader) {
    host = reader.text("HOST", default: "0.0.0.0", "address to listen on")
    port = UInt16(
      reader.integer("PORT", default: 8080, in: 0...65535, "port to listen on; 0 picks a free one"))
    workers = reader.integer(
      "WORKERS", default: 1, in: 1...64,
      "event loops, one thread each; no second process can share their port")
    let level = reader.choice("LOG_LEVEL", default: Level.info, "least severity that is logged")
    logLevel = Severity(rawValue: level.rawValue.uppercased()) ?? .info
    logFormat = reader.choice(
      "LOG_FORMAT", default: isatty(1) == 1 ? Log.Format.text : .json,
      "json for Cloud Logging, text for people. Without it: text on a terminal, else json")
    callSampling = Self.callSampling(&reader)
    limits = HTTPLimits()
    limits.maxBodyBytes = reader.bytes(
      "MAX_BODY_BYTES", default: "16MiB", in: 1024...(1 << 30), "longest request body; beyond: 413")
    limits.maxInFlight = reader.integer(
      "MAX_IN_FLIGHT", default: 1000, in: 1...100_000, "calls worked on at once; beyond: 429")
    limits.maxBufferedBytes = reader.bytes(
      "MAX_BUFFERED_BYTES", default: "\(Self.standardBuffer() >> 20)MiB", in: (1 << 20)...(1 << 40),
      "bytes of all bodies held, also by calls that go on after their 504; beyond: 503. Without it: "
        + "half of the container's memory and at least 32MiB, 512MiB without a limit")
    limits.requestTimeout = reader.duration(
      "REQUEST_TIMEOUT", default: "40s", in: .milliseconds(10)...(.seconds(3600)),
      "from call to answer; beyond: 504. Keep it below the ack deadline")
    drainTimeout = reader.duration(
      "DRAIN_TIMEOUT", default: "8s", in: .zero...(.seconds(3600)),
      "for open calls after SIGTERM; Cloud Run ends the process after 10s")
    caFile = Self.caFile(&reader)
    project = reader.raw("GOOGLE_CLOUD_PROJECT")
  }

  /// libcurl would refuse every connection, at the first request.
  private static func caFile(_ reader: inout SettingsReader) -> String? {
    let path = reader.optionalText(
      "SSL_CERT_FILE",
      "certificates of the authorities to trust, PEM; else the system's. A short file makes the first "
        + "connection cheaper")
    guard let path else { return nil }
    do throws(SystemError) {
      let file = try readFile(path)
      // In bounds: OpenSSL reads exactly the array.
      let isGood = unsafe file.withUnsafeBufferPointer {
        unsafe pixel_has_certificate($0.baseAddress, $0.count)
      }
      if isGood != 1 {
        reader.fail(
          SettingsError(
            "SSL_CERT_FILE is '\(path)', which has no certificate: allowed is a file of them in PEM"
          ))
      }
    } catch {
      reader.fail(SettingsError("SSL_CERT_FILE is '\(path)', which can't be read: \(error)"))
    }
    return path
  }

  private static func callSampling(_ reader: inout SettingsReader) -> CallSampling {
    let text = reader.text(
      "LOG_CALLS", default: "problems",
      "which calls leave a line: problems (what was not done), all, or 1/N of the others too")
    guard let sampling = CallSampling(text) else {
      reader.fail(
        SettingsError("LOG_CALLS is '\(text)': allowed is problems, all, or 1/N such as 1/100"))
      return CallSampling(every: nil)
    }
    return sampling
  }

  /// Half of the memory limit of the container, by either version of cgroups; 512 MiB without a limit.
  private static func standardBuffer() -> Int {
    let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    // An unlimited version 1 container shows a number near 2^63.
    let limit = files.lazy.compactMap(number).first { $0 < 1 << 45 }
    return max(32 << 20, (limit ?? 1 << 30) / 2)
  }

  private static func number(in file: String) -> Int? {
    let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 32)
    // In bounds: at most the array's count is read.
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, 32) }
    guard count > 0 else { return nil }
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return Int(text.prefix { $0.isNumber })
  }
}
