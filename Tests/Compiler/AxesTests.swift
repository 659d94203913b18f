import FraguaCodeGen
import FraguaCompiler
import FraguaKernels
import FraguaScheduling
import Testing

/// Axes of one kind are one where memory allows, any of them is shared among threads, and no barrier stands in vain.
@Suite struct AxesTests {
  private func planned(_ body: String, threads: Int, _ set: Target.InstructionSet = .avx2) throws -> Compiler.Planned {
    let options = CompilerOptions(
      mode: .inference, backend: LLVMBackend(Processor(set)), threads: threads, vocabulary: .standard)
    let planned = try Compiler.plan(try parsed("graph @g version 1\n\n\(body)\n"), entry: "f", options)
    #expect(try ProgramRuns.violation(planned.program, planned.schedule, planned.plan) == nil)
    return planned
  }

  /// Rows of a batch of sequences are rows: what a thread computes of them it reads in the next layer.
  @Test(arguments: [2, 3, 4, 8]) func layersOfSequencesNeedNoBarrier(_ threads: Int) throws {
    let planned = try planned(
      """
      func @f(%x: tensor<8x32x64xf32>, %v: tensor<64x64xf32>, %w: tensor<64x64xf32>) {
        %z = dot_general %x, %v {lhs_contracting = [2], rhs_contracting = [0]}
        %h = relu %z
        %y = dot_general %h, %w {lhs_contracting = [2], rhs_contracting = [0]}
        return %y
      }
      """, threads: threads)
    #expect(planned.program.kernels.allSatisfy { $0.axes == [256, 64, 64] })
    #expect(planned.schedule.barriers == [])
    #expect(planned.schedule.calls.allSatisfy { $0.partition != .single })
  }

  /// Normalisation of a row, and a product, of the same rows.
  @Test(arguments: [2, 3]) func rowsAreThoseOfProducts(_ threads: Int) throws {
    let planned = try planned(
      """
      func @f(%x: tensor<8x32x64xf32>, %w: tensor<64x64xf32>) {
        %z = dot_general %x, %w {lhs_contracting = [2], rhs_contracting = [0]}
        %y = softmax %z
        return %y
      }
      """, threads: threads)
    #expect(planned.program.kernels.map(\.axes) == [[256, 64, 64], [256, 64]])
    #expect(planned.schedule.barriers == [])
  }

  /// A softmax of one row is one kernel, as one of two rows is.
  @Test(arguments: [1, 2, 100]) func softmaxOfFewRows(_ rows: Int) throws {
    let planned = try planned(
      "func @f(%x: tensor<\(rows)x1000xf32>) {\n  %y = softmax %x\n  return %y\n}", threads: 2)
    #expect(planned.program.kernels.map(\.form) == [.rows])
  }

  /// 64 x 8 rows of 8 columns: a thread has whole tiles of rows.
  @Test func threadsHaveWholeTiles() throws {
    let planned = try planned(
      """
      func @f(%x: tensor<64x8x512xf32>, %w: tensor<512x8xf32>) {
        %y = dot_general %x, %w {lhs_contracting = [2], rhs_contracting = [0]}
        return %y
      }
      """, threads: 8)
    #expect(planned.program.kernels.map(\.axes) == [[512, 8, 512]])
    let call = planned.schedule.calls[0]
    let tile = try #require(call.tile)
    guard case .split(0, let unit) = call.partition else {
      Issue.record("rows are not shared: \(call)")
      return
    }
    let rows = tile.laneAxis == .m ? tile.lanes : tile.rows
    #expect(unit == 64 && unit >= 4 * rows, "units of \(unit) rows, tiles of \(rows)")
  }

  /// A convolution by hand: nine products of shifted windows, each added to the sum of those before.
  @Test(arguments: [2, 4]) func shiftedProductsNeedNoBarrier(_ threads: Int) throws {
    var lines: [String] = []
    for (number, (row, column)) in (0..<9).map({ ($0, ($0 / 3, $0 % 3)) }) {
      lines += [
        "%x\(number) = slice %x {axes = [1, 2], start = [\(row), \(column)], limit = [\(row + 16), \(column + 16)]}",
        "%w\(number) = slice %w {axes = [0], start = [\(number)], limit = [\(number + 1)]}",
        "%v\(number) = reshape %w\(number) {to = tensor<24x32xf32>}",
        "%p\(number) = dot_general %x\(number), %v\(number) {lhs_contracting = [3], rhs_contracting = [0]}",
        number == 0 ? "%s0 = relu %p0" : "%s\(number) = add %s\(number - 1), %p\(number)",
      ]
    }
    let planned = try planned(
      """
      func @f(%x: tensor<3x18x18x24xf32>, %w: tensor<9x24x32xf32>) {
        \(lines.joined(separator: "\n  "))
        return %s8
      }
      """, threads: threads)
    #expect(planned.program.calls.count == 9)
    #expect(planned.schedule.barriers.count <= 1, "\(planned.schedule)")
    #expect(planned.schedule.calls.allSatisfy { $0.partition != .single })
  }
}
