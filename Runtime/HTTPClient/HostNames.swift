// SPDX-License-Identifier: MIT
import CCurl
import EventLoop

/// Turns the names in one client's URLs into addresses, so that libcurl never has to.
///
/// libcurl's own resolver thread is joined when a request ends, which stops the loop for as long as a name
/// server is silent. Here `getaddrinfo` has a thread that nobody waits for. A static build is different:
/// glibc's resolver does not work there, and libcurl's is c-ares, which never stops its caller; then
/// `CURLOPT_RESOLVE` only makes libcurl forget an address that requests have failed with.
final class HostNames {
  private static let isLeftToLibcurl = pixel_curl_resolves() != 0
  /// Hosts that are remembered although they are no names.
  private static let maxOthers = 16

  /// Gives the addresses of a name, on a thread of its own.
  typealias Resolve = @Sendable (_ name: String) -> Result<String, TransportError>

  private let loop: EventLoop
  private let resolve: Resolve
  private var names: [HostName] = []
  /// How URLs with an address begin.
  private var others: [HostName] = []

  /// - Parameter resolve: Nil for the system's resolver.
  init(loop: EventLoop, resolve: Resolve?) {
    self.loop = loop
    self.resolve = resolve ?? Resolver.addresses
  }

  /// The name in `url`; nil if it has an address, or is no URL, which libcurl will say.
  func name(in url: String) -> HostName? {
    // By index: an iterator would copy the array.
    for index in names.indices where names[index].isHost(of: url) { return names[index] }
    for index in others.indices where others[index].isHost(of: url) { return nil }
    guard let parsed = ServiceURL(url) else { return nil }
    guard case .name(let name) = parsed.host else {
      if others.count < Self.maxOthers { others.append(HostName(parsed, name: parsed.hostText)) }
      return nil
    }
    let fresh = HostName(parsed, name: name)
    names.append(fresh)
    return fresh
  }

  /// Whether a request to `host` may leave now.
  func use(_ host: HostName) -> HostState.Use {
    if Self.isLeftToLibcurl { return .now }
    let (use, mustAsk) = host.state.use(now: loop.now)
    if mustAsk { ask(host) }
    return use
  }

  /// Calls `then` later, once the addresses are here or can't be had, or when `limit` is over.
  func wait(
    for host: HostName, atMost limit: Duration,
    _ then: @escaping (Result<Void, TransportError>) -> Void
  ) {
    let waiter = HostName.Waiter(then)
    host.waiters.append(waiter)
    loop.schedule(after: limit) { [weak host] in
      guard waiter.then != nil else { return }
      host?.waiters.removeAll { $0 === waiter }
      waiter.end(
        .failure(TransportError("Resolving timed out after \(limit.milliseconds) milliseconds")))
    }
  }

  /// A request to `host` has failed, whyever.
  func doubt(_ host: HostName) {
    guard host.state.doubt(now: loop.now) else { return }
    guard !Self.isLeftToLibcurl else { return host.state.answered("", now: loop.now) }
    ask(host)
  }

  /// Ends those that wait.
  func close() {
    for host in names {
      let waiters = host.waiters
      host.waiters = []
      guard !waiters.isEmpty else { continue }
      loop.atTurnEnd {
        for waiter in waiters { waiter.end(.failure(TransportError("the client was closed"))) }
      }
    }
  }

  // MARK: Asking

  private struct WeakNames { weak var names: HostNames? }

  private func ask(_ host: HostName) {
    let handle = loop.handle
    // Only used on the loop; the thread carries them back to it.
    let back = LoopBound((names: WeakNames(names: self), host: host), of: loop)
    let name = host.name
    let started = startThread { [resolve] in
      let answer = resolve(name)
      handle.post { back.value.names.names?.answered(back.value.host, answer) }
    }
    if !started {
      loop.atTurnEnd { [weak self] in
        self?.answered(host, .failure(TransportError("There is no thread to resolve names with")))
      }
    }
  }

  private func answered(_ host: HostName, _ answer: Result<String, TransportError>) {
    switch answer {
    case .success(let addresses): host.state.answered(addresses, now: loop.now)
    case .failure(let error): host.state.failed(error.description)
    }
    let waiters = host.waiters
    host.waiters = []
    for waiter in waiters { waiter.end(answer.map { _ in }) }
  }
}

/// The system's resolver, which takes as long as the name servers let it.
private enum Resolver {
  /// As `CURLOPT_RESOLVE` takes them: `192.0.2.1,[2001:db8::1]`.
  static func addresses(of name: String) -> Result<String, TransportError> {
    var room = [CChar](repeating: 0, count: 1024)
    var problem: UnsafePointer<CChar>?
    // In bounds: the C side ends the text with a zero inside the array.
    let text: String? = unsafe room.withUnsafeMutableBufferPointer { room in
      guard let start = room.baseAddress else { return nil }
      unsafe problem = pixel_curl_addresses(name, start, room.count)
      return unsafe problem == nil ? String(cString: start) : nil
    }
    guard let text else {
      let why = unsafe problem.map { unsafe String(cString: $0) } ?? ""
      return .failure(TransportError("host name \(name) can't be resolved: \(why)"))
    }
    return .success(text)
  }
}
