import FraguaKernels
import FraguaSource

/// What a fused region says of the kernel that it becomes; fusion writes it, lowering reads it.
public enum RegionAttributes {
  /// The attributes of a fused region; a region whose form is not written cannot be lowered.
  public static let schema = [
    AttributeSchema(
      "form", .keyword(Kernel.Form.allCases.map(\.rawValue)), isOptional: true,
      summary: "The form of the kernel that the region becomes."),
    AttributeSchema(
      "arguments", .integer, isOptional: true,
      summary: "Of the form lanes: how many of the first operands are the batch's."),
    AttributeSchema(
      "space", .integers, isOptional: true,
      summary: "Of the forms map and contract, where a result has another shape: the extents of the index space."),
    AttributeSchema(
      "strides", .integers, isOptional: true,
      summary: "With 'space': for each result, how far apart its elements lie in memory along each axis of the space."),
  ]

  /// Checks the attributes of a region of `operandCount` operands: that they are such as ``schema`` says, and that
  /// `arguments` counts some of the operands, where the form is `lanes`.
  public static func check(_ attributes: Attributes, operandCount: Int) throws(Diagnostic) {
    _ = try AttributeSchema.check(attributes, against: schema, of: "fused")
    try checkSpace(attributes)
    let isLanes = attributes["form"] == .keyword(Kernel.Form.lanes.rawValue)
    guard case .integer(let count)? = attributes["arguments"] else {
      if isLanes { throw Diagnostic("a fused region of the form 'lanes' lacks its attribute 'arguments'") }
      return
    }
    if !isLanes { throw Diagnostic("attribute 'arguments' belongs to fused regions of the form 'lanes'") }
    guard (0...operandCount).contains(count) else {
      throw Diagnostic("attribute 'arguments' is \(count), but the fused region has \(operandCount) operands")
    }
  }

  /// The most axes of an index space, as of a type.
  private static let mostAxes = 32

  private static func checkSpace(_ attributes: Attributes) throws(Diagnostic) {
    guard attributes["space"] != nil || attributes["strides"] != nil else { return }
    guard case .integers(let space)? = attributes["space"], case .integers(let strides)? = attributes["strides"] else {
      throw Diagnostic("a fused region has one of the attributes 'space' and 'strides', expected both or none")
    }
    let takesThem = [Kernel.Form.map, .contract].contains { attributes["form"] == .keyword($0.rawValue) }
    if !takesThem { throw Diagnostic("attribute 'space' belongs to fused regions of the forms 'map' and 'contract'") }
    if space.count > mostAxes {
      throw Diagnostic("attribute 'space' has \(space.count) extents, more than \(mostAxes)")
    }
    if let bad = space.first(where: { $0 < 1 }) {
      throw Diagnostic("attribute 'space' holds \(bad), but extents are at least 1")
    }
    if let bad = strides.first(where: { $0 < 0 }) {
      throw Diagnostic("attribute 'strides' holds \(bad), but elements lie at least 0 apart")
    }
    guard space.isEmpty ? strides.isEmpty : strides.count % space.count == 0 else {
      throw Diagnostic("attribute 'strides' has \(strides.count) numbers, expected \(space.count) for each result")
    }
  }
}
