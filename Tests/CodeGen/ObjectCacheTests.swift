import Foundation
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling
import TestSupport
import Testing

/// Objects are found again for the same program, and for no other.
@Suite struct ObjectCacheTests {
  private let directory = NSTemporaryDirectory() + "fragua-cache-\(UUID().uuidString)"

  private func compile(_ seed: UInt64, _ set: Target.InstructionSet = .avx2, isProfiled: Bool = false, limit: Int)
    -> StepObjects
  {
    let program = KernelComparison(programOf: seed).program
    let schedule = Scheduler(Target(set), threads: 2).schedule(program)
    return StepCompiler.compile(
      program, schedule, MemoryPlanner.plan(program, schedule), Processor(set),
      StepInstrumentation(isProfiled: isProfiled), workers: 2,
      cache: ObjectCache(directory: directory, limitBytes: limit))
  }

  private var bytesOnDisk: Int {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)
      return sum + (attributes?[.size] as? Int ?? 0)
    }
  }

  @Test func tellsProgramsApart() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let limit = 64 << 20
    let first = compile(1, limit: limit)
    #expect(!first.isFromCache)
    let second = compile(1, limit: limit)
    #expect(second.isFromCache && second.files == first.files)
    #expect(!compile(2, limit: limit).isFromCache)
    #expect(!compile(1, .avx512, limit: limit).isFromCache)
    #expect(!compile(1, isProfiled: true, limit: limit).isFromCache)
    #expect(compile(1, limit: limit).isFromCache)
  }

  @Test func removesTheOldest() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    _ = compile(1, limit: 64 << 20)
    let limit = 5 * bytesOnDisk
    for seed in 2..<UInt64(30) {
      _ = compile(seed, limit: limit)
      #expect(compile(1, limit: limit).isFromCache, "what is used stays")
      #expect(bytesOnDisk <= limit)
    }
    #expect((2..<UInt64(30)).contains { !compile($0, limit: limit).isFromCache }, "nothing was removed")
  }
}
