// SPDX-License-Identifier: MIT
import FunctionRuntime
import GoogleCloud
import PixelModel
import Settings

public struct LogParseSettings: Sendable {
  /// Nil only if the settings have a problem, which stops the start.
  let contracts: Contracts?
  let names: ControlParameters
  let pixelPaths: [String]
  let privacy: PrivacyPolicy
  let eventsTopic: TopicName
  let rejectedTopic: TopicName
  let droppedNames: DroppedNames
  let authentication: PushAuthentication
  let cloud: CloudSettings

  /// The readers who see the names of parameters without a column.
  enum DroppedNames: String, Sendable, CaseIterable {
    /// The operator sees the frequent ones.
    case report
    /// Subscribers of the messages see all of them, too.
    case attribute
  }

  public init(_ reader: inout SettingsReader) {
    let source = ContractSource(
      reader.requiredText(
        "CONTRACT",
        "BigQuery schema file that says which parameters become columns, or a folder of them"))
    contracts = source.contracts(&reader)
    privacy = PrivacyPolicy(&reader)
    if let contracts { Self.check(privacy.personal, by: contracts, &reader) }
    pixelPaths = PixelPaths.parse(
      reader.text(
        "PIXEL_PATHS", default: "/pixel.png,/pixel.gif",
        "paths whose requests are hits, with commas; entries of other paths are left alone"),
      &reader)
    eventsTopic = TopicName(
      reader.text("EVENTS_TOPIC", default: "pixel-events", "topic that events are published to"),
      setting: "EVENTS_TOPIC", &reader)
    rejectedTopic = TopicName(
      reader.text(
        "REJECTED_TOPIC", default: "pixel-rejected", "topic for what can't become an event"),
      setting: "REJECTED_TOPIC", &reader)
    let contractName = reader.text(
      "CONTRACT_PARAMETER", default: "c",
      "parameter that picks a contract, if CONTRACT is a folder")
    let testName = reader.textOrEmpty(
      "TEST_PARAMETER", default: "_test",
      "parameter that marks a hit as a test with 1; empty: no tests")
    names = ControlParameters(test: testName, contract: source.isFolder ? contractName : "")
    Self.requireFree(testName, "TEST_PARAMETER", in: contracts, &reader)
    if source.isFolder {
      Self.requireFree(contractName, "CONTRACT_PARAMETER", in: contracts, &reader)
    }
    if source.isFolder, contractName == testName {
      reader.fail(
        SettingsError(
          "CONTRACT_PARAMETER and TEST_PARAMETER are both '\(testName)': they have to differ"))
    }
    droppedNames = reader.choice(
      "DROPPED_NAMES", default: DroppedNames.report,
      "parameters that no column has. report: frequent names in the minute's report; attribute: all "
        + "names in each message too, for a laptop")
    authentication = PushAuthentication(&reader)
    cloud = CloudSettings(&reader)
  }

  /// A personal column has to be NULLABLE. Unknown names are refused: a typo would leave personal data in
  /// place.
  private static func check(
    _ personal: PersonalColumns, by contracts: Contracts, _ reader: inout SettingsReader
  ) {
    for name in personal.names {
      let isKnown =
        ReservedColumn(rawValue: name) != nil
        || contracts.all.contains { $0.column(named: name) != nil }
      if !isKnown {
        reader.fail(SettingsError("PRIVACY_LIST has '\(name)', which is no column of any contract"))
      }
      for contract in contracts.all {
        guard let column = contract.column(named: name),
          contract.columns[column].mode == .required
        else { continue }
        reader.fail(
          SettingsError(
            "PRIVACY_LIST has '\(name)', which contract \(contract.name) has as REQUIRED: allowed are "
              + "columns that can be empty"))
      }
    }
  }

  /// A parameter that steers the parser cannot fill a column too.
  private static func requireFree(
    _ name: String, _ setting: String, in contracts: Contracts?, _ reader: inout SettingsReader
  ) {
    if name.utf8.count > 64 {
      reader.fail(SettingsError("\(setting) is '\(name)': allowed are at most 64 bytes"))
    }
    for contract in contracts?.all ?? [] where contract.column(named: name) != nil {
      reader.fail(
        SettingsError(
          "\(setting) is '\(name)': contract \(contract.name) has a column of that name"))
    }
  }
}
