import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors
import Testing

/// A use of an operation that must be refused, and the message.
struct Refusal: Sendable, CustomTestStringConvertible {
  let operation: String
  let operands: [TensorType]
  let attributes: Attributes
  let message: String

  init(_ operation: String, _ operands: [TensorType], _ attributes: Attributes, _ message: String) {
    self.operation = operation
    self.operands = operands
    self.attributes = attributes
    self.message = message
  }

  init(_ operation: String, _ operands: [TensorType], _ message: String) {
    self.init(operation, operands, [:], message)
  }

  var testDescription: String { message }
}

private func f32(_ extents: Extent...) -> TensorType { TensorType(extents, .f32) }
private func f64(_ extents: Extent...) -> TensorType { TensorType(extents, .f64) }
private func i32(_ extents: Extent...) -> TensorType { TensorType(extents, .i32) }
private func i1(_ extents: Extent...) -> TensorType { TensorType(extents, .i1) }
private let batch = Extent.symbol("B")
private let rng = TensorType([2], .i64)

/// Every error that type inference finds, with the facts it states.
@Suite struct TypeErrorTests {
  static let elementwise: [Refusal] = [
    .init("add", [f32(2)], "'add' takes 2 operands (a, b), but 1 is given"),
    .init("iota", [f32(2)], ["type": .type(f32(2))], "'iota' takes 0 operands, but 1 is given"),
    .init("dense", [f32(2)], "'dense' takes 2 to 3 operands (x, weights, bias), but 1 is given"),
    .init("exp", [i32(2)], "'exp' takes f32, f64 elements, but operand 'x' is tensor<2xi32>"),
    .init("not", [f32(2)], "'not' takes i32, i64, ui8, i1 elements, but operand 'x' is tensor<2xf32>"),
    .init("add", [i1(2), i1(2)], "'add' takes f32, f64, i32, i64, ui8 elements, but operand 'a' is tensor<2xi1>"),
    .init("add", [f32(2), f64(2)], "'add' operands differ in element type: 'a' has f32 and 'b' has f64"),
    .init("add", [f32(2), f32(3)], "'add' operands differ in shape: 'a' is tensor<2xf32> and 'b' is tensor<3xf32>"),
    .init("and", [f32(2), f32(2)], "'and' takes i32, i64, ui8, i1 elements, but operand 'a' is tensor<2xf32>"),
    .init(
      "compare", [f32(2), i32(2)], ["direction": .keyword("lt")],
      "'compare' operands differ in element type: 'a' has f32 and 'b' has i32"),
    .init(
      "compare", [f32(2), f32(batch)], ["direction": .keyword("lt")],
      "'compare' operands differ in shape: 'a' is tensor<2xf32> and 'b' is tensor<Bxf32>"),
    .init(
      "compare", [f32(2), f32(2)], ["direction": .keyword("less")],
      "the attribute 'direction' of 'compare' is the word 'less', expected one of "
        + "'eq', 'ne', 'lt', 'le', 'gt', 'ge'"),
    .init(
      "select", [f32(2), f32(2), f32(2)], "'select' needs an i1 condition, but operand 'condition' is tensor<2xf32>"),
    .init(
      "select", [i1(2), f32(2), f64(2)], "'select' operands differ in element type: 'a' has f32 and 'b' has f64"),
    .init(
      "select", [i1(3), f32(2), f32(2)],
      "'select' operands differ in shape: 'condition' is tensor<3xi1> and 'a' is tensor<2xf32>"),
    .init("convert", [f32(2)], "'convert' needs the attribute 'to'"),
    .init("relu", [i1(2)], "'relu' takes f32, f64, i32, i64, ui8 elements, but operand 'x' is tensor<2xi1>"),
  ]

