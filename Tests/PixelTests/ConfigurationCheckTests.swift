// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import Pixel

@Suite struct ConfigurationCheckTests {
  private let contract = OneFactTests.package.path + "/infra/contracts/pixel.json"

  private func faults(
    contract: String? = nil, table: String = "pixel", suffix: String = "_{user_id}_{date}",
    timeZone: String = "UTC"
  ) -> [String] {
    ConfigurationCheck(
      contracts: [contract ?? self.contract], table: table, suffix: suffix, timeZone: timeZone
    ).faults
  }

  @Test func `what is shipped has no faults`() {
    #expect(faults() == [])
    #expect(faults(table: "pixel_{contract}", suffix: "") == [])
  }

  @Test func `each fault names the setting, its value, and what is allowed`() {
    let found = [
      faults(contract: "/nowhere.json"), faults(contract: #filePath),
      faults(table: "a-b"), faults(suffix: "_Z{date}"), faults(suffix: "_{nobody}_{date}"),
      faults(table: String(repeating: "a", count: 1000)), faults(timeZone: "Nowhere/At_All"),
    ]
    for (faults, name) in zip(
      found,
      [
        "CONTRACT is '/nowhere.json'", "CONTRACT is '", "BIGQUERY_TABLE is 'a-b'",
        "TEMPLATE_SUFFIX is '_Z{date}'", "TEMPLATE_SUFFIX names {nobody}",
        "BIGQUERY_TABLE and TEMPLATE_SUFFIX can make a name of ", "TIME_ZONE is 'Nowhere/At_All'",
      ])
    {
      #expect(faults.count == 1)
      #expect(faults.first?.hasPrefix(name) == true, "\(faults)")
    }
  }
}
