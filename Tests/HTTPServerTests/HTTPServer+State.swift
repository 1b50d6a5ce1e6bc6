// SPDX-License-Identifier: MIT
@testable import HTTPServer

extension HTTPServer {
  private var open: [Connection] { connections.compactMap { $0 } }
  var openConnections: Int { open.count }
  var hasBacklog: Bool { open.contains { $0.backlog != nil } }
  var largestBacklog: Int { open.compactMap { $0.backlog?.count }.max() ?? 0 }
  var largestInput: Int { open.map(\.input.capacity).max() ?? 0 }
}
