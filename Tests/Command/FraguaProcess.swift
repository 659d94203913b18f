import Foundation
import Testing

/// A run of the built `fragua` command: what a user sees of it.
struct FraguaProcess {
  /// What a run left.
  struct Outcome {
    let status: Int32
    let output: String
    let error: String

    /// The lines of standard output.
    var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }

    /// The objects that standard output holds, one a line.
    func objects() throws -> [[String: Any]] {
      try lines.map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "no object: \(line)")
      }
    }
  }

  /// The command, which lies beside the bundle of the tests, or another build of it that `FRAGUA_EXECUTABLE` names.
  static let executable: String = {
    if let path = ProcessInfo.processInfo.environment["FRAGUA_EXECUTABLE"] {
      return URL(fileURLWithPath: path).path
    }
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("fragua").path
  }()

  private let process = Process()
  /// Signalled at the end.
  private let hasEnded = DispatchSemaphore(value: 0)
  /// Files rather than pipes: they take any amount without a reader.
  private let folder: TestFolder

  /// The user's own cache is none of the tests' business.
  private static let cacheOfAllRuns = NSTemporaryDirectory() + "fragua-command-cache-\(getpid())"

  /// Starts the command with `arguments` in the folder at `directory`, its cache in that at `cacheHome`.
  /// - Parameter runner: what runs the command: the path of the executable or of a copy, or that of a tool with its
  ///   arguments, the executable last.
  init(
    _ arguments: [String], in directory: String, cacheHome: String? = nil, runner: [String] = [executable]
  ) throws {
    folder = try TestFolder()
    process.executableURL = URL(fileURLWithPath: runner[0])
    process.arguments = runner.dropFirst() + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "COLUMNS" }
    process.environment!["XDG_CACHE_HOME"] = cacheHome ?? Self.cacheOfAllRuns
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try folder.handle("output")
    process.standardError = try folder.handle("error")
    process.terminationHandler = { [hasEnded] _ in hasEnded.signal() }
    try process.run()
  }

  /// What standard output holds so far.
  var output: String { folder.text("output") }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Sends the signal of Ctrl-C.
  func interrupt() { process.interrupt() }

  /// Waits for the end; a command that takes too long fails the test and is ended.
  func wait(timeoutSeconds: Int = 120) -> Outcome {
    if hasEnded.wait(timeout: .now() + .seconds(timeoutSeconds)) == .timedOut {
      Issue.record("'fragua \((process.arguments ?? []).joined(separator: " "))' does not end")
      kill(process.processIdentifier, SIGKILL)
      hasEnded.wait()
    }
    return Outcome(status: process.terminationStatus, output: output, error: folder.text("error"))
  }
}

/// Runs `fragua` with `arguments` in the folder at `directory`.
func fragua(_ arguments: [String], in directory: String = repository) throws -> FraguaProcess.Outcome {
  try FraguaProcess(arguments, in: directory).wait()
}

/// Runs `fragua`, which must succeed.
@discardableResult
func succeed(
  _ arguments: String..., in directory: String = repository,
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws -> FraguaProcess.Outcome {
  let outcome = try fragua(arguments, in: directory)
  try #require(
    outcome.status == 0, "'fragua \(arguments.joined(separator: " "))' says \(outcome.error)",
    sourceLocation: sourceLocation)
  return outcome
}

/// The root of the repository, where `graphs/` is.
let repository = String(#filePath.dropLast("/Tests/Command/FraguaProcess.swift".count))

/// A folder of a test's own, removed with the value.
final class TestFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "fragua-command-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file called `name` in the folder.
  func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file and returns its path.
  @discardableResult func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// Writes a text file and returns its path.
  @discardableResult func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }

  /// The bytes of a file.
  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file(name))) }

  /// The text of a file; empty where it cannot be read.
  func text(_ name: String) -> String { (try? bytes(name)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// A new file, open for writing.
  fileprivate func handle(_ name: String) throws -> FileHandle {
    try write(name, "")
    return try FileHandle(forWritingTo: URL(fileURLWithPath: file(name)))
  }

  /// The paths of all files and folders in it, with the sizes of the files.
  var contents: [String] {
    (FileManager.default.subpaths(atPath: path) ?? []).sorted().map { name in
      let size = (try? FileManager.default.attributesOfItem(atPath: file(name)))?[.size] as? Int
      return "\(name) \(size ?? 0)"
    }
  }
}
