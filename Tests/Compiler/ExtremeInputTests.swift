import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors
import RealModule
import TestSupport
import Testing

/// Compiled code at the edges: infinities, NaN, zeros of both signs, overflow of integers, indices out of range.
@Suite struct ExtremeInputTests {
  /// The element types with the values at their edges.
  private static func edges(_ type: ElementType) -> [Double] {
    switch type {
    case .f32:
      [
        0, -0.0, 1, -1, 0.5, -2.5, 3, 88.75, -87.5, 1000, -1000, 1e30, -1e30, 0x1p-126, 0x1.fffffep127, .infinity,
        -.infinity, .nan,
      ]
    case .f64:
      [0, -0.0, 1, -1, 0.5, -2.5, 3, 709.5, -708.5, 1000, -1000, 1e300, -1e300, 0x1p-1022, .infinity, -.infinity, .nan]
    case .i32: [0, 1, -1, 2, -2, 7, -7, 46341, Double(Int32.max), Double(Int32.min)]
    case .i64: [0, 1, -1, 2, -2, 7, -7, 3_037_000_500, 0x1p62, -0x1p62, -0x1p63]
    case .ui8: [0, 1, 2, 7, 127, 128, 254, 255]
    case .i1: [0, 1]
    case .f16: [0, -0.0, 1, -1, 0.5, -2.5, 3, 0x1p-14, 0x1p-24, 65_504, -65_504, .infinity, -.infinity, .nan]
    case .bf16: [0, -0.0, 1, -1, 0.5, -2.5, 3, 0x1p-126, 0x1.FEp127, .infinity, -.infinity, .nan]
    case .i8, .i16, .ui16, .ui32: [0, 1, 2, 7, type.lowest.asDouble, type.highest.asDouble]
    }
  }

  /// Every pair of edge values: the first operand repeats each, the second runs through all.
  private static func pairs(_ type: ElementType) -> [Tensor] {
    let values = edges(type)
    let first = values.flatMap { value in values.map { _ in value } }
    let second = values.flatMap { _ in values }
    return [first, second].map { Tensor(TensorType([$0.count], type), rounding: $0) }
  }

  /// What `operation` gives on `operands`, compiled for `set`.
  private func compiled(
    _ operation: any Operation, _ operands: [Tensor], _ set: Target.InstructionSet, _ attributes: Attributes = [:]
  ) throws -> [Tensor] {
    var builder = FunctionBuilder(name: "f")
    let values = operands.enumerated().map { builder.argument("x\($0)", $1.type) }
    builder.setResults(try builder.apply(operation, values, attributes))
    return try compiledResults(Graph(name: "edges", functions: [builder.function]), "f", operands, set)
  }

  /// Checks that `operation`, compiled, gives what its oracle does: NaN and infinities in the same places, numbers to
  /// four units in the last place, integers and the sign of infinities exactly.
  private func check(_ operation: any Operation, _ operands: [Tensor], _ attributes: Attributes = [:]) throws {
    let checked = try operation.checked(attributes, operands.map(\.type))
    let expected = operation.evaluate(operands, checked)[0]
    for set in GraphComparison.instructionSets {
      let actual = try compiled(operation, operands, set, attributes)[0]
      #expect(actual.type == expected.type)
      for i in 0..<expected.count where !Self.agree(actual[i], expected[i]) {
        let inputs = operands.map { $0.count == expected.count ? "\($0[i].asDouble)" : "..." }
        Issue.record(
          """
          '\(operation.name)' of \(operands.map(\.type)) at \(inputs), \(set): \(actual[i].asDouble), \
          expected \(expected[i].asDouble)
          """)
      }
    }
  }

  /// Whether two elements agree; results below the smallest normal number may be zero.
  private static func agree(_ a: Scalar, _ b: Scalar) -> Bool {
    if a == b { return true }
    guard a.type.isFloat else { return false }
    let (x, y) = (a.asDouble, b.asDouble)
    if x.isNaN || y.isNaN || x.isInfinite || y.isInfinite { return x == y || x.isNaN && y.isNaN }
    // What is only stored is computed with nowhere.
    guard !a.type.isStorage else { return false }
    let (unit, smallest) = a.type == .f32 ? (0x1p-23, 0x1p-126) : (0x1p-52, 0x1p-1022)
    return abs(x - y) <= max(RoundingBounds.functionUnits * unit * abs(y), smallest)
  }