  static let views: [Refusal] = [
    .init(
      "iota", [], ["type": .type(i1(2))],
      "'iota' makes f32, f64, i32, i64, ui8 elements, but attribute 'type' is tensor<2xi1>"),
    .init(
      "iota", [], ["type": .type(f32(2, 3)), "axis": .integer(2)],
      "'iota' attribute 'axis' names axis 2, which is no axis: rank 2 allows 0 to 1"),
    .init(
      "iota", [], ["type": .type(f32())],
      "'iota' attribute 'axis' names axis 0, which is no axis: a tensor of rank 0 has no axes"),
    .init("iota", [], ["type": .type(f32(0))], "'iota' cannot make tensor<0xf32>: the extent 0 is less than 1"),
    .init(
      "iota", [], ["type": .type(f32(4_000_000_000, 4_000_000_000))],
      "'iota' cannot make tensor<4000000000x4000000000xf32>: its size in bytes exceeds 63 bits"),
    .init(
      "reshape", [f32(2, 3)], ["to": .type(f64(6))],
      "'reshape' changes the shape only, but the operand is tensor<2x3xf32> and attribute 'to' is tensor<6xf64>"),
    .init(
      "reshape", [f32(2, 3)], ["to": .type(f32(5))],
      "'reshape' cannot turn tensor<2x3xf32> into tensor<5xf32>: 6 elements became 5"),
    .init(
      "reshape", [f32(batch, 3)], ["to": .type(f32(batch, 2))],
      "'reshape' cannot turn tensor<Bx3xf32> into tensor<Bx2xf32>: 3 elements for each B became 2"),
    .init(
      "reshape", [f32(batch, 3)], ["to": .type(f32(6))],
      "'reshape' cannot turn tensor<Bx3xf32> into tensor<6xf32>: symbolic extents pass through, but B became no symbols"
    ),
    .init(
      "transpose", [f32(2, 3)], ["permutation": .integers([0])],
      "'transpose' attribute 'permutation' has 1 elements, but there are 2 axes in tensor<2x3xf32>"),
    .init(
      "transpose", [f32(2, 3)], ["permutation": .integers([0, 0])],
      "'transpose' attribute 'permutation' names axis 0 twice"),
    .init(
      "broadcast", [f32(2)], ["to": .type(i32(2, 2)), "axes": .integers([0])],
      "'broadcast' changes the shape only, but the operand is tensor<2xf32> and attribute 'to' is tensor<2x2xi32>"),
    .init(
      "broadcast", [f32(2, 3)], ["to": .type(f32(3, 2)), "axes": .integers([1, 0])],
      "'broadcast' attribute 'axes' is [1, 0], but must be ascending"),
    .init(
      "broadcast", [f32(2)], ["to": .type(f32(2, 3)), "axes": .integers([1])],
      "'broadcast' cannot turn tensor<2xf32> into tensor<2x3xf32>: axis 0 of extent 2 becomes axis 1 of extent 3"),
    .init(
      "broadcast", [f32(batch)], ["to": .type(f32(32, 3)), "axes": .integers([0])],
      "'broadcast' cannot turn tensor<Bxf32> into tensor<32x3xf32>: axis 0 of extent B becomes axis 0 of extent 32"),
    .init(
      "slice", [f32(5)], ["start": .integers([1]), "limit": .integers([6])],
      "'slice' takes 1 ..< 6 of axis 0, but must take some of 0 ..< 5"),
    .init(
      "slice", [f32(5)], ["start": .integers([0]), "limit": .integers([5]), "stride": .integers([0])],
      "'slice' attribute 'stride' is 0 for axis 0, but must be at least 1"),
    .init(
      "slice", [f32(batch, 2)], ["start": .integers([0, 0]), "limit": .integers([5, 2])],
      "'slice' cannot cut axis 0 of tensor<Bx2xf32>: its extent B is symbolic"),
    .init(
      "slice", [f32(5)], ["start": .integers([0, 1]), "limit": .integers([5])],
      "'slice' attribute 'start' has 2 elements, but there are 1 sliced axes"),
    .init(
      "pad", [f32(5)], ["low": .integers([-1]), "high": .integers([0])],
      "'pad' attribute 'low' is -1 for axis 0, but must be at least 0"),
    .init(
      "pad", [f32(batch)], ["low": .integers([1]), "high": .integers([0])],
      "'pad' cannot pad axis 0 of tensor<Bxf32>: its extent B is symbolic"),
    .init(
      "pad", [f32(5)], ["low": .integers([.max]), "high": .integers([0])],
      "'pad' cannot pad axis 0 of tensor<5xf32>: its extent exceeds 63 bits"),
  ]

