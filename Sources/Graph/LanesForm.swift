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

  /// Why `function` is not to run so; `nil` where it is.
  public static func refusal(of function: ClassifiedFunction) -> Refusal? {
    do throws(Refusal) {
      let form = try LanesForm(function)
      if form.isWorthwhile { return nil }
      return Refusal("at least \(form.instructionCount) instructions are more than \(instructionLimit)")
    } catch { return error }
  }

  /// Why a function does not fit the form.
  public struct Refusal: Error {
    /// The value that stands in the way, where it is one.
    public let value: Value?
    /// What is wrong, in words that follow the value's name.
    public let reason: String

    fileprivate init(_ value: Value, _ reason: String) { (self.value, self.reason) = (value, reason) }
    fileprivate init(_ reason: String) { (value, self.reason) = (nil, reason) }
  }

  /// Looks at `function`.
  ///
  /// - Parameter argumentCount: how many of the first arguments are the batch's; the others are parameters. `nil` for
  ///   all.
  /// - Requires: primitive operations only, all extents fixed.
  /// - Throws: where its shape does not fit the form.
  public init(_ function: ClassifiedFunction, argumentCount: Int? = nil) throws(Refusal) {
    let (classified, function) = (function, function.function)
    let count = argumentCount ?? function.arguments.count
    guard (0...function.arguments.count).contains(count) else { throw Refusal("there are fewer arguments") }
    let batch = function.arguments.prefix(count)
    let extents = Set(batch.compactMap(\.type.shape.first))
    guard extents.count == 1, let extent = extents.first else {
      throw Refusal(extents.isEmpty ? "no argument has rows" : "arguments differ in how many rows they have")
    }
    if extent == 1 { throw Refusal("there is one row") }
    var analysis = Analysis(function, rowExtent: extent)
    for argument in function.arguments where !analysis.hasOnlyRowSymbols(argument.type) {
      throw Refusal(argument, "has another symbol than that of the rows")
    }
    for argument in batch where argument.type.rank > 0 { analysis.rowAxis[argument.id] = 0 }
    for index in function.nodes.indices {
      guard analysis.add(classified, index) else {
        throw Refusal(function.nodes[index].results[0], "cannot be computed row by row, or needs rows in another order")
      }
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
      if analysis.hasSymbols(value.type) { throw Refusal(value, "has as many elements as a symbol says, but no rows") }
    }
    rows = extent.fixedValue!
    rowAxis = analysis.rowAxis
    instructionCount = analysis.instructionCount
  }
}
