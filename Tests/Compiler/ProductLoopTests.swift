import FraguaCodeGen
import FraguaCompiler
import FraguaKernels
import FraguaScheduling
import FraguaTensors
import Testing

/// The inner loops of matrix products, read from assembly: all in registers, every multiply-add fused.
@Suite struct ProductLoopTests {
  /// One innermost loop over k, as its lines of assembly.
  private struct Loop {
    let function: String
    let lines: [String]

    /// How many instructions begin with one of `prefixes`.
    func count(_ prefixes: [String]) -> Int {
      lines.count { line in prefixes.contains { line.hasPrefix($0) } }
    }
  }

  @Test(
    arguments: ["tiny-deep", "mnist-mlp", "wide-mlp", "tanh-mlp"], [Target.InstructionSet.avx512, .avx2])
  func hasNoStackAccess(_ name: String, _ set: Target.InstructionSet) throws {
    let planned = try BenchmarkGraphs.planned(name, set)
    let text = StepCompiler.text(planned.program, planned.schedule, planned.plan, Processor(set), .assembly)
    let loops = Self.productLoops(text)
    let contractions = Set(
      zip(planned.program.calls, planned.schedule.calls).compactMap { call, schedule -> Variant? in
        let kernel = planned.program.kernel(of: call)
        // Products of one term have no loop.
        guard kernel.form == .contract, kernel.axes.last! > 1 else { return nil }
        return Variant(kernel: call.kernel, schedule: schedule)
      })
    #expect(Set(loops.map(\.function)).count == contractions.count, "every contraction has such a loop")
    for loop in loops { expectRegisters(loop) }
  }

  /// Where sums run in lanes: as many multiply-adds as the tile has rows of 16 lanes, each vector of the shared factor
  /// loaded once.
  @Test(arguments: [ElementType.f32, .f64], [Target.InstructionSet.avx512, .avx2])
  func rowsShareAVector(_ type: ElementType, _ set: Target.InstructionSet) throws {
    let graph = try parsed(
      """
      graph @product version 1

      func @f(%a: tensor<64x1024x\(type.rawValue)>, %b: tensor<1024x1x\(type.rawValue)>) {
        %c = matmul %a, %b
        return %c
      }
      """)
    let planned = try Compiler.plan(
      graph, entry: "f", CompilerOptions(backend: LLVMBackend(Processor(set)), vocabulary: .standard))
    let tile = try #require(planned.schedule.calls[0].tile)
    let vectors = Kernel.sumLanes * type.byteCount / Target(set).vectorBytes
    let text = StepCompiler.text(planned.program, planned.schedule, planned.plan, Processor(set), .assembly)
    let loops = Self.productLoops(text)
    #expect(loops.count == 1)
    for loop in loops {
      expectRegisters(loop)
      #expect(tile.rows >= 2 && loop.count(["vfmadd"]) == tile.rows * vectors)
      #expect(loop.count(["vmov"]) == vectors, "\(loop.lines)")
    }
  }

  /// All in registers, every product fused.
  private func expectRegisters(_ loop: Loop) {
    let text = "\(loop.function):\n" + loop.lines.joined(separator: "\n")
    #expect(loop.count(["vfmadd"]) > 0, "\(text)")
    #expect(loop.count(["vmulp", "vaddp", "vmuls", "vadds", "call"]) == 0, "\(text)")
    #expect(!loop.lines.contains { $0.contains("%rsp") || $0.contains("Spill") || $0.contains("Reload") }, "\(text)")
  }

  /// What two calls share code by.
  private struct Variant: Hashable {
    let kernel: Int
    let schedule: CallSchedule
  }

  /// The loops that `ContractEmitter` calls `products`: from such a block's label to the jump back to it.
  private static func productLoops(_ assembly: String) -> [Loop] {
    var loops: [Loop] = []
    var function = ""
    var open: (label: String, lines: [String])?
    for line in assembly.split(separator: "\n") {
      let text = line.drop { $0 == "\t" || $0 == " " }
      if let first = line.first, !"\t #".contains(first), let colon = line.firstIndex(of: ":") {
        let label = String(line[..<colon])
        if !label.hasPrefix(".") { function = label }
        if line.contains("%products") { open = (label, []) }
        continue
      }
      guard open != nil, !text.hasPrefix("#") else { continue }
      open!.lines.append(String(text))
      if text.hasPrefix("j"), text.hasSuffix("\t\(open!.label)") {
        loops.append(Loop(function: function, lines: open!.lines))
        open = nil
      }
    }
    return loops
  }
}
