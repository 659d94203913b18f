import Foundation
import FraguaTraining
import Testing

/// A training in which each call that writes to the disk fails in turn, by a library that is loaded before the system's.
@Suite(.timeLimit(.minutes(20)), .enabled(if: FailingCalls.compiler != nil, "there is no C compiler"))
struct FailingCallsTests {
  private static let graph = repository + "/graphs/student.graph"
  private static let csv = repository + "/graphs/data/students.csv"

  /// Three epochs, each saved, after one that is saved already, where the calls numbered `failing` fail.
  private func train(
    _ failing: ClosedRange<Int>, _ calls: FailingCalls, in folder: TestFolder
  ) throws -> FraguaProcess.Outcome {
    for name in folder.contents.compactMap({ $0.split(separator: " ").first.map(String.init) })
    where name.hasPrefix("fragua-rescue-") || name == "cache" {
      try FileManager.default.removeItem(atPath: folder.file(name))
    }
    return try FraguaProcess(
      ["train", Self.graph, "--epochs", "3", "--save-every", "1", "--out", "out", "--init", "one.safetensors"]
        + ["--data", "x=\(Self.csv):classes,hours", "--data", "y=\(Self.csv):passed"],
      in: folder.path, cacheHome: folder.file("cache"), runner: calls.runner(failing)
    ).wait()
  }

  /// A folder with the parameters after one epoch, as the file to go on from and as the one that is replaced.
  private func folder() throws -> TestFolder {
    let folder = try TestFolder()
    try succeed(
      "train", Self.graph, "--epochs", "1", "--out", "out", "--data", "x=\(Self.csv):classes,hours", "--data",
      "y=\(Self.csv):passed", in: folder.path)
    try FileManager.default.copyItem(
      atPath: folder.file("out/parameters.safetensors"), toPath: folder.file("one.safetensors"))
    return folder
  }

  /// The paths below the folder that begin with `prefix`.
  private func names(_ prefix: String, in folder: TestFolder) -> [String] {
    folder.contents.compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0.hasPrefix(prefix) }
  }

  /// Whichever call fails, what was learned is saved: where it should be, or in a file that is named.
  @Test func oneFailure() throws {
    let calls = try FailingCalls()
    let folder = try folder()
    var rescues = 0
    var number = 0
    while true {
      number += 1
      try #require(number < 300)
      let outcome = try train(number...number, calls, in: folder)
      let failed = outcome.error.split(separator: "\n").filter { $0.hasPrefix("failed: ") }
      let saved = try Checkpoint(contentsOf: folder.file("out/parameters.safetensors"))
      let rescued = names("fragua-rescue-", in: folder)
      #expect(names("out/.", in: folder) == [], "call \(number), \(failed): a temporary file is left")
      switch outcome.status {
      case 0:
        #expect(saved.progress?.epochs == 4 && rescued == [], "call \(number), \(failed)")
      case 1:
        try #require(rescued.count == 1, "call \(number), \(failed): \(outcome.error)")
        #expect(outcome.error.contains("saved to './\(rescued[0])'"))
        #expect(try Checkpoint(contentsOf: folder.file(rescued[0])).progress?.epochs == 4)
        #expect((1...4).contains(saved.progress?.epochs ?? 0))
        rescues += 1
      default: Issue.record("call \(number), \(failed): status \(outcome.status): \(outcome.error)")
      }
      if failed.isEmpty { break }
    }
    // Each save opens, writes, flushes and renames; the last one's failures end in rescue files.
    #expect(number > 12 && rescues >= 4, "\(number) calls, \(rescues) rescue files")
  }

  /// A disk that is full from some moment on: the last file that was saved whole is there, and the message says that
  /// the rest is lost.
  @Test func allFailuresFromSomeMomentOn() throws {
    let calls = try FailingCalls()
    let folder = try folder()
    var number = 0
    while true {
      number += 1
      try #require(number < 300)
      let outcome = try train(number...1_000_000, calls, in: folder)
      let failed = outcome.error.contains("failed: ")
      let saved = try Checkpoint(contentsOf: folder.file("out/parameters.safetensors"))
      #expect(names("out/.", in: folder) == [] && names("fragua-rescue-", in: folder) == [])
      if outcome.status == 0 {
        #expect(saved.progress?.epochs == 4)
      } else {
        #expect(outcome.status == 1, "call \(number): \(outcome.error)")
        #expect(outcome.error.hasSuffix("note: the trained parameters could not be saved anywhere\n"))
        #expect((1...4).contains(saved.progress?.epochs ?? 0))
      }
      if !failed { break }
    }
    #expect(number > 12)
  }
}

/// A library that makes calls of the system fail.
private final class FailingCalls {
  private let folder: TestFolder

  /// The C compiler, if there is one.
  static let compiler = ["/usr/bin/cc", "/usr/bin/clang", "/opt/swift/usr/bin/clang"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Builds the library.
  init() throws {
    folder = try TestFolder()
    try folder.write("failing.c", Self.source)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.compiler))
    process.arguments = ["-shared", "-fPIC", "-O1", "-o", folder.file("failing.so"), folder.file("failing.c")]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "the library is not built")
  }

  /// What runs the command so that the calls numbered `numbers` fail.
  func runner(_ numbers: ClosedRange<Int>) -> [String] {
    [
      "/usr/bin/env", "LD_PRELOAD=\(folder.file("failing.so"))", "FAILING_FROM=\(numbers.lowerBound)",
      "FAILING_TO=\(numbers.upperBound)", FraguaProcess.executable,
    ]
  }

  /// Each call that makes a file, writes to one, flushes or renames one has a number; those asked for fail as on a full
  /// disk, and say so.
  private static let source = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <fcntl.h>
    #include <stdarg.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/stat.h>
    #include <sys/syscall.h>
    #include <unistd.h>

    static int calls;

    static int fails(const char *line) {
      const char *from = getenv("FAILING_FROM"), *to = getenv("FAILING_TO");
      int number = __sync_add_and_fetch(&calls, 1);
      if (!from || !to || number < atoi(from) || number > atoi(to)) return 0;
      syscall(SYS_write, 2, line, strlen(line));
      errno = ENOSPC;
      return 1;
    }

    ssize_t write(int file, const void *bytes, size_t count) {
      struct stat status;
      if (file > 2 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) && fails("failed: write\\n")) return -1;
      return syscall(SYS_write, file, bytes, count);
    }

    int fsync(int file) { return fails("failed: fsync\\n") ? -1 : (int)syscall(SYS_fsync, file); }

    int rename(const char *old, const char *new) {
      return fails("failed: rename\\n") ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
    }

    static int opened(const char *path, int flags, mode_t mode) {
      if ((flags & O_CREAT) && fails("failed: open\\n")) return -1;
      return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    }

    int open(const char *path, int flags, ...) {
      va_list rest;
      va_start(rest, flags);
      mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
      va_end(rest);
      return opened(path, flags, mode);
    }

    int open64(const char *path, int flags, ...) {
      va_list rest;
      va_start(rest, flags);
      mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
      va_end(rest);
      return opened(path, flags, mode);
    }
    """
}
