import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors
import Testing

/// NumPy's rule on fixed and symbolic extents.
@Suite struct BroadcastingTests {
  /// The types of the operands after broadcasting, and the number of nodes inserted.
  private func broadcast(_ operation: any Operation, _ types: [TensorType]) throws -> (types: [TensorType], nodes: Int)
  {
    var builder = FunctionBuilder(name: "f")
    let operands = types.map { builder.argument(nil, $0) }
    let results = try broadcastOperands(operation, operands, &builder)
    return (results.map(\.type), builder.function.nodes.count)
  }

  @Test func equalShapesStay() throws {
    let type = TensorType([.symbol("B"), 3], .f32)
    let result = try broadcast(AddOperation(), [type, type])
    #expect(result.types == [type, type])
    #expect(result.nodes == 0)
  }

  @Test func missingAxesAndOnesAreRepeated() throws {
    let batch = TensorType([.symbol("B"), 3], .f32)
    #expect(try broadcast(AddOperation(), [batch, TensorType([3], .f32)]).types == [batch, batch])
    #expect(try broadcast(AddOperation(), [TensorType([1, 3], .f32), batch]).types == [batch, batch])
    #expect(try broadcast(AddOperation(), [batch, TensorType([Int](), .f32)]).types == [batch, batch])
    let both = try broadcast(AddOperation(), [TensorType([2, 1], .f32), TensorType([1, 3], .f32)])
    #expect(both.types == [TensorType([2, 3], .f32), TensorType([2, 3], .f32)])
    #expect(both.nodes == 2)
  }

  @Test func elementTypesStay() throws {
    let types = [TensorType([Int](), .i1), TensorType([2, 1], .f32), TensorType([3], .f32)]
    let result = try broadcast(SelectOperation(), types)
    #expect(result.types == [TensorType([2, 3], .i1), TensorType([2, 3], .f32), TensorType([2, 3], .f32)])
  }

  @Test func valuesAreNumPys() throws {
    var builder = FunctionBuilder(name: "f")
    let column = builder.argument(nil, TensorType([2, 1], .f32))
    let row = builder.argument(nil, TensorType([3], .f32))
    let operands = try broadcastOperands(AddOperation(), [column, row], &builder)
    builder.setResults(try builder.apply(AddOperation(), operands))
    let sum = run(builder.function, [Tensor([2, 1], [10, 20] as [Float]), Tensor([3], [1, 2, 3] as [Float])])
    #expect(sum == [Tensor([2, 3], [11, 12, 13, 21, 22, 23] as [Float])])
  }

  @Test func differentExtentsAreRefused() {
    let error = #expect(throws: Diagnostic.self) {
      try broadcast(AddOperation(), [TensorType([2, 3], .f32), TensorType([4], .f32)])
    }
    #expect(
      error?.message == "'add' cannot broadcast tensor<2x3xf32> and tensor<4xf32>: extents 3 and 4 of axis -1 differ")
    let symbolic = #expect(throws: Diagnostic.self) {
      try broadcast(AddOperation(), [TensorType([.symbol("B"), 3], .f32), TensorType([32, 3], .f32)])
    }
    #expect(symbolic?.notes.map(\.message) == ["a symbolic extent matches itself and 1 only"])
  }

  @Test func othersAreLeftAlone() throws {
    let types = [TensorType([2, 3], .f32), TensorType([3, 4], .f32)]
    #expect(try broadcast(MatmulOperation(), types).types == types)
  }
}