  private static let types = ElementType.allCases

  @Test(arguments: OperationTable.standard.all.filter { $0 is any UnaryElementwiseOperation }.map(\.name), types)
  func functionsOfOneElement(_ name: String, _ type: ElementType) throws {
    let operation = OperationTable.standard[name]!
    guard (try? operation.inferTypes([TensorType([1], type)], [:])) != nil else { return }
    // Thrice, so that whole vectors and what is left over see each value.
    let values = Self.edges(type) + Self.edges(type) + Self.edges(type)
    try check(operation, [Tensor(TensorType([values.count], type), rounding: values)])
  }

  @Test(arguments: OperationTable.standard.all.filter { $0 is any BinaryElementwiseOperation }.map(\.name), types)
  func functionsOfTwoElements(_ name: String, _ type: ElementType) throws {
    let operation = OperationTable.standard[name]!
    guard (try? operation.inferTypes([TensorType([1], type), TensorType([1], type)], [:])) != nil else { return }
    try check(operation, Self.pairs(type))
  }

  @Test(arguments: ["eq", "ne", "lt", "le", "gt", "ge"], types)
  func comparisons(_ direction: String, _ type: ElementType) throws {
    guard !type.isStorage else { return }
    try check(CompareOperation(), Self.pairs(type), ["direction": .keyword(direction)])
  }

  @Test(arguments: types, types)
  func conversions(_ from: ElementType, _ to: ElementType) throws {
    var values = Self.edges(from)
    if from.isFloat {
      values += [
        255, 255.5, 256, -0.5, -0.99, 0.99, 2_147_483_520, 2_147_483_648, -2_147_483_904, 9.3e18, -9.3e18, 4e9, 126.5,
      ]
    }
    if from == .i64 { values += [16_777_217, -16_777_217, 0x1p53 + 2, 0x1p40 + 0x1p15] }
    try check(
      ConvertOperation(), [Tensor(TensorType([values.count], from), rounding: values)], ["to": .elementType(to)])
  }

  /// What the language decides about division of integers, in numbers.
  @Test func integerDivision() throws {
    for set in GraphComparison.instructionSets {
      let small = try compiled(
        DivideOperation(),
        [Tensor([5], [7, -7, 5, .min, .min] as [Int32]), Tensor([5], [2, 2, 0, -1, 0] as [Int32])], set)
      #expect(small[0].integers == [3, -3, -1, Int64(Int32.min), -1])
      let large = try compiled(
        DivideOperation(), [Tensor([3], [.min, .max, 0] as [Int64]), Tensor([3], [-1, 0, 0] as [Int64])], set)
      #expect(large[0].integers == [.min, -1, -1])
    }
  }

  /// Float to integer saturates, towards zero, and NaN becomes 0, in numbers.
  @Test func saturation() throws {
    let x = Tensor([7], [.nan, .infinity, -.infinity, 3e9, -3e9, -1.9, 255.9] as [Float])
    for set in GraphComparison.instructionSets {
      func converted(_ to: ElementType) throws -> [Int64] {
        try compiled(ConvertOperation(), [x], set, ["to": .elementType(to)])[0].integers
      }
      let (least, most) = (Int64(Int32.min), Int64(Int32.max))
      #expect(try converted(.i32) == [0, most, least, most, least, -1, 255])
      #expect(try converted(.i64) == [0, .max, .min, 3_000_000_000, -3_000_000_000, -1, 255])
      #expect(try converted(.ui8) == [0, 255, 0, 255, 0, 0, 255])
    }
  }

