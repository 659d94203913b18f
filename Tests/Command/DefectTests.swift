import Foundation
import Testing

/// A defect of ours is told from a mistake of the user's: exit status 70, and what is known.
@Suite(.timeLimit(.minutes(10))) struct DefectTests {
  @Test(arguments: [
    (SIGILL, "a trap"), (SIGTRAP, "a trap"), (SIGABRT, "an abort"), (SIGFPE, "an arithmetic fault"),
    (SIGSEGV, "a wild access, or a stack that overflowed,"), (SIGBUS, "a wild access, or a stack that overflowed,"),
  ])
  func saysWhatStoppedIt(signal: Int32, words: String) throws {
    let csv = "\(repository)/graphs/data/students.csv"
    let process = try FraguaProcess(
      ["train", "graphs/student.graph", "--data", "x=\(csv):classes,hours", "--data", "y=\(csv):passed", "--json"]
        + ["--epochs", "1000000"], in: repository)
    let begin = ContinuousClock.now
    while !process.output.contains("\n"), .now - begin < .seconds(30) { usleep(2000) }
    process.send(signal)
    let outcome = process.wait(timeoutSeconds: 30)
    #expect(outcome.status == 70)
    let lines = outcome.error.split(separator: "\n").map(String.init)
    try #require(lines.count == 2, "\(outcome.error)")
    #expect(lines[0].hasPrefix("fragua: stopped by \(words) in: ") && lines[0].hasSuffix("--epochs 1000000"))
    #expect(lines[0].contains("fragua train graphs/student.graph --data x="))
    #expect(lines[1].hasPrefix("fragua: this is a defect of fragua, not of your input."))
  }
}
