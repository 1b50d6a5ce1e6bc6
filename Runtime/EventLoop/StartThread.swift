// SPDX-License-Identifier: MIT
import CSystem

/// Runs `body` on a thread of its own; false if the system gives no thread.
public func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  let box = unsafe Unmanaged.passRetained(ThreadBody(run: body))
  let failed = unsafe pixel_thread(
    { context in
      // The one reference that was retained for this thread.
      guard let context = unsafe context else { return }
      unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    }, box.toOpaque())
  if failed != 0 { unsafe box.release() }
  return failed == 0
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(run: @escaping @Sendable () -> Void) { self.run = run }
}
