import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

/// The text of kernel programs: exact round trips, errors with their place, no trap on any text.
@Suite struct KernelTextTests {
  /// The example of ``KernelDump``'s documentation, with a constant besides.
  static let example = """
    kernels @fit version 1 {stage = "plan"}

    arguments "x"
    results "loss"

    constant 0 : tensor<2xf32> = dense<"0x0000803f0000c07f">
    buffer %x : tensor<32x8xf32> = argument 0
    buffer %w : tensor<8x4xf32> = parameter "w"
    buffer %c : tensor<2xf32> = constant 0
    buffer %h : tensor<32x4xf32> = temporary
    buffer %r : tensor<f32> = result 0

    kernel @k0 contract [; 32; 4; 8] (b0: read f32[256], b1: read f32[32], b2: write f32[128]) {
      lhs {
        %0 = load b0[8*d0 + d2] : f32
      }
      rhs {
        %0 = load b1[d1 + 4*d2] : f32
      }
      epilogue {
        %0 = input 0 : f32
        %1 = constant 0.0 : f32
        %2 = maximum %0, %1 : f32
        store %2, b2[4*d0 + d1]
      }
    }

    kernel @k1 rows [; 32, 4] (b0: read f32[128], b1: read f32[2], b2: write f32[1]) {
      sweep {
        %0 = load b0[4*d0 + d1] : f32
        %1 = load b0[4*d0 + d1 - 5] if 0 <= d0 - 1 < 31, 0 <= d1 - 1 < 3 else 0x7fc00000 : f32
        %2 = index d1 : i64
        %3 = constant 1 : i64
        %4 = minimum %2, %3 : i64
        %5 = load b1[%4*1] : f32
        %6 = fma %0, %1, %5 : f32
        locals %6
        reductions sum %6, max %0
      }
      scalar {
        %0 = input 0 : f32
        %1 = input 1 : f32
        %2 = add %0, %1 : f32
        store %2, b2[0]
      }
    }

    call @k0(%x, %w, %h) {name = "dense_relu", origin = "mlp.graph:7:3"}
    call @k1(%h, %c, %r) {name = "mean_of_all", origin = ""}

    schedule 2 threads {
      call 0 split d0 by 8 tile n 8 x 32 direct packed scratch 4096
      call 1 single vector d1
      barriers 1
    }

    plan arena 512 lower_bound 512 scratch 512 stride 4224 {
      %h at 0
    }

    """

  private func parse(_ text: String) throws(Diagnostic) -> KernelDump {
    try KernelParser.parse(SourceFile(path: "f.kernels", text: text))
  }

  @Test func exampleRoundTrip() throws {
    let dump = try parse(Self.example)
    #expect(KernelPrinter.print(dump) == Self.example)
    #expect(KernelVerifier.verify(dump.program).map(\.message) == [])
    #expect(dump.stage == .plan && dump.schedule?.barriers == [1] && dump.plan?.offsets == [nil, nil, nil, 0, nil])
    #expect(dump.program.calls[1].name == "mean_of_all")
    let schedule = try #require(dump.schedule)
    #expect(BarrierChecker.check(dump.program, schedule) == [])
    #expect(MemoryPlanChecker.check(dump.program, schedule, try #require(dump.plan)) == [])
  }

  /// How a contraction sums is written where it is no chain.
  @Test func sumsInLanes() throws {
    let text = Self.example.replacing("[; 32; 4; 8] (b0", with: "[; 32; 4; 8] lanes (b0")
      .replacing("tile n 8 x 32", with: "tile k 4 x 16")
    let dump = try parse(text)
    #expect(KernelPrinter.print(dump) == text)
    guard case .contract(let body) = dump.program.kernels[0].body else {
      Issue.record("no contraction")
      return
    }
    #expect(body.summation == .lanes && dump.schedule?.calls[0].tile?.laneAxis == .k)
    let plain = try parse(Self.example)
    #expect(dump.program.kernels[0] != plain.program.kernels[0])
  }

  /// Constants of every type with their extreme values.
  @Test func scalars() throws {
    var program = ScalarProgram()
    var last = 0
    for value in [0, -0.0, 0.1, .pi, .leastNonzeroMagnitude, 1e-30, .infinity, -.infinity, 3.4028235e38] as [Float] {
      last = program.constant(Scalar(value))
    }
    for bits in [0x7FC0_0000, 0xFFC0_0001, 0x7F80_0001] as [UInt32] {
      _ = program.constant(Scalar(type: .f32, bits: UInt64(bits)))
    }
    for value in [0, -0.0, 0.1, .pi, .leastNonzeroMagnitude, .infinity, .nan, .greatestFiniteMagnitude] as [Double] {
      _ = program.constant(Scalar(value))
    }
    for value in [Int32.min, -1, 0, Int32.max] { _ = program.constant(Scalar(value)) }
    for value in [Int64.min, -1, 0, Int64.max] { _ = program.constant(Scalar(value)) }
    for value in [UInt8(0), 255] { _ = program.constant(Scalar(value)) }
    for value in [false, true] { _ = program.constant(Scalar(value)) }
    let block = Block(program, stores: [Store(Access(buffer: 0, strides: []), last)])
    let kernel = Kernel(
      axes: [], parallelAxes: 0, buffers: [KernelBuffer(.f32, count: 1, use: .write)],
      body: .rows(RowsBody([.scalar(block, yields: [])])))
    #expect(KernelVerifier.verify(kernel).map(\.message) == [])
    let dump = KernelDump(KernelProgram(name: "f", kernels: [kernel]))
    #expect(try parse(KernelPrinter.print(dump)) == dump)
  }

