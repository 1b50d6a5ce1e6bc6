// SPDX-License-Identifier: MIT
import CSystem
import EventLoop
import Glibc
import HTTPServer
import Settings

/// A program that is one function: reads its settings, runs its loops, ends when told to.
public struct FunctionService<Settings: Sendable>: Sendable {
  let name: String
  let version: String
  let about: String
  let readSettings: @Sendable (inout SettingsReader) -> Settings
  let start: @Sendable (Settings, Worker) throws(SettingsError) -> Function

  /// - Parameters:
  ///   - name: As the service is called, `log-parse`.
  ///   - version: The function's own, for `--version`, log lines and `User-Agent`.
  ///   - about: One sentence for `--help`.
  ///   - readSettings: Reads the function's own settings.
  ///   - start: Makes the function for one worker, on that worker's thread.
  public init(
    name: String, version: String = "0", about: String,
    readSettings: @escaping @Sendable (inout SettingsReader) -> Settings,
    start: @escaping @Sendable (Settings, Worker) throws(SettingsError) -> Function
  ) {
    self.name = name
    self.version = version
    self.about = about
    self.readSettings = readSettings
    self.start = start
  }

  /// Runs until SIGTERM or SIGINT and ends the process: 0 after a drain, 1 if told twice, 2 for bad
  /// settings.
  public func runForever(arguments: [String] = CommandLine.arguments) -> Never {
    // Before other threads start, so that they inherit the mask.
    serve(arguments, signals: pixel_signalfd())
  }

  /// The same on a thread of its own, which leaves the caller's to others. The process ends as after `runForever`.
  public func runAside(arguments: [String] = CommandLine.arguments) {
    let signals = pixel_signalfd()
    guard startThread({ serve(arguments, signals: signals) }) else {
      stop("no thread could be started for the event loop")
    }
  }

  private func serve(_ arguments: [String], signals: Int32) -> Never {
    var reader = SettingsReader.process()
    let runtime = RuntimeSettings(&reader)
    let settings = readSettings(&reader)
    if arguments.contains("--help") || arguments.contains("-h") {
      writeText(help(reader.rows), to: 1)
      exit(0)
    }
    if arguments.contains("--version") {
      writeText("\(name) \(version)\n", to: 1)
      exit(0)
    }
    do throws(SettingsError) {
      if let unknown = arguments.dropFirst().first {
        throw SettingsError("unknown argument '\(unknown)': allowed are --help and --version")
      }
      try reader.check()
      try serve(runtime, settings, signals)
    } catch {
      stop(error.description)
    }
  }

  // MARK: Running

  private func serve(
    _ runtime: RuntimeSettings, _ settings: Settings, _ signals: Int32
  ) throws(SettingsError) -> Never {
    pixel_raise_descriptor_limit()
    reportCrashes(of: name, version)
    let load = ProcessLoad()
    if runtime.workers > 1 { try claimPort(runtime) }
    let first = try open(runtime, settings, index: 0, load: load, port: runtime.port)
    let group = WorkerGroup(size: runtime.workers, timeout: runtime.drainTimeout)
    group.join(first.worker, first.server)
    let port = first.port
    for index in 1..<max(1, runtime.workers) {
      let started = startThread { [self] in
        do throws(SettingsError) {
          let member = try open(runtime, settings, index: index, load: load, port: port)
          group.join(member.worker, member.server)
          member.worker.loop.run()
        } catch {
          stop(error.description)
        }
      }
      guard started else {
        throw SettingsError("WORKERS is '\(runtime.workers)': no thread to be had")
      }
    }
    let watcher = SignalWatcher(descriptor: signals, log: first.worker.log) { group.drainAll() }
    do throws(SystemError) {
      try watcher.watch(on: first.worker.loop)
    } catch {
      throw SettingsError("\(error)")
    }
    first.worker.log.info(
      "Listening.", ["port": .number(Int(first.port)), "workers": .number(runtime.workers)])
    first.worker.loop.run()
    exit(0)
  }

  private struct Member {
    let worker: Worker
    let server: HTTPServer
    let port: UInt16
  }

