// SPDX-License-Identifier: MIT

/// A visitor's wish about tracking; the value of the column `privacy`.
public enum PrivacySignal: String, Sendable, CaseIterable {
  /// Global Privacy Control: the header `Sec-GPC: 1`, or the parameter `gpc=1`.
  case gpc
  /// Do Not Track: the header `DNT: 1`.
  case dnt
  /// The consent parameter says no.
  case consent
}