  /// Names with everything that they may have.
  @Test func names() throws {
    var program = KernelProgram(name: "f", argumentNames: ["a.b_1", ""], resultNames: ["r"])
    program.buffers = [
      ProgramBuffer(name: "0.x_1", type: TensorType([2, 3], .i1), kind: .parameter("p.q"))
    ]
    program.constants = [
      ConstantTensor(Tensor([3], [true, false, true])), ConstantTensor(Tensor([1, 1], [-1] as [Int64])),
    ]
    #expect(try parse(KernelPrinter.print(KernelDump(program))) == KernelDump(program))
  }

  @Test func elidedConstants() throws {
    let program = KernelProgram(
      name: "f", constants: [ConstantTensor(Tensor([100], [Float](repeating: 1, count: 100)))])
    let text = KernelPrinter.print(KernelDump(program), elidingConstants: true)
    #expect(text.contains("dense<\"...\">"))
    #expect(throws: Diagnostic.self) { try parse(text) }
  }

  /// Each error says what and where.
  @Test func errors() {
    let cases: [(from: String, to: String, error: String)] = [
      ("kernels @fit", "graph @fit", "1:1: error: expected 'kernels', found 'graph'"),
      ("version 1", "version 2", "1:22: error: the version is not 1"),
      ("\"plan\"", "\"fuse\"", "1:33: error: the stage is none of lower, schedule and plan"),
      ("\"plan\"", "\"lower\"", "1:33: error: the stage is 'lower', but the text is of stage 'plan'"),
      ("0x0000803f", "0x0000803", "6:36: error: the constant is not written in hexadecimal bytes"),
      ("0x0000803f", "0x", "6:36: error: 4 bytes do not fill tensor<2xf32>"),
      ("tensor<32x8xf32>", "tensor<Bx8xf32>", "7:13: error: 'tensor<Bx8xf32>' is not a type of fixed extents"),
      ("buffer %h", "buffer %x", "10:8: error: '%x' is there already"),
      ("[; 32; 4; 8]", "[32; 4; 8]", "13:21: error: 3 groups of axes, but a contract kernel has 4"),
      ("[; 32; 4; 8]", "[; 32; 4; 8] rows", "13:34: error: expected 'chain', 'lanes', found 'rows'"),
      ("[; 32; 4; 8] (b0", "[; 32; 4; 8] lanes lanes (b0", "13:40: error: expected '(', found 'lanes'"),
      ("rows [; 32, 4]", "rows [; 32, 4] lanes", "28:27: error: expected '(', found 'lanes'"),
      ("b1: read f32[32]", "b7: read f32[32]", "13:54: error: the buffers are not numbered in turn"),
      ("load b0[8*d0 + d2]", "load b9[8*d0 + d2]", "15:15: error: expected b0 to b2, found 'b9'"),
      ("load b0[8*d0 + d2]", "load b0[8*d0 + d0]", "15:25: error: 'd0' is there already"),
      ("load b0[8*d0 + d2]", "load b0[8*d0 + (d2 div 2) - (d2 div 2)]", "15:38: error: this digit is there already"),
      ("load b0[8*d0 + d2]", "load b0[8*d0 + (d2)]", "15:28: error: expected 'div' or 'mod', found ')'"),
      ("load b0[8*d0 + d2]", "load b0[8*d0 + (((d2 mod 2)) div 2)]", "error: a digit of digits"),
      ("maximum %0, %1", "maximum %0, %9", "23:22: error: there is no value '%9' yet"),
      ("maximum %0, %1", "biggest %0, %1", "23:10: error: there is no instruction 'biggest'"),
      ("constant 0.0 : f32", "constant 0.5 : i32", "22:19: error: '0.5' is not a whole number, as i32 needs"),
      ("constant 1 : i64", "constant 99999999999999999999 : i64", "is out of the range of i64"),
      ("rows [; 32, 4]", "reduce [; 32, 4]", "28:12: error: the kernel is of the form rows, not reduce"),
      ("call @k1(", "call @k7(", "49:6: error: there is no kernel '@k7'"),
      ("(%h, %c, %r)", "(%h, %c, %q)", "49:18: error: there is no buffer '%q'"),
      ("barriers 1", "barriers x", "54:12: error: expected an integer, found 'x'"),
      ("%h at 0\n}", "%h at 0", "error: expected"),
      ("\"mlp.graph:7:3\"", "\"mlp.graph", "the string is not closed"),
    ]
    for (from, to, expected) in cases {
      let text = Self.example.replacing(from, with: to)
      #expect(text != Self.example, "\(from) is not in the example")
      do {
        _ = try parse(text)
        Issue.record("no error for \(to)")
      } catch {
        #expect(error.rendered().contains(expected), "\(error.rendered())")
      }
    }
  }

