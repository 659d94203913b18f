import Foundation
import FraguaData
import FraguaTensors
import FraguaTraining
import Testing

/// Trainings that are told to end, killed, or robbed of the place to save to: nothing that was learned is lost.
@Suite(.timeLimit(.minutes(10))) struct LostWorkTests {
  private static let graph = repository + "/graphs/student.graph"
  /// The rows of ``data``.
  private static let rows = 2000
  private static let csv = repository + "/graphs/data/students.csv"
  private static let data = ["--data", "x=\(csv):classes,hours", "--data", "y=\(csv):passed"]

  /// A training that would take for ever, of one row a step.
  private func arguments(_ options: String...) -> [String] {
    ["train", Self.graph, "--batch", "1", "--epochs", "1000000000"] + Self.data + options
  }

  /// How many lines `process` has written: one about the training, then one an epoch.
  private func lines(_ process: FraguaProcess) -> Int { process.output.utf8.count { $0 == UInt8(ascii: "\n") } }

  /// Waits until `condition` holds.
  private func waitUntil(_ condition: () -> Bool) throws {
    let begin = ContinuousClock.now
    while !condition() {
      try #require(.now - begin < .seconds(60), "nothing happens")
      usleep(2000)
    }
  }

  /// Checks that the checkpoint at `path` is as if the training had stopped there by itself.
  private func check(_ path: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
    let stopped = try Checkpoint(contentsOf: path)
    let progress = try #require(stopped.progress, sourceLocation: sourceLocation)
    let steps = progress.epochs * Self.rows + progress.steps
    #expect(stopped.parameters["fit.step"]!.doubles == [Double(steps)], sourceLocation: sourceLocation)
  }

  // MARK: Signals

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
  func signalsSave(signal: Int32, status: Int32) throws {
    let folder = try TestFolder()
    let process = try FraguaProcess(arguments("--out", "out"), in: folder.path)
    try waitUntil { lines(process) > 2 }
    process.send(signal)
    let outcome = process.wait(timeoutSeconds: 30)
    #expect(outcome.status == status)
    #expect(outcome.error.hasPrefix("note: interrupted; go on with '--init out/parameters.safetensors --epochs "))
    try check(folder.file("out/parameters.safetensors"))
  }

  /// Terminals and supervisors send their signals twice; the second one does not interrupt the saving.
  @Test func signalsThatComeTwiceSave() throws {
    let folder = try TestFolder()
    let process = try FraguaProcess(arguments("--out", "out"), in: folder.path)
    try waitUntil { lines(process) > 1 }
    for signal in [SIGHUP, SIGTERM, SIGHUP, SIGTERM, SIGHUP, SIGTERM] { process.send(signal) }
    let outcome = process.wait(timeoutSeconds: 30)
    #expect([129, 143].contains(outcome.status))
    try check(folder.file("out/parameters.safetensors"))
  }

  /// `nohup` keeps a training alive when the terminal closes.
  @Test func ignoredHangupsAreIgnored() throws {
    let folder = try TestFolder()
    let shell = ["/bin/sh", "-c", "trap '' HUP; exec \"$0\" \"$@\"", FraguaProcess.executable]
    let process = try FraguaProcess(arguments("--out", "out"), in: folder.path, runner: shell)
    try waitUntil { lines(process) > 1 }
    process.send(SIGHUP)
    let count = process.output.count
    try waitUntil { process.output.count > count + 500 }
    process.send(SIGTERM)
    #expect(process.wait(timeoutSeconds: 30).status == 143)
    try check(folder.file("out/parameters.safetensors"))
  }

  /// `| head -n 1` ends a training, with what it learned.
  @Test(arguments: [[], ["--json"]] as [[String]]) func aReaderThatHasGoneSaves(options: [String]) throws {
    let folder = try TestFolder()
    let pipe = "| head -n 1; exit ${PIPESTATUS[0]}"
    let shell = ["/bin/bash", "-c", "\"$0\" \"$@\" \(pipe)", FraguaProcess.executable]
    let process = try FraguaProcess(arguments("--out", "out") + options, in: folder.path, runner: shell)
    let outcome = process.wait(timeoutSeconds: 60)
    #expect(outcome.status == 1 && outcome.lines.count == 1)
    let lines = outcome.error.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("note: interrupted; go on with '--init out/parameters.safetensors"))
    #expect(lines.last == "error: cannot write to standard output: broken pipe")
    try check(folder.file("out/parameters.safetensors"))
  }

  /// That the reader has gone is noticed inside an epoch, before there is something to write.
  @Test func aReaderThatHasGoneIsNoticedInsideAnEpoch() throws {
    let folder = try TestFolder()
    let rows = 4_000_000
    try NPY.write(Tensor([rows, 2], [Float](repeating: 1, count: 2 * rows)), to: folder.file("x.npy"))
    try NPY.write(Tensor([rows, 1], [Float](repeating: 1, count: rows)), to: folder.file("y.npy"))
    let pipe = "| head -n 1; exit ${PIPESTATUS[0]}"
    let shell = ["/bin/bash", "-c", "\"$0\" \"$@\" \(pipe)", FraguaProcess.executable]
    let process = try FraguaProcess(
      ["train", Self.graph, "--data", "x=x.npy", "--data", "y=y.npy", "--batch", "1", "--epochs", "9", "--out", "out"],
      in: folder.path, runner: shell)
    #expect(process.wait(timeoutSeconds: 100).status == 1)
    let progress = try #require(try Checkpoint(contentsOf: folder.file("out/parameters.safetensors")).progress)
    #expect(progress.epochs == 0 && progress.steps > 0)
  }

  // MARK: Killed trainings

  /// Killed at any moment, a training leaves a whole file that is at most an interval old, and what it left half
  /// written goes with the next save.
  @Test func aKillCostsOneInterval() throws {
    let folder = try TestFolder()
    let path = folder.file("out/parameters.safetensors")
    var epochs = 0
    for attempt in 0..<25 {
      let initial = epochs == 0 ? [] : ["--init", "out/parameters.safetensors"]
      let process = try FraguaProcess(
        ["train", Self.graph, "--epochs", "1000000", "--out", "out", "--save-every", "1", "--json"] + Self.data
          + initial,
        in: folder.path)
      try waitUntil { process.output.contains("\n") }
      usleep(UInt32(attempt * 1013 % 20_000))
      process.send(SIGKILL)
      let outcome = process.wait(timeoutSeconds: 30)
      #expect(outcome.status == SIGKILL)
      let reported = outcome.lines.count
      // The epoch that was reported last may not have been saved yet; none was saved where it was the first.
      guard let saved = try? Checkpoint(contentsOf: path) else {
        #expect(epochs == 0 && reported <= 1)
        continue
      }
      let progress = try #require(saved.progress)
      #expect(progress.steps == 0 && (epochs + reported - 1...epochs + reported).contains(progress.epochs))
      #expect(saved.parameters["fit.step"]!.doubles == [Double(progress.epochs * 63)])
      epochs = progress.epochs
      let temporary = folder.contents.filter { $0.hasPrefix("out/.") }
      #expect(temporary.count <= 1, "one that was being written")
    }
    try #require(epochs > 0)
    let last = try fragua(
      ["train", Self.graph, "--epochs", "1", "--out", "out", "--init", "out/parameters.safetensors"] + Self.data,
      in: folder.path)
    #expect(last.status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("out")) == ["parameters.safetensors"])
    // As if it had never been killed.
    let whole = try fragua(
      ["train", Self.graph, "--epochs", "\(epochs + 1)", "--out", "whole"] + Self.data, in: folder.path)
    #expect(whole.status == 0)
    #expect(
      try folder.bytes("out/parameters.safetensors") == folder.bytes("whole/parameters.safetensors"),
      "\(epochs) epochs")
  }

  // MARK: Places that cannot be written to

  /// The name of the rescue file that `outcome` speaks of.
  private func rescued(
    _ outcome: FraguaProcess.Outcome, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws -> String {
    let pattern = /the trained parameters were saved to '(.*fragua-rescue-[0-9a-f]+\.safetensors)' instead/
    return String(
      try #require(try pattern.firstMatch(in: outcome.error), "\(outcome.error)", sourceLocation: sourceLocation).1)
  }

  /// The folder has vanished in the meantime.
  @Test(arguments: [[], ["--save-every", "1"]] as [[String]]) func aFolderThatVanishes(options: [String]) throws {
    let folder = try TestFolder()
    let process = try FraguaProcess(arguments("--out", "out") + options, in: folder.path)
    try waitUntil { lines(process) > 1 }
    // A file may be saved between its contents and itself.
    try waitUntil { (try? FileManager.default.removeItem(atPath: folder.file("out"))) != nil }
    let count = process.output.count
    try waitUntil { process.output.count > count + 500 }
    process.send(SIGTERM)
    let outcome = process.wait(timeoutSeconds: 30)
    #expect(outcome.status == 1)
    let path = try rescued(outcome)
    let failure = "cannot write 'out/parameters.safetensors': no such file or directory"
    #expect(outcome.error.contains("error: " + failure))
    #expect(outcome.error.contains("note: \(failure); the training goes on") == !options.isEmpty)
    #expect(path.hasPrefix("./fragua-rescue-"))
    #expect(folder.contents.map { $0.split(separator: " ")[0] } == [path.dropFirst(2)])
    try check(folder.file(path))
    // And on it goes.
    let more = try fragua(
      ["train", Self.graph, "--init", path, "--epochs", "1", "--batch", "1", "--out", "out"] + Self.data,
      in: folder.path)
    #expect(more.status == 0)
    try check(folder.file("out/parameters.safetensors"))
  }

  /// A disk that is full at the end: here one of memory, which only root can have.
  @Test func aFullDisk() throws {
    let folder = try TestFolder()
    try FileManager.default.createDirectory(atPath: folder.file("out"), withIntermediateDirectories: false)
    let mount = try shell("mount -t tmpfs -o size=16k tmpfs '\(folder.file("out"))' 2> /dev/null")
    guard mount == 0 else {
      print("no file system can be mounted here, so no disk gets full")
      return
    }
    defer { _ = try? shell("umount '\(folder.file("out"))'") }
    let first = try fragua(["train", Self.graph, "--epochs", "1", "--out", "out"] + Self.data, in: folder.path)
    #expect(first.status == 0, "\(first.error)")
    let before = try folder.bytes("out/parameters.safetensors")
    _ = try shell("head -c 100000 /dev/zero > '\(folder.file("out/full"))' 2> /dev/null")
    let outcome = try fragua(
      ["train", Self.graph, "--epochs", "3", "--save-every", "1", "--out", "out"] + Self.data, in: folder.path)
    #expect(outcome.status == 1)
    let failure = "cannot write 'out/parameters.safetensors': no space left on device"
    #expect(
      outcome.error.hasPrefix("note: \(failure); the training goes on, and saves when it can\nerror: \(failure)\n"))
    #expect(try Checkpoint(contentsOf: folder.file(try rescued(outcome))).progress?.epochs == 3)
    #expect(try folder.bytes("out/parameters.safetensors") == before, "the file of before stays")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out")).sorted()
    #expect(names == ["full", "parameters.safetensors"])
  }

  /// Files that may not grow: a message in place of a signal that kills, all places tried.
  @Test func filesThatMayNotGrow() throws {
    let folder = try TestFolder()
    let shell = ["/bin/bash", "-c", "ulimit -f 0; exec \"$0\" \"$@\" > /dev/null", FraguaProcess.executable]
    let outcome = try FraguaProcess(
      ["train", Self.graph, "--epochs", "1", "--out", "out"] + Self.data, in: folder.path,
      runner: ["/bin/bash", "-c", "\"$0\" \"$@\" 2>&1 | cat"] + shell
    ).wait()
    #expect(outcome.output.hasPrefix("error: cannot write 'out/parameters.safetensors': file too large\n"))
    #expect(outcome.output.contains("note: cannot write './fragua-rescue-"))
    #expect(outcome.output.hasSuffix("note: the trained parameters could not be saved anywhere\n"))
    #expect(folder.contents.map { $0.prefix(3) } == ["out"])
  }

  private func shell(_ command: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
