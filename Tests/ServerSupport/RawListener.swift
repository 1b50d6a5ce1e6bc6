// SPDX-License-Identifier: MIT
import Foundation

/// Takes connections, reads a request's head from each, answers with fixed bytes and closes.
public final class RawListener: @unchecked Sendable {
  public let port: UInt16
  private let descriptor: Int32
  private let ended = DispatchSemaphore(value: 0)

  public init(answering text: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) + listen(descriptor, 16) + getsockname(descriptor, $0, &length)
      }
    }
    guard bound == 0 else { throw RawClient.Failure(description: "listen: errno \(errno)") }
    port = UInt16(bigEndian: address.sin_port)
    let answer = Array(text.utf8)
    let thread = Thread { [ended] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { break }
        var head: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: head, as: UTF8.self).contains("\r\n\r\n") {
          let count = recv(connection, &piece, piece.count, 0)
          guard count > 0 else { break }
          head += piece.prefix(count)
        }
        send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
        close(connection)
      }
      ended.signal()
    }
    thread.start()
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    ended.wait()
    close(descriptor)
  }
}
