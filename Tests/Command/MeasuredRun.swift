import Foundation
import Testing

/// A run of the built `fragua` command under limits, of which the processor's time is measured.
struct MeasuredRun {
  let status: Int32
  let output: String
  let error: String
  /// The processor time that it took; how long it waited for others does not count.
  let seconds: Double

  /// Runs the command with `arguments` in `folder`, behind the shell command `limit`: by default it has 300 MB of memory.
  init(_ arguments: [String], in folder: TestFolder, limit: String = "ulimit -d 307200") throws {
    let outputs = ["measured-output", "measured-error"].map(folder.file)
    let command = "cd \"$0\" && \(limit) && exec \"$@\" > '\(outputs[0])' 2> '\(outputs[1])' < /dev/null"
    let words = ["/bin/bash", "-c", command, folder.path, FraguaProcess.executable] + arguments
    var environment = ProcessInfo.processInfo.environment
    environment["XDG_CACHE_HOME"] = folder.file("cache")
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var process = pid_t()
    try #require(posix_spawn(&process, "/bin/bash", nil, nil, &arguments, &variables) == 0)
    var status: Int32 = 0
    var usage = rusage()
    while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
    seconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    // As the shell says it.
    self.status = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    output = folder.text("measured-output")
    error = folder.text("measured-error")
    for path in outputs { unlink(path) }
  }

  /// Checks that the run refused its input in a moment, with a few lines that hold nothing for a terminal but text.
  func expectRefusal(_ part: String, lines most: Int = 12, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == 1, "\(error.prefix(500))", sourceLocation: sourceLocation)
    #expect(error.contains(part), "\(error.prefix(1000))", sourceLocation: sourceLocation)
    #expect(error.hasPrefix("error: ") || error.contains(": error: "), sourceLocation: sourceLocation)
    // A second is usual; what grows with the input takes minutes.
    #expect(seconds < 5, sourceLocation: sourceLocation)
    let lines = error.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(lines.count <= most, "\(lines.count) lines", sourceLocation: sourceLocation)
    #expect(lines.allSatisfy { $0.count <= 1100 }, sourceLocation: sourceLocation)
    expectNoControl(in: error, sourceLocation: sourceLocation)
  }
}

/// Checks that `text` holds no order to a terminal: nothing but text, line ends and tabs.
func expectNoControl(in text: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let found = text.unicodeScalars.first {
    ($0.value < 0x20 && $0 != "\n" && $0 != "\t") || (0x7F...0x9F).contains($0.value)
      || (0x202A...0x202E).contains($0.value) || (0x2066...0x2069).contains($0.value)
  }
  #expect(found == nil, "\(found.map { String($0.value, radix: 16) } ?? "")", sourceLocation: sourceLocation)
}