  /// Damaged texts give an error or a program; what passes the verifier also runs.
  @Test(arguments: [UInt64(1), 2, 3, 4]) func fuzz(_ seed: UInt64) throws {
    var source = RandomSource(seed: seed)
    var texts = [Self.example]
    for i in 0..<25 {
      texts.append(KernelPrinter.print(KernelDump(RandomKernels.program(seed: seed &* 1000 &+ UInt64(i)).program)))
    }
    var (parsed, ran) = (0, 0)
    for _ in 0..<3000 {
      let text = mutated(Array(source.pick(texts).utf8), &source)
      guard let dump = try? KernelParser.parse(SourceFile(path: "fuzz", bytes: text)) else { continue }
      parsed += 1
      _ = KernelPrinter.print(dump)
      guard KernelVerifier.verify(dump.program).isEmpty else { continue }
      if let schedule = dump.schedule {
        _ = BarrierChecker.check(dump.program, schedule)
        if let plan = dump.plan { _ = MemoryPlanChecker.check(dump.program, schedule, plan) }
      }
      let points = dump.program.calls.reduce(0) { $0 + dump.program.kernel(of: $1).axes.reduce(1, *) }
      if points > 100_000 || dump.program.buffers.contains(where: { $0.type.byteCount > 1 << 20 }) { continue }
      try run(dump.program)
      ran += 1
    }
    print("fuzz seed \(seed): \(parsed) of 3000 parsed, \(ran) ran")
    #expect(parsed > 0 && ran > 0)
  }

  /// Runs a program on zeros.
  private func run(_ program: KernelProgram) throws {
    var arguments = program.argumentNames.map { _ in Tensor([1], [0] as [Float]) }
    var parameters: [String: Tensor] = [:]
    for buffer in program.buffers {
      switch buffer.kind {
      case .argument(let i): arguments[i] = Tensor.zeros(buffer.type)
      case .parameter(let name): parameters[name] = Tensor.zeros(buffer.type)
      case .result, .temporary, .constant: break
      }
    }
    _ = try KernelInterpreter(program).run(arguments: arguments, parameters: parameters)
  }

  /// `text` with a few bytes or words changed.
  private func mutated(_ text: [UInt8], _ source: inout RandomSource) -> [UInt8] {
    var text = text
    for _ in 0..<(source.chance(70) ? 1 : 3) {
      let place = source.int(0...(text.count - 1))
      switch source.int(0...9) {
      case 0: text[place] = UInt8(source.int(0...255))
      case 1: text.remove(at: place)
      case 2: text.insert(source.pick(Array("0123456789-+*%@b d[](){},:;<=\"x.".utf8)), at: place)
      case 3:
        let words = [
          "9223372036854775807", "-1", "0", "4294967296", "d9", "b0", "%0", "f64", "i1", "if", "tensor<2xf32>",
          "-9223372036854775808",
        ]
        text.replaceSubrange(place..<min(place + 2, text.count), with: Array(source.pick(words).utf8))
      case 4...8:
        // A number becomes another number, so that the text mostly stays a text.
        let digits = text.indices.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[$0]) }
        if !digits.isEmpty { text[source.pick(digits)] = UInt8(ascii: "0") + UInt8(source.int(0...9)) }
      default:
        let end = min(text.count, place + source.int(1...40))
        text.insert(contentsOf: text[place..<end], at: source.int(0...(text.count - 1)))
      }
      if text.isEmpty { text = [0] }
    }
    return text
  }

  /// Long and deep texts end in an error, soon.
  @Test func hugeTexts() {
    let texts = [
      String(repeating: "{", count: 1_000_000), String(repeating: "kernel @k map [] () { scalar {", count: 30_000),
      "kernels @f version 1 {stage = \"lower\"} kernel @k map [" + String(repeating: "1, ", count: 100_000)
        + "1] () {}",
      "kernels @f version 1 {stage = \"lower\"} kernel @k map [" + String(repeating: "9", count: 100_000) + "] () {}",
      "kernels @f version 1 {stage = \"lower\"} constant 0 : tensor<99999999x99999999x99999999xf32> = dense<\"0x\">",
      String(repeating: "kernels @f version 1 {stage = \"lower\"}", count: 2000), "",
    ]
    for text in texts { #expect(throws: Diagnostic.self) { try parse(text) } }
  }
}