  /// Reductions carry NaN and infinities on wherever they stand, along rows and across them.
  @Test(arguments: ["reduce_sum", "reduce_max", "reduce_min", "reduce_mean", "argmax"], [0, 1])
  func reductions(_ name: String, _ axis: Int) throws {
    let operation = OperationTable.standard[name]!
    let specials: [Float] = [.nan, .infinity, -.infinity, 0x1.fffffep127, -0.0]
    let extents = axis == 1 ? [40, 37] : [37, 40]
    var elements = [Float](repeating: -1.5, count: 40 * 37)
    for row in 0..<40 {
      // Each special value at a place of its own; two in every third row.
      for number in 0..<(row % 3 == 0 ? 2 : 1) {
        let position = (row * 7 + number * 11) % 37
        elements[axis == 1 ? row * 37 + position : position * 40 + row] = specials[(row + number) % specials.count]
      }
    }
    let attributes: Attributes =
      name == "argmax" ? ["axis": .integer(axis)] : ["axes": .integers([axis])]
    try check(operation, [Tensor(extents, elements)], attributes)
  }

  /// Integer sums wrap.
  @Test(arguments: [ElementType.i32, .i64, .ui8]) func sumsWrap(_ type: ElementType) throws {
    let values = (0..<37 * 3).map { Self.edges(type)[$0 % Self.edges(type).count] }
    let x = Tensor(TensorType([37, 3], type), rounding: values)
    try check(ReduceSumOperation(), [x], ["axes": .integers([0])])
    try check(ReduceSumOperation(), [x], ["axes": .integers([1])])
    try check(MatmulOperation(), [x, Tensor(TensorType([3, 5], type), rounding: Array(values.prefix(15)))])
  }

  /// `gather` clamps, `scatter_add` and `one_hot` leave out what is out of range.
  @Test(arguments: [ElementType.i32, .i64]) func indicesOutOfRange(_ type: ElementType) throws {
    let edges = Self.edges(type)
    let indices = Tensor(TensorType([edges.count], type), rounding: edges)
    let table = Tensor([4, 3], (0..<12).map { Float($0) })
    try check(GatherOperation(), [table, indices])
    let updates = Tensor([edges.count, 3], (0..<3 * edges.count).map { Float($0) + 0.5 })
    try check(ScatterAddOperation(), [table, indices, updates])
    try check(
      OneHotOperation(), [indices], ["depth": .integer(5), "type": .elementType(.f32)])
  }

  /// Logits of ±1000 give finite losses and gradients.
  @Test(arguments: [ElementType.f32, .f64]) func largeLogits(_ type: ElementType) throws {
    let logits = Tensor(TensorType([2, 3], type), rounding: [1000, -1000, 0, -1000, 1000, 1000])
    let classes = Tensor([2], [1, 0] as [Int32])
    let hot = Tensor(TensorType([2, 3], type), rounding: [0, 1, 0, 1, 0, 0])
    let targets = Tensor(TensorType([2, 3], type), rounding: [0, 1, 0, 0, 1, 0])
    // log(2) more than 2000 in the second row, where two logits tie.
    let loss = 4000 + Double.log(2)
    for (text, labels, expected, gradient) in [
      ("softmax_cross_entropy", classes, loss, [1, -1, 0, -1, 0.5, 0.5]),
      ("softmax_cross_entropy", hot, loss, [1, -1, 0, -1, 0.5, 0.5]),
      ("sigmoid_cross_entropy", targets, 3000 + Double.log(2), [1, -1, 0.5, 0, 0, 1]),
    ] {
      let graph = try parsed(
        """
        graph @large version 1

        func @loss(%z: \(logits.type), %y: \(labels.type)) -> tensor<\(type.rawValue)> {
          %l = \(text) %z, %y
          %s = reduce_sum %l
          return %s
        }

        gradient @slope of @loss wrt %z
        """)
      for set in GraphComparison.instructionSets {
        let value = try compiledResults(graph, "loss", [logits, labels], set)[0].doubles[0]
        #expect(abs(value - expected) <= 1e-7 * expected, "\(text) for \(set)")
        let slope = try compiledResults(graph, "slope", [logits, labels], set)[0].doubles
        #expect(slope == gradient, "\(text) for \(set)")
      }
    }
  }
}
