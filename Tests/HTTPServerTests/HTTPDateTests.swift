// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import HTTPServer

@Suite struct HTTPDateTests {
  @Test func `every day of four centuries is named as Foundation names it`() {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    for day in stride(from: Int64(0), to: 146_097, by: 13) {
      let seconds = day * 86400 + day * 7919 % 86400
      let expected = format.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
      #expect(HTTPDate.text(secondsSince1970: seconds) == expected)
    }
  }
}
