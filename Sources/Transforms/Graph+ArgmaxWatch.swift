import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors

extension Graph {
  /// Gives the function `name` one more result, if it has an `argmax` of floats: how many of these have met NaN.
  /// NaN is larger than any number, so a position that looks like an answer may be that of a NaN.
  ///
  /// What it takes are maxima along the argmax' own axis and a sum, which the form `lanes` has too: the other results
  /// keep their bits, but where a function is so large that this takes it out of that form.
  /// - Requires: calls are inlined.
  package mutating func watchArgmax(in name: String) {
    guard let index = functions.firstIndex(where: { $0.name == name }) else { return }
    let function = functions[index]
    var builder = FunctionBuilder(continuing: function)
    var flag: Value?
    for node in function.nodes where node.operation is ArgmaxOperation && node.operands[0].type.element.isFloat {
      builder.origin = node.origin
      let x = node.operands[0]
      let largest = builder.reduceMax(x, axes: [node.attributes.axis("axis", rank: x.type.rank)])
      let isNaN = builder.convert(builder.compare(.ne, largest, largest), to: .f32)
      let met = builder.reduceSum(isNaN, axes: Array(0..<largest.type.rank))
      flag = flag.map { builder.add($0, met) } ?? met
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