  /// Makes one worker with its function, listening.
  private func open(
    _ runtime: RuntimeSettings, _ settings: Settings, index: Int, load: ProcessLoad, port: UInt16
  ) throws(SettingsError) -> Member {
    let loop: EventLoop
    do throws(SystemError) { loop = try EventLoop() } catch { throw SettingsError("\(error)") }
    let log = Log(
      loop: loop, format: runtime.logFormat, level: runtime.logLevel, service: name,
      version: version)
    let worker = Worker(
      index: index, loop: loop, log: log, settings: runtime, load: load,
      userAgent: "\(name)/\(version)")
    let server = HTTPServer(worker, try start(settings, worker))
    do throws(SystemError) {
      let bound = try server.listen(host: runtime.host, port: port, shared: runtime.workers > 1)
      return Member(worker: worker, server: server, port: bound)
    } catch {
      throw Self.settingsError(error, host: runtime.host, port: port)
    }
  }

  /// Sockets that share a port would share it with another process too, in silence: each would get some of
  /// the connections. The claim is held until the process ends.
  private func claimPort(_ runtime: RuntimeSettings) throws(SettingsError) {
    guard runtime.port != 0, unsafe pixel_claim_port(runtime.host, runtime.port) < 0 else { return }
    throw Self.settingsError(SystemError("listen"), host: runtime.host, port: runtime.port)
  }

  private static func settingsError(
    _ error: SystemError, host: String, port: UInt16
  ) -> SettingsError {
    switch error.code {
    case EADDRINUSE: SettingsError("PORT is '\(port)': another program is listening there")
    case EACCES: SettingsError("PORT is '\(port)': this user may not listen there")
    case EINVAL, EADDRNOTAVAIL:
      SettingsError(
        "HOST is '\(host)': allowed is an IP address of this machine, or 0.0.0.0 for all")
    default: SettingsError("\(error)")
    }
  }

  // MARK: Texts

  /// One sentence, and the exit code for settings that can't work.
  private func stop(_ sentence: String) -> Never {
    writeText("\(name): \(sentence)\n", to: 2)
    exit(2)
  }

  private func help(_ rows: [SettingsReader.Row]) -> String {
    let width = rows.map(\.name.count).max() ?? 0
    let lines = rows.map { row in
      let name = row.name + String(repeating: " ", count: width - row.name.count)
      let standard = row.standard.map { $0.isEmpty ? "" : " [\($0)]" } ?? " (required)"
      return "  \(name)  \(row.help)\(standard)"
    }
    return """
      \(name) \(version): \(about)

      Usage: \(name) [--help | --version]

      Settings come from the environment; the default is in brackets:

      \(lines.joined(separator: "\n"))

      """
  }
}

extension HTTPServer {
  /// A server for one worker's function, behind the paths that all functions answer alike.
  convenience init(_ worker: Worker, _ function: Function) {
    let commonPaths = CommonPaths(worker: worker)
    let limits = worker.settings.limits
    let answer: (Request, Call) -> Void
    let admit: (Request) -> Response?
    switch function {
    case .http(let handle):
      answer = handle
      admit = { request in
        let hasRoom = worker.load.callsInFlight < limits.maxInFlight
        return hasRoom || commonPaths.covers(request) ? nil : OutcomeResponses.overloaded
      }
    case .messages(let messages):
      let endpoint = MessageEndpoint(worker: worker, function: messages)
      answer = endpoint.receive
      admit = { commonPaths.covers($0) ? nil : endpoint.admit($0) }
    case .events(let events):
      let endpoint = EventEndpoint(worker: worker, function: events)
      answer = endpoint.receive
      admit = { commonPaths.covers($0) ? nil : endpoint.admit($0) }
    }
    self.init(loop: worker.loop, limits: limits, load: worker.load) { request, call in
      if let response = commonPaths.response(to: request) {
        return call.reply(response, note: CallLogNote(result: .done, reason: "probe"))
      }
      answer(request, call)
    }
    self.admit = admit
    deadlineResponse = OutcomeResponses.deadline
    observer = CallLog(worker: worker, sampling: worker.settings.callSampling)
  }
}

private func writeText(_ text: String, to descriptor: Int32) {
  let bytes = Array(text.utf8)
  // In bounds: exactly the array is written.
  _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
}
