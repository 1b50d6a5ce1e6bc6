// SPDX-License-Identifier: MIT
import Foundation

/// Keeps the pages of other sites, open in a browser on this machine, away from what is kept here: a name
/// that was made to point to this machine (DNS rebinding), and writes that another site's page sends.
struct BrowserGuard: Sendable {
  /// Host names, in lower case and without ports.
  private let names: Set<String>
  /// Any address may stand in `Host`: it is no name that somebody else could point here.
  private let takesAddresses: Bool

  /// - Parameters:
  ///   - host: The address to listen on.
  ///   - names: Other names of this machine.
  init(host: String, names: [String]) {
    let anywhere = ["0.0.0.0", "::", "*", ""].contains(host)
    takesAddresses = anywhere
    self.names = Set(
      (["localhost", "127.0.0.1", "::1", host] + names).map { Self.name($0.lowercased()) })
  }

  /// Why the request is refused; nil if it is not.
  func refusal(of request: APIRequest) -> GoogleError? {
    let host = (request.headers["host"] ?? "").lowercased()
    // Without a host it is no browser's: HTTP/1.0.
    if !host.isEmpty, !isOurs(Self.name(host)) {
      return .forbidden(
        "The Host '\(host)' is none of this machine's names: use 127.0.0.1 or localhost, or start with "
          + "--allow-host NAME.")
    }
    // Any site may ask for the pixel, which is what it is for.
    if ["GET", "HEAD", "OPTIONS"].contains(request.method) || LoadBalancer.serves(request.path) {
      return nil
    }
    if let site = request.headers["sec-fetch-site"], site != "same-origin", site != "none" {
      return .forbidden("A page of another site may not write here (Sec-Fetch-Site: \(site)).")
    }
    if let origin = request.headers["origin"]?.lowercased(),
      origin != "http://\(host)", origin != "https://\(host)"
    {
      return .forbidden("A page of another site may not write here (Origin: \(origin)).")
    }
    return nil
  }

  private func isOurs(_ name: String) -> Bool {
    if names.contains(name) || name.hasSuffix(".localhost") { return true }
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, name, &four) == 1 {
      return takesAddresses || name.hasPrefix("127.")
    }
    return takesAddresses && inet_pton(AF_INET6, name, &six) == 1
  }

  /// The host without its port; an IPv6 address without its brackets.
  private static func name(_ host: String) -> String {
    if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
    let parts = host.split(separator: ":", omittingEmptySubsequences: false)
    // More than one colon is an IPv6 address without brackets.
    return parts.count == 2 ? String(parts[0]) : host
  }
}