  static let reductions: [Refusal] = [
    .init(
      "reduce_sum", [f32(2, 3)], ["axes": .integers([2])],
      "'reduce_sum' attribute 'axes' is 2, which is no axis: rank 2 allows -2 to 1"),
    .init(
      "reduce_max", [f32(2, 3)], ["axes": .integers([1, -1])], "'reduce_max' attribute 'axes' names axis 1 twice"),
    .init(
      "reduce_min", [i1(2)], "'reduce_min' takes f32, f64, i32, i64, ui8 elements, but operand 'x' is tensor<2xi1>"),
    .init("reduce_mean", [i32(2)], "'reduce_mean' takes f32, f64 elements, but operand 'x' is tensor<2xi32>"),
    .init(
      "argmax", [f32()], "'argmax' attribute 'axis' is -1, which is no axis: a tensor of rank 0 has no axes"),
    .init(
      "argmax", [f32(3_000_000_000)],
      "'argmax' gives i32 positions, but axis 0 of tensor<3000000000xf32> has the extent 3000000000"),
    .init(
      "softmax", [f32(2, 3)], ["axis": .integer(3)],
      "'softmax' attribute 'axis' is 3, which is no axis: rank 2 allows -2 to 1"),
  ]

  static let contractions: [Refusal] = [
    .init(
      "dot_general", [f32(2, 3), f32(4, 5)], ["lhs_contracting": .integers([1]), "rhs_contracting": .integers([0])],
      "'dot_general' contracting extents differ: axis 1 of tensor<2x3xf32> and axis 0 of tensor<4x5xf32>, 3 and 4"),
    .init(
      "dot_general", [f32(2, 3), f32(3)], ["lhs_contracting": .integers([1]), "rhs_contracting": .integers([])],
      "'dot_general' pairs contracting axes, but 'lhs_contracting' has 1 and 'rhs_contracting' has 0"),
    .init(
      "dot_general", [f32(2), f32(3)], ["lhs_contracting": .integers([]), "rhs_contracting": .integers([])],
      "'dot_general' contracts no axes"),
    .init(
      "dot_general", [f32(2, 3), f32(3)],
      ["lhs_batch": .integers([1]), "lhs_contracting": .integers([1]), "rhs_contracting": .integers([0])],
      "'dot_general' attribute 'lhs_batch' or 'lhs_contracting' names axis 1 twice"),
    .init(
      "matmul", [f32(2, 3), f32(4, 5)], "'matmul' inner extents differ: 3 in tensor<2x3xf32> and 4 in tensor<4x5xf32>"),
    .init("matmul", [f32(3), f32(3, 5)], "'matmul' needs operand 'a' of rank 2 or more, but it is tensor<3xf32>"),
    .init(
      "matmul", [f32(2, 4, 3), f32(5, 3, 2)], "'matmul' leading axes differ: tensor<2x4x3xf32> and tensor<5x3x2xf32>"),
    .init("dense", [f32(batch, 784), f32(512, 10)], "'dense' inner extents differ: 784 and 512"),
    .init(
      "dense", [f32(batch, 784), f32(784)],
      "'dense' needs weights of rank 2, [inputs, outputs], but operand 'weights' is tensor<784xf32>"),
    .init(
      "dense", [f32(batch, 2), f32(2, 3), f32(2)],
      "'dense' needs one bias for each of 3 outputs, but operand 'bias' is tensor<2xf32>"),
    .init(
      "dense", [f32(batch, 2), f64(2, 3)],
      "'dense' operands differ in element type: 'x' has f32 and 'weights' has f64"),
    .init("dense", [f32(), f32(2, 3)], "'dense' needs operand 'x' of rank 1 or more, but it is tensor<f32>"),
  ]

  static let indexing: [Refusal] = [
    .init("gather", [f32(), i32(2)], "'gather' needs operand 'table' of rank 1 or more, but it is tensor<f32>"),
    .init(
      "gather", [f32(3), f32(2)], "'gather' takes i32, i64, ui8 elements, but operand 'indices' is tensor<2xf32>"),
    .init(
      "scatter_add", [f32(3, 4), i32(2), f32(2, 5)],
      "'scatter_add' adds rows of tensor<3x4xf32> at tensor<2xi32>, so 'updates' must be tensor<2x4xf32>, "
        + "but it is tensor<2x5xf32>"),
    .init(
      "one_hot", [i32(2)], ["depth": .integer(0)],
      "the attribute 'depth' of 'one_hot' is 0, but must be from 1 to 2147483647"),
  ]

