/// What a step does beside computing, for those who look into it.
public struct StepInstrumentation: Sendable, Hashable {
  /// Whether it notes when each kernel call begins and ends.
  public var isProfiled: Bool
  /// Whether it fills memory that holds nothing with 0xFF, so that an error of the plan or a missing barrier shows as
  /// NaN.
  public var poisonsDeadBytes: Bool

  public init(isProfiled: Bool = false, poisonsDeadBytes: Bool = false) {
    self.isProfiled = isProfiled
    self.poisonsDeadBytes = poisonsDeadBytes
  }
}
