import FraguaKernels
import FraguaSource
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// What is said about a defect that shows while code is generated: LLVM's message, and a file with the kernels that it
/// was generating code for.
package enum CodeGenDefect {
  /// What this thread generates code for. Nothing is printed unless something goes wrong.
  @TaskLocal private static var dump: KernelDump?

  /// Runs `body`, which generates the code of `dump`.
  package static func generating<R>(_ dump: KernelDump, _ body: () throws -> R) rethrows -> R {
    try $dump.withValue(dump, operation: body)
  }

  /// Whether the process stops because LLVM had no memory, which is no defect.
  package static let isOutOfMemory = Atomic(false)

  /// Writes down the kernels, and stops.
  package static func stop(_ message: String) -> Never {
    if message.contains("out of memory") || message.contains("Cannot allocate memory") {
      isOutOfMemory.store(true, ordering: .relaxed)
      fatalError(message)
    }
    if let dump { writeDown(KernelPrinter.print(dump)) }
    fatalError(message)
  }

  /// Writes `text` to a new file and says where; to standard error where no file can be made.
  private static func writeDown(_ text: String) {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let suffix = ".kernels"
    var path = Array("\(folder)/fragua-defect-XXXXXX\(suffix)".utf8CString)
    let descriptor = mkstemps(&path, Int32(suffix.utf8.count))
    if descriptor >= 0, write(text, to: descriptor) {
      let place = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      _ = write("fragua: the kernels that code was generated for are in '\(place)'\n", to: STDERR_FILENO)
    } else {
      _ = write("fragua: code was generated for\n\(text)\n", to: STDERR_FILENO)
    }
    if descriptor >= 0 { close(descriptor) }
  }

  /// Writes all of `text`, and tells whether that worked.
  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return false }
      bytes = bytes.dropFirst(written)
    }
    return true
  }
}
