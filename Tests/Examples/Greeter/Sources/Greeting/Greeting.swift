// SPDX-License-Identifier: MIT

/// What the function says to whom a message names: worth testing, and without a server.
public func greeting(for name: String) -> String {
  name.isEmpty ? "Hello!" : "Hello, \(name)!"
}
