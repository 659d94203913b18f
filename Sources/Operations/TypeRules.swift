import FraguaGraph
import FraguaSource
import FraguaTensors

/// The sets of element types that operations take.
public enum ElementTypes {
  /// Floats that are computed with.
  public static let floats = ElementType.allCases.filter { $0.isFloat && !$0.isStorage }
  /// Integers that are computed with: what can index, and what wraps.
  public static let integers = ElementType.allCases.filter { $0.isInteger && !$0.isStorage }
  /// Floats and integers.
  public static let numbers: [ElementType] = floats + integers
  /// Integers and booleans.
  public static let bits: [ElementType] = integers + [.i1]
  /// Everything that is computed with.
  public static let all: [ElementType] = numbers + [.i1]
}

/// Element types as messages list them: `f32, f64`.
func list(_ types: [ElementType]) -> String { types.map(\.rawValue).joined(separator: ", ") }

/// The checks that type inference is made of; every message starts with the operation's name and states both facts.
extension Operation {
  /// A diagnostic about this operation: `'dense' ` and `facts`.
  public func error(_ facts: String) -> Diagnostic { Diagnostic("'\(name)' \(facts)") }

  /// Checks that operand `index` has one of the element types `allowed`.
  public func require(
    _ types: [TensorType], _ index: Int, in allowed: [ElementType]
  ) throws(Diagnostic) {
    let type = types[index]
    if allowed.contains(type.element) { return }
    let target = allowed.contains(type.element.arithmetic) ? type.element.arithmetic : allowed[0]
    throw error("takes \(list(allowed)) elements, but operand '\(operandRule.name(of: index))' is \(type)")
      .noting("change the element type with 'convert %value {to = \(target.rawValue)}'")
  }

  /// Checks that operands `first` and `second` have the same element type.
  public func requireSameElement(_ types: [TensorType], _ first: Int, _ second: Int) throws(Diagnostic) {
    let (a, b) = (types[first].element, types[second].element)
    if a == b { return }
    let (firstName, secondName) = (operandRule.name(of: first), operandRule.name(of: second))
    throw error(
      "operands differ in element type: '\(firstName)' has \(a.rawValue) and '\(secondName)' has \(b.rawValue)"
    )
    .noting("change one of them with 'convert %value {to = \(a.rawValue)}'")
  }

  /// Checks that operands `first` and `second` have the same shape.
  public func requireSameShape(_ types: [TensorType], _ first: Int, _ second: Int) throws(Diagnostic) {
    if types[first].shape == types[second].shape { return }
    let (firstName, secondName) = (operandRule.name(of: first), operandRule.name(of: second))
    let difference = error(
      "operands differ in shape: '\(firstName)' is \(types[first]) and '\(secondName)' is \(types[second])")
    throw noting(difference, types[second], named: secondName, asShape: types[first].shape)
  }

  /// `error` about the operand `name` of type `type`, with the reshape that gives it `shape` where they differ in axes
  /// of extent 1 only: a column against a row.
  func noting(_ error: Diagnostic, _ type: TensorType, named name: String, asShape shape: Shape) -> Diagnostic {
    guard type.shape.filter({ $0 != .fixed(1) }) == shape.filter({ $0 != .fixed(1) }) else { return error }
    return error.noting(
      "give '\(name)' that shape first: 'reshape %value {to = \(TensorType(shape, type.element))}'")
  }

  /// Checks that operand `index` has at least `rank` axes.
  public func requireRank(_ types: [TensorType], _ index: Int, atLeast rank: Int) throws(Diagnostic) {
    if types[index].rank >= rank { return }
    throw error(
      "needs operand '\(operandRule.name(of: index))' of rank \(rank) or more, but it is \(types[index])"
    )
  }

  /// `axis` counted from 0; negative axes count from the innermost, which is -1.
  public func checkedAxis(_ axis: Int, rank: Int, of attribute: String) throws(Diagnostic) -> Int {
    guard axis >= -rank, axis < rank else {
      let range = rank == 0 ? "a tensor of rank 0 has no axes" : "rank \(rank) allows \(-rank) to \(rank - 1)"
      throw error("attribute '\(attribute)' is \(axis), which is no axis: \(range)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Checks that `axes` are different and between 0 and `rank - 1`.
  public func requireAxes(_ axes: [Int], rank: Int, of attribute: String) throws(Diagnostic) {
    for (position, axis) in axes.enumerated() {
      guard axis >= 0, axis < rank else {
        let range = rank == 0 ? "a tensor of rank 0 has no axes" : "rank \(rank) allows 0 to \(rank - 1)"
        throw error("attribute '\(attribute)' names axis \(axis), which is no axis: \(range)")
      }
      if axes[..<position].contains(axis) { throw error("attribute '\(attribute)' names axis \(axis) twice") }
    }
  }

  /// Checks that the list attribute has `count` elements, one for each of `what`.
  public func requireCount(_ list: [Int], _ count: Int, of attribute: String, what: String) throws(Diagnostic) {
    if list.count == count { return }
    throw error("attribute '\(attribute)' has \(list.count) elements, but there are \(count) \(what)")
  }

  /// `type`, checked as a result: extents are at least 1, and the fixed ones do not overflow 63 bits.
  public func checkedResult(_ type: TensorType) throws(Diagnostic) -> TensorType {
    var bytes = type.element.byteCount
    for extent in type.shape {
      guard let n = extent.fixedValue else { continue }
      guard n >= 1 else { throw error("cannot make \(type): the extent \(n) is less than 1") }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: n)
      if overflow { throw error("cannot make \(type): its size in bytes exceeds 63 bits") }
      bytes = product
    }
    return type
  }
}

extension Dictionary where Key == String, Value == Attribute {
  /// The axes in the list attribute `name`, ascending and counted from 0; all axes where it is absent.
  /// - Requires: type inference has accepted them.
  public func axes(_ name: String, rank: Int) -> [Int] {
    guard case .integers(let axes)? = self[name] else { return Array(0..<rank) }
    return axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
  }

  /// The axis in the integer attribute `name`, counted from 0.
  /// - Requires: type inference has accepted it.
  public func axis(_ name: String, rank: Int) -> Int {
    let axis = integer(name)
    return axis < 0 ? axis + rank : axis
  }
}
