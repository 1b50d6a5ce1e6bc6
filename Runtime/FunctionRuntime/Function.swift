// SPDX-License-Identifier: MIT
import HTTPServer

/// The kinds of functions, by the input that they take.
public enum Function {
  /// Takes HTTP requests as they come.
  case http((Request, Call) -> Void)
  /// Takes Pub/Sub messages that are pushed to it.
  case messages(MessageFunction)
  /// Takes CloudEvents; a Pub/Sub message becomes one.
  case events(EventFunction)
}
