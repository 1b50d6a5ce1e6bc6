// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import GoogleCloud

@Suite struct TableCatalogTests {
  @Test(
    arguments: [
      ("{}", [], nil),
      (#"{"kind":"bigquery#tableList","totalItems":0}"#, [], nil),
      (
        #"""
        {"tables":[{"kind":"bigquery#table","tableReference":{"projectId":"p","tableId":"pixel_u1"},
         "id":"p:d.pixel_u1"},{"id":"no reference"},{"tableReference":{"tableId":"pixel_é"}}],
         "nextPageToken":"a+b="}
        """#, ["pixel_u1", "pixel_é"], "a+b="
      ),
    ] as [(String, [String], String?)])
  func `a page has names and where the next one begins`(
    _ body: String, _ tables: [String], _ next: String?
  ) throws {
    let page = try #require(TableCatalog.readPage(Array(body.utf8)))
    #expect(page.tables == tables)
    #expect(page.next == next)
  }

  @Test(arguments: ["", "[]", "<html>", #"{"tables":["#, #"{"tables":[1]}"#])
  func `what is no page is none`(_ body: String) {
    #expect(TableCatalog.readPage(Array(body.utf8)) == nil)
  }

  @Test func `a table has the columns of its first level`() {
    let body = #"""
      {"schema":{"fields":[{"name":"a","type":"RECORD","fields":[{"name":"inner"}]},{"type":"STRING",
       "name":"b"}]}}
      """#
    #expect(TableCatalog.readColumns(Array(body.utf8)) == ["a", "b"])
    #expect(TableCatalog.readColumns(Array("{}".utf8)) == [])
    #expect(TableCatalog.readColumns(Array("x".utf8)) == nil)
  }

  @Test func `nothing in a page's token can end the parameter`() {
    #expect(TableCatalog.percentEncoded("a+b=&x y/é") == "a%2Bb%3D%26x%20y%2F%C3%A9")
  }
}
