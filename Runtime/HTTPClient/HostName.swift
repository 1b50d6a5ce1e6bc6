// SPDX-License-Identifier: MIT
import EventLoop

/// A name that requests of one client go to, and those that wait for its addresses.
final class HostName {
  /// As URLs begin that go there: `https://pubsub.googleapis.com`.
  let prefix: [UInt8]
  let name: String
  let port: UInt16
  var state = HostState()
  var waiters: [Waiter] = []

  /// A request that waits; its closure is taken by whichever comes first, the answer or the timer.
  final class Waiter {
    var then: ((Result<Void, TransportError>) -> Void)?
    init(_ then: @escaping (Result<Void, TransportError>) -> Void) { self.then = then }

    func end(_ result: Result<Void, TransportError>) {
      let then = then
      self.then = nil
      then?(result)
    }
  }

  init(_ url: ServiceURL, name: String) {
    prefix = Array(url.prefix.utf8)
    self.name = name
    port = url.port
  }

  /// Whether this is the host of `url`.
  func isHost(of url: String) -> Bool {
    url.utf8.starts(with: prefix)
      && url.utf8.dropFirst(prefix.count).first.map { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }
        ?? true
  }

  /// What libcurl has to be told before a request (`CURLOPT_RESOLVE`), with the number of this news.
  var news: (line: String, version: Int)? {
    state.news.map { news in
      // Without addresses: libcurl is to forget those that it has found itself.
      let line =
        news.addresses.isEmpty ? "-\(name):\(port)" : "\(name):\(port):\(news.addresses)"
      return (line, news.version)
    }
  }
}