  static let random: [Refusal] = [
    .init(
      "random_uniform", [i32(2)], ["type": .type(f32(2))],
      "'random_uniform' reads the random state, a tensor<2xi64>, but operand 'rng' is tensor<2xi32>"),
    .init(
      "random_uniform", [rng], ["type": .type(f32(2)), "low": .float(2)],
      "the attribute 'low' of 'random_uniform' is 2.0, above 'high', which is 1.0"),
    .init(
      "random_uniform", [rng], ["type": .type(f32(2)), "high": .float(.infinity)],
      "the attribute 'high' of 'random_uniform' is inf, but must be finite"),
    .init(
      "random_uniform", [rng], ["type": .type(i32(2))],
      "'random_uniform' makes f32, f64 elements, but attribute 'type' is tensor<2xi32>"),
    .init(
      "random_normal", [rng], ["type": .type(f32(2)), "stddev": .float(-1)],
      "the attribute 'stddev' of 'random_normal' is -1.0, but must be at least 0"),
    .init(
      "random_normal", [rng], ["type": .type(f32(2)), "stream": .integer(-1)],
      "the attribute 'stream' of 'random_normal' is -1, but must be from 0 to 4294967295"),
    .init(
      "dropout", [f32(2), rng], ["rate": .float(1)],
      "the attribute 'rate' of 'dropout' is 1.0, but must be from 0 and below 1"),
    .init("dropout", [f32(2), rng], "'dropout' needs the attribute 'rate'"),
  ]

  static let losses: [Refusal] = [
    .init(
      "mean_squared_error", [f32(3), f32(3, 1)],
      "'mean_squared_error' operands differ in shape: 'x' is tensor<3xf32> and 'y' is tensor<3x1xf32>"),
    .init(
      "sigmoid_cross_entropy", [f32(3), i32(3)],
      "'sigmoid_cross_entropy' operands differ in element type: 'logits' has f32 and 'labels' has i32"),
    .init(
      "softmax_cross_entropy", [f32(batch, 10), i32(batch, 1)],
      "'softmax_cross_entropy' takes one class for each row of tensor<Bx10xf32>, so 'labels' must be tensor<Bxi32>, "
        + "but it is tensor<Bx1xi32>"),
    .init(
      "softmax_cross_entropy", [f32(batch, 10), f32(batch)],
      "'softmax_cross_entropy' takes classes or probabilities, so 'labels' must be tensor<Bxi32> or tensor<Bx10xf32>, "
        + "but it is tensor<Bxf32>"),
    .init(
      "softmax_cross_entropy", [f32(), i32()],
      "'softmax_cross_entropy' needs operand 'logits' of rank 1 or more, but it is tensor<f32>"),
  ]

  static let all: [Refusal] = [elementwise, views, reductions, contractions, indexing, random, losses].flatMap { $0 }

  @Test(arguments: all)
  func isRefused(_ refusal: Refusal) throws {
    let operation = try #require(OperationTable.standard[refusal.operation])
    var builder = FunctionBuilder(name: "f")
    let operands = refusal.operands.map { builder.argument(nil, $0) }
    let error = #expect(throws: Diagnostic.self) {
      try builder.apply(operation, operands, refusal.attributes)
    }
    #expect(error?.message == refusal.message)
  }

  /// An error has the place of the node that is being built.
  @Test func errorHasAPlace() throws {
    let place = SourceLocation(file: "f.graph", line: 7, column: 3)
    var builder = FunctionBuilder(name: "f", origin: .written(place))
    builder.origin = .written(place)
    let x = builder.argument("x", i32(2))
    let error = #expect(throws: Diagnostic.self) { try builder.apply(ExpOperation(), [x]) }
    #expect(error?.location == place)
    #expect(error?.notes.map(\.message) == ["change the element type with 'convert %value {to = f32}'"])
  }
}
