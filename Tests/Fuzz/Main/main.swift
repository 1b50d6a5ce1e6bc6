// SPDX-License-Identifier: MIT
import CFuzz
import Glibc

// Usage: Fuzz --target=NAME [libFuzzer's arguments…]. Built and run by scripts/dev/fuzz.sh.
// libFuzzer lets flags with two dashes pass, also when it starts itself again to make an input smaller.

/// What the callback, which can capture nothing, works with. Set once, before the first input.
nonisolated(unsafe) private var subject: any FuzzSubject = HeadFuzzing()

let flag = "--target="
guard let name = CommandLine.arguments.first(where: { $0.hasPrefix(flag) })?.dropFirst(flag.count),
  let target = FuzzTarget(rawValue: String(name))
else {
  let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
  fatalError("\(flag)NAME has to be given, with one of these names: \(names)")
}
subject = try target.subject()

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
  LLVMFuzzerRunDriver(&count, &arguments) { start, size in
    let input = Array(UnsafeBufferPointer(start: start, count: size))
    if let finding = subject.finding(in: input) { fatalError(finding) }
    return 0
  })
