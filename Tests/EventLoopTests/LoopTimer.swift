// SPDX-License-Identifier: MIT
@testable import EventLoop

/// `Timer` where Foundation has one too.
typealias LoopTimer = Timer
