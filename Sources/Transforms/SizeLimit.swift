import FraguaGraph
import FraguaSource
import FraguaTensors

/// Refuses functions whose tensors overflow or exceed the memory, before anything is allocated.
package struct SizeLimit {
  let bytes: Int

  /// Checks every parameter and function of `graph`.
  /// - Requires: all extents are fixed.
  func check(_ graph: Graph) throws(Diagnostic) {
    var sizes: [String: Int] = [:]
    for parameter in graph.parameters {
      sizes[parameter.name] = try size(of: parameter.type, "'@\(parameter.name)'", at: parameter.origin)
    }
    for function in graph.functions { try check(function, parameterSizes: sizes) }
  }

  /// Checks each value, and that what must be in memory at one time fits: arguments, results, parameters, and the
  /// largest value.
  private func check(_ function: Function, parameterSizes: [String: Int]) throws(Diagnostic) {
    var total = 0
    func add(_ bytes: Int) { total = total.addingReportingOverflow(bytes).overflow ? .max : total + bytes }
    for (argument, name) in zip(function.arguments, function.argumentNames) {
      add(try size(of: argument.type, "'%\(name)' of '@\(function.name)'", at: function.origin))
    }
    for read in function.parameterReads { add(parameterSizes[read.parameter] ?? 0) }
    var largest = 0
    for node in function.nodes {
      for result in node.results {
        let what = function.valueNames[result.id].map { "'%\($0)'" } ?? "the result of '\(node.name)'"
        largest = max(largest, try size(of: result.type, what, at: node.origin))
      }
    }
    for result in function.results { add(result.type.byteCount) }
    add(largest)
    if total > bytes {
      throw Diagnostic(
        "'@\(function.name)' needs \(ProcessLimits.words(total)) for its arguments, results, parameters and largest value, more than the \(ProcessLimits.words(bytes)) of memory that there is",
        at: function.origin.location
      ).noting("bind a smaller batch, or make the extents smaller")
    }
  }

  /// The size of a value of `type`.
  private func size(of type: TensorType, _ what: String, at origin: Origin) throws(Diagnostic) -> Int {
    guard let size = type.checkedByteCount else {
      throw Diagnostic("the size in bytes of \(what), which is \(type), exceeds 63 bits", at: origin.location)
    }
    if size > bytes {
      throw Diagnostic(
        "\(what), which is \(type), takes \(ProcessLimits.words(size)), more than the \(ProcessLimits.words(bytes)) of memory that there is",
        at: origin.location)
    }
    return size
  }
}
