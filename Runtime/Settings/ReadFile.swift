// SPDX-License-Identifier: MIT
import EventLoop
import Glibc

/// The bytes of a whole file that is read at the start; a file of more than `limit` bytes is an error.
public func readFile(_ path: String, limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SystemError("open \(path)") }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 64 * 1024)
  while true {
    // In bounds: at most the array's count is read.
    let count = unsafe piece.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    guard count >= 0 else { throw SystemError("read \(path)") }
    guard count > 0 else { return bytes }
    bytes += piece.prefix(count)
    guard bytes.count <= limit else { throw SystemError("read \(path)", code: EFBIG) }
  }
}

/// The names of a folder's entries, in no particular order; an error if the path is no folder.
public func fileNames(inFolder path: String) throws(SystemError) -> [String] {
  guard let folder = unsafe opendir(path) else { throw SystemError("open folder \(path)") }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  while let entry = unsafe readdir(folder) {
    // The name ends in a null byte within its array.
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}
