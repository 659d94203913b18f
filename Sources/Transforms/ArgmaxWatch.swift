import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors

extension Graph {
  /// Gives the function `name` one more result, if it has an `argmax` of floats: 1.0 where one has met NaN, else 0.0.
  /// NaN is larger than any number, so a position that looks like an answer may be that of a NaN.
  ///
  /// - Requires: calls are inlined.
  package mutating func watchArgmax(in name: String) {
    guard let index = functions.firstIndex(where: { $0.name == name }) else { return }
    let function = functions[index]
    var builder = FunctionBuilder(continuing: function)
    var flag: Value?
    for node in function.nodes where node.operation is ArgmaxOperation && node.operands[0].type.element.isFloat {
      builder.origin = node.origin
      let x = node.operands[0]
      let isNaN = builder.convert(builder.compare(.ne, x, x), to: .f32)
      let met = builder.reduceMax(isNaN, axes: Array(0..<x.type.rank))
      flag = flag.map { builder.maximum($0, met) } ?? met
    }
    guard let flag else { return }
    builder.setResults(function.results + [flag], roles: function.resultRoles + [.plain])
    functions[index] = builder.function
  }
}

extension Diagnostic {
  /// An argmax in the function `name` has met NaN.
  package static func argmaxOfNaN(in name: String, at place: SourceLocation?) -> Diagnostic {
    .warning("an 'argmax' in '@\(name)' met a number that is NaN, and took it for the largest", at: place)
  }
}
