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
}
