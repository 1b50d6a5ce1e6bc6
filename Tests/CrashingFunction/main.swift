// SPDX-License-Identifier: MIT
// A function that crashes when it is told how, to see what is left of it.
import FunctionRuntime
import HTTPServer

/// Deeper than any stack. The array keeps the calls from becoming a loop.
func sink(_ depth: Int) -> Int {
  guard depth < .max / 2 else { return depth }
  let frame = [Int](repeating: depth, count: 1 + depth % 7)
  return sink(depth + frame.count) + frame[0]
}

FunctionService(
  name: "crashing", about: "crashes as it is told.", readSettings: { _ in },
  start: { _, _ in
    .http { request, call in
      let path = request.path
      switch path {
      case "/overflow": call.reply(Response(status: 200, text: "\(Int.max - 1 + path.utf8.count)"))
      case "/index": call.reply(Response(status: 200, text: "\([1][path.utf8.count])"))
      case "/fatal": fatalError("as it was told")
      case "/stack": call.reply(Response(status: 200, text: "\(sink(path.utf8.count))"))
      default: call.reply(Response(status: 200))
      }
    }
  }
).runForever()
