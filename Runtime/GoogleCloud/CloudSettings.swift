// SPDX-License-Identifier: MIT
import EventLoop
import HTTPClient
import Settings

/// Where Google's services are, for one process, and the access to them that its loops share.
public struct CloudSettings: Sendable {
  public let pubSub: Endpoint
  /// Google's own for a function that has no use for BigQuery.
  public let bigQuery: Endpoint
  public let access: CloudAccess

  /// - Parameters:
  ///   - reader: Reads the settings, and collects what is wrong with them.
  ///   - usesBigQuery: Whether to read, and to show in `--help`, where BigQuery is.
  public init(_ reader: inout SettingsReader, usesBigQuery: Bool = false) {
    let project = reader.optionalText(
      "GOOGLE_CLOUD_PROJECT", "project id; else the key file's or the metadata server's")
    let key = ServiceAccountKey(&reader)
    pubSub = Endpoint(
      &reader, service: "Pub/Sub", standard: "https://pubsub.googleapis.com",
      override: "PUBSUB_ENDPOINT", emulator: "PUBSUB_EMULATOR_HOST")
    let bigQuery = "https://bigquery.googleapis.com"
    self.bigQuery =
      usesBigQuery
      ? Endpoint(
        &reader, service: "BigQuery", standard: bigQuery, override: "BIGQUERY_ENDPOINT",
        emulator: "BIGQUERY_EMULATOR_HOST")
      : Endpoint(base: bigQuery)
    let metadata = reader.text(
      "GCE_METADATA_HOST", default: "metadata.google.internal",
      "host, or host:port, that gives access tokens and the project")
    if ServiceURL("http://\(metadata)")?.rest.isEmpty != true {
      reader.fail(
        SettingsError("GCE_METADATA_HOST is '\(metadata)': allowed is a host, or host:port"))
    }
    if let project, !Self.isProject(project) {
      reader.fail(
        SettingsError(
          "GOOGLE_CLOUD_PROJECT is '\(project)': allowed are letters, digits, -, and for old ones . and :"
        ))
    }
    access = CloudAccess(metadataHost: metadata, project: project, key: key)
  }
}

extension CloudSettings {
  /// It stands in paths.
  fileprivate static func isProject(_ text: String) -> Bool {
    text.utf8.allSatisfy {
      ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D || $0 == 0x2E || $0 == 0x3A
    }
  }
}

/// Base URL of a service, without a slash at its end.
public struct Endpoint: Sendable {
  public let base: String
  /// Emulators get no credentials.
  public let wantsToken: Bool

  init(base: String) {
    self.base = base
    wantsToken = true
  }

  init(
    _ reader: inout SettingsReader, service: String, standard: String, override: String,
    emulator: String
  ) {
    let chosen = reader.text(
      override, default: standard, "base URL of \(service); plain http only to loopback")
    let emulated = reader.optionalText(
      emulator, "host:port or URL of an emulator of \(service), which gets no credentials")
    if let emulated {
      let isURL = emulated.hasPrefix("http://") || emulated.hasPrefix("https://")
      base = Self.trimmed(isURL ? emulated : "http://\(emulated)")
      wantsToken = false
      if !(ServiceURL(base)?.isBase ?? false) {
        reader.fail(
          SettingsError(
            "\(emulator) is '\(emulated)': allowed is host:port, or an http or https URL"))
      }
      return
    }
    base = Self.trimmed(chosen)
    wantsToken = true
    if !Self.mayCarryToken(base) {
      reader.fail(
        SettingsError(
          "\(override) is '\(chosen)': allowed is an https URL, or http to a loopback address"))
    }
  }

  private static func trimmed(_ url: String) -> String {
    url.hasSuffix("/") ? String(url.dropLast()) : url
  }

  /// An access token leaves the machine only over TLS.
  static func mayCarryToken(_ url: String) -> Bool {
    ServiceURL(url).map { $0.isTrusted && $0.isBase } ?? false
  }
}
