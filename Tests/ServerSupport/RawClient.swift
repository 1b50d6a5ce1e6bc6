// SPDX-License-Identifier: MIT
import Foundation

/// A TCP client that sends exactly what it is told to, with blocking calls that give up in the end.
///
/// One thread may send while another one reads.
public final class RawClient: @unchecked Sendable {
  private let descriptor: Int32
  private var received: [UInt8] = []
  private var isOpen = true

  /// An answer as it came.
  public struct Answer: Equatable {
    public var status: Int
    /// Names in lower case.
    public var fields: [String: String]
    public var body: [UInt8]
    public var text: String { String(decoding: body, as: UTF8.self) }
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
  }

  /// - Parameter receiveBuffer: Bytes of the kernel's receive buffer, for a client that is slow to read.
  public init(port: UInt16, receiveBuffer: Int32? = nil, timeout: Int = 10) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
    }
    var limit = timeval(tv_sec: timeout, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      let why = errno
      close()
      throw Failure(description: "connect: errno \(why)")
    }
  }

  deinit { close() }

  public func close() {
    if isOpen { Glibc.close(descriptor) }
    isOpen = false
  }

  /// Ends the connection with a reset.
  public func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  /// Says that nothing more will be sent.
  public func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  public func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// False if the server stopped taking bytes before the end.
  @discardableResult
  public func send(_ bytes: [UInt8]) throws -> Bool {
    var start = 0
    while start < bytes.count {
      let sent = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + start, $0.count - start, Int32(MSG_NOSIGNAL))
      }
      if sent < 0, errno == EINTR { continue }
      if sent < 0, errno == EPIPE || errno == ECONNRESET { return false }
      guard sent > 0 else { throw Failure(description: "send: errno \(errno)") }
      start += sent
    }
    return true
  }

  /// Reads once. False at the end of the connection.
  public func receive() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = recv(descriptor, &piece, piece.count, 0)
      if count > 0 {
        received += piece.prefix(count)
        return true
      }
      if count == 0 { return false }
      if errno == EINTR { continue }
      if errno == ECONNRESET { throw Failure(description: "reset") }
      throw Failure(description: "recv: errno \(errno), after \(received.count) bytes")
    }
  }

  /// Everything until the server closes.
  public func readToEnd() throws -> [UInt8] {
    while try receive() {}
    defer { received = [] }
    return received
  }

  /// Whether the server closes in order, without another byte.
  public func isEnded() throws -> Bool { try !receive() && received.isEmpty }

  /// The next answer. Interim ones, such as 100, count.
  public func readAnswer(toHead: Bool = false) throws -> Answer {
    let end = try readHead()
    let lines = String(decoding: received[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    guard lines[0].hasPrefix("HTTP/1.1 "), let status = Int(lines[0].split(separator: " ")[1])
    else { throw Failure(description: "not an answer: \(lines[0])") }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() where !line.isEmpty {
      guard let colon = line.firstIndex(of: ":") else {
        throw Failure(description: "not a field: \(line)")
      }
      let name = line[..<colon].lowercased()
      guard fields[name] == nil else { throw Failure(description: "twice: \(name)") }
      fields[name] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    received.removeFirst(end)
    let bodyless = toHead || status < 200 || status == 204 || status == 304
    let length = bodyless ? 0 : fields["content-length"].flatMap { Int($0) } ?? 0
    while received.count < length {
      guard try receive() else { throw Failure(description: "cut after \(received.count) bytes") }
    }
    let body = Array(received.prefix(length))
    received.removeFirst(length)
    return Answer(status: status, fields: fields, body: body)
  }

  private func readHead() throws -> Int {
    var searched = 0
    while true {
      if received.count >= 4 {
        for index in searched...(received.count - 4)
        where received[index..<index + 4].elementsEqual([13, 10, 13, 10]) {
          return index + 4
        }
        searched = received.count - 3
      }
      guard try receive() else {
        throw Failure(description: received.isEmpty ? "ended" : "ended in a head")
      }
    }
  }
}
