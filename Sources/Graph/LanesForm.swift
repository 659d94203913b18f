import FraguaTensors

/// Whether, and how, a whole small function can run with one row of the batch a lane, all its tensors unrolled into
/// scalars.
///
/// Each value is either *uniform*, or has one axis along which the rows of the batch lie. The program of a row computes
/// what depends on rows; sums over the rows join them; what depends on those sums runs once, in the epilogue. A uniform
/// value that rows use, such as a parameter with an element for each of them, is computed in the program of a row at
/// coordinates that are affine in the row.
///
/// `fuse` and lowering ask this one analysis, so that what the one forms the other can lower. It looks at no number that
/// a symbol is bound to, as the order of sums over rows depends on the form.
public struct LanesForm: Sendable {
  /// The number of rows.
  public let rows: Int
  /// For each value of the function: the axis along which the rows lie, `nil` for uniform values.
  public let rowAxis: ValueTable<Int?>
  /// About how many scalar instructions the unrolled network has.
  public let instructionCount: Int

  /// Unrolled programs longer than this cost more to compile and to fetch than their loops.
  public static let instructionLimit = 800

  /// What an access of a vector of rows of `elements` elements counts as: a few shuffles, or one lane after the other.
  private static func stridedAccessInstructions(_ elements: Int) -> Int { elements <= 4 ? elements : 16 }

  public var isWorthwhile: Bool { instructionCount <= Self.instructionLimit }

  /// Looks at `function`; `nil` where its shape does not fit the form.
  ///
  /// - Parameter argumentCount: how many of the first arguments are the batch's; the others are parameters. `nil` for
  ///   all.
  /// - Requires: primitive operations only, all extents fixed.
  public init?(_ function: ClassifiedFunction, argumentCount: Int? = nil) {
    let (classified, function) = (function, function.function)
    let count = argumentCount ?? function.arguments.count
    guard (0...function.arguments.count).contains(count) else { return nil }
    let batch = function.arguments.prefix(count)
    let extents = Set(batch.compactMap(\.type.shape.first))
    guard extents.count == 1, let extent = extents.first, extent != 1 else { return nil }
    var analysis = Analysis(function, rowExtent: extent)
    for argument in function.arguments { guard analysis.hasOnlyRowSymbols(argument.type) else { return nil } }
    for argument in batch where argument.type.rank > 0 { analysis.rowAxis[argument.id] = 0 }
    for index in function.nodes.indices {
      guard analysis.add(classified, index) else { return nil }
      if analysis.instructionCount > Self.instructionLimit { break }
    }
    // What is updated is a result of the region.
    let outputs = function.results + function.updates.map(\.value)
    // Rows of several elements are read and written at a stride, one element after the other.
    for value in batch + outputs {
      guard let axis = analysis.rowAxis[value.id] else { continue }
      let elements = analysis.unrolledCount(value.type, axis)
      if elements > 1 { analysis.instructionCount += elements * Self.stridedAccessInstructions(elements) }
    }
    // What the epilogue stores is unrolled: rows of a uniform value, as many as a symbol says, cannot be.
    for value in outputs where analysis.rowAxis[value.id] == nil {
      if analysis.hasSymbols(value.type) { return nil }
    }
    rows = extent.fixedValue!
    rowAxis = analysis.rowAxis
    instructionCount = analysis.instructionCount
  }
}
