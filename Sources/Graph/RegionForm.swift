import FraguaSource

/// The form of a fused region, written in its `form` attribute; lowering asks it, fusion writes it.
public enum RegionForm: String, Sendable, CaseIterable {
  /// Elementwise.
  case map
  /// Reductions and elementwise work over one index space.
  case rows
  /// One contraction, what feeds it, what follows it, sums beside it.
  case contract
  /// One scatter and what follows it.
  case scatter
  /// A whole small network, one row a lane.
  case lanes
}

extension RegionForm {
  /// The attributes of a fused region; a region whose form is not written cannot be lowered.
  public static let attributes = [
    AttributeSchema(
      "form", .keyword(RegionForm.allCases.map(\.rawValue)), isOptional: true,
      summary: "The form of the kernel that the region becomes."),
    AttributeSchema(
      "arguments", .integer, isOptional: true,
      summary: "Of the form lanes: how many of the first operands are the batch's."),
  ]

  /// Checks the attributes of a region of `operandCount` operands: that they are such as ``attributes`` says, and that
  /// `arguments` counts some of the operands, where the form is `lanes`.
  public static func check(_ attributes: Attributes, operandCount: Int) throws(Diagnostic) {
    _ = try AttributeSchema.check(attributes, against: Self.attributes, of: "fused")
    let isLanes = attributes["form"] == .keyword(RegionForm.lanes.rawValue)
    guard case .integer(let count)? = attributes["arguments"] else {
      if isLanes { throw Diagnostic("a fused region of the form 'lanes' lacks its attribute 'arguments'") }
      return
    }
    if !isLanes { throw Diagnostic("attribute 'arguments' belongs to fused regions of the form 'lanes'") }
    guard (0...operandCount).contains(count) else {
      throw Diagnostic("attribute 'arguments' is \(count), but the fused region has \(operandCount) operands")
    }
  }
}
