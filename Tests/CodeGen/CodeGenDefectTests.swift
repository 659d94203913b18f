import CLLVM
import Foundation
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling
import FraguaSource
import TestSupport
import Testing

/// Where LLVM gives up, the kernels it was given are there to be looked at.
@Suite struct CodeGenDefectTests {
  /// The kernels that the error names, read back; the process ran in a folder of its own for temporary files.
  private func kernels(in error: String) throws -> KernelDump {
    let path = try #require(error.firstMatch(of: /are in '(.*)'/)?.1).description
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(path.contains("/fragua-defect-") && path.hasSuffix(".kernels"))
    let text = try String(contentsOfFile: path, encoding: .utf8)
    return try KernelParser.parse(SourceFile(path: path, text: text))
  }

  private static var dump: KernelDump {
    let program = RandomKernels.program(seed: 5).0
    let schedule = Scheduler(Processor().target, threads: 2).schedule(program)
    return KernelDump(program, schedule: schedule, plan: MemoryPlanner.plan(program, schedule))
  }

  /// A fatal error of LLVM's: a layout of data that is none.
  @Test func aFatalErrorWritesTheKernels() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      LLVMRuntime.initialize()
      CodeGenDefect.generating(Self.dump) { LLVMDisposeTargetData(LLVMCreateTargetData("no layout")) }
    }
    let error = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(error.contains(/Fatal error: LLVM: [a-z]+/), "\(error)")
    #expect(try kernels(in: error).program == Self.dump.program)
  }

  /// What each thread generates is its own.
  @Test func outsideOfACompilationThereIsNothingToWrite() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      LLVMRuntime.initialize()
      CodeGenDefect.generating(Self.dump) {}
      LLVMDisposeTargetData(LLVMCreateTargetData("no layout"))
    }
    let error = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(error.contains("Fatal error: LLVM: ") && !error.contains("kernels that code"), "\(error)")
  }

  /// Without a folder for temporary files they go to standard error.
  @Test func withoutAFolderTheyArePrinted() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      setenv("TMPDIR", "/nowhere", 1)
      CodeGenDefect.generating(Self.dump) { CodeGenDefect.stop("as an example") }
    }
    let error = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(error.contains(KernelPrinter.print(Self.dump)) && error.contains("Fatal error: as an example"))
  }
}
