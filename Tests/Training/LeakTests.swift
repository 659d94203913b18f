import Foundation
import Fragua
import Testing

/// How often each thing is done between two looks at the memory.
private let leakRounds = ProcessInfo.processInfo.environment["FRAGUA_LEAKS"].flatMap(Int.init) ?? 0

/// That nothing is left behind by what an app does again and again.
///
/// Memory is the whole process', so these run alone; `FRAGUA_LEAKS` is how often each thing is done between two looks
/// at it:
/// ```
/// FRAGUA_LEAKS=30 swift test -c release --skip-build --filter LeakTests
/// ```
@Suite(.serialized, .enabled(if: leakRounds > 0, "FRAGUA_LEAKS is not set; nothing may run beside them"))
struct LeakTests {
  /// The bytes of memory that the process has.
  private func resident() throws -> Int {
    let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(words.count > 1 ? Int(words[1]) : nil) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// How many bytes each further time of `body` adds: the median of seven looks, for what leaks does so between most,
  /// while memory that was free before, and that fragments, counts in a few.
  private func growth(_ body: () throws -> Void) throws -> Double {
    for _ in 0..<leakRounds { try body() }
    var sizes = [try resident()]
    for _ in 0..<7 {
      for _ in 0..<leakRounds { try body() }
      sizes.append(try resident())
    }
    return Double(zip(sizes.dropFirst(), sizes).map { $0 - $1 }.sorted()[3]) / Double(leakRounds)
  }

  /// What each time may add.
  private static let limit = 8000.0

  /// Without it the others prove nothing: a hundred times 300 bytes that nobody frees are seen.
  @Test func aLeakIsSeen() throws {
    let found = try growth {
      for _ in 0..<100 {
        UnsafeMutableRawPointer.allocate(byteCount: 300, alignment: 16).storeBytes(of: 1, as: Int.self)
      }
    }
    #expect(found > 2 * Self.limit)
  }

  @Test func readingAndRefusing() throws {
    let text = linear.replacing("OPTIMIZER", with: "adam")
    let mistyped = text.replacing("%y = dense", with: "%y = dens")
    var errors = 0
    let found = try growth {
      for _ in 0..<20 {
        _ = try Graph(parsing: SourceFile(path: "linear.graph", text: text))
        errors += diagnostics { try Graph(parsing: SourceFile(path: "linear.graph", text: mistyped)) }.count
      }
    }
    #expect(found < Self.limit && errors > 0)
  }

  /// A model is trained, measured, saved and read again: passes, kernels, machine code, threads, arenas, files.
  @Test func wholeModels() throws {
    let folder = try TestFolder()
    let path = folder.file("parameters.safetensors")
    let data = try plane(50)
    let rows = Dictionary(uniqueKeysWithValues: data.columns.map { ($0.name, $0.tensor) })
    let found = try growth {
      let model = try Model(try linearGraph(), seed: 7)
      try model.train(on: rows, options: TrainingOptions(epochs: 2, batch: 8, threads: 2))
      try model.save(to: path)
      let again = try Model(try linearGraph(), parameters: path)
      _ = try again.means(of: "loss", rows)
    }
    #expect(found < Self.limit)
  }

  /// Steps of what is compiled: nothing is allocated that stays.
  @Test func runningAgain() throws {
    let model = try Model(try linearGraph(), seed: 7)
    let x = Tensor([1, 2], [0.25, -0.25] as [Float])
    let found = try growth { for _ in 0..<1000 { _ = try model.predict(["x": x]) } }
    #expect(found < Self.limit)
  }
}
