/// A kernel program as a dump holds it: with its schedule and memory plan where it has come so far.
///
/// ```
/// kernels @fit version 1 {stage = "plan"}
///
/// arguments "x"
/// results "loss"
///
/// buffer %x : tensor<32x8xf32> = argument 0
/// buffer %w : tensor<8x4xf32> = parameter "w"
/// buffer %h : tensor<32x4xf32> = temporary
///
/// kernel @k0 contract [; 32; 4; 8] (b0: read f32[256], b1: read f32[32], b2: write f32[128]) {
///   lhs {
///     %0 = load b0[8*d0 + d2] : f32
///   }
///   rhs {
///     %0 = load b1[d1 + 4*d2] : f32
///   }
///   epilogue {
///     %0 = input 0 : f32
///     %1 = constant 0.0 : f32
///     %2 = maximum %0, %1 : f32
///     store %2, b2[4*d0 + d1]
///   }
/// }
///
/// call @k0(%x, %w, %h) {name = "dense_relu", origin = "mlp.graph:7:3"}
///
/// schedule 2 threads {
///   call 0 split d0 by 8 tile n 8 x 32 direct direct
/// }
///
/// plan arena 512 lower_bound 512 scratch 512 stride 0 {
///   %h at 0
/// }
/// ```
///
/// Axes are `d0`, `d1`, ... in the groups of the form, separated by semicolons: parallel and reduced; batch, m, n and k
/// of a `contract`; rows, source and inner axes of a `scatter`. Buffers of a kernel are `b0`, `b1`, ... A guarded
/// access ends in `if 0 <= d0 - 1 < 8 else 0.0`.
public struct KernelDump: Sendable, Hashable {
  /// The stages of a kernel program, by the names that dumps bear.
  public enum Stage: String, Sendable, Hashable, CaseIterable {
    case lower, schedule, plan
  }

  public var program: KernelProgram
  public var schedule: Schedule?
  public var plan: MemoryPlan?

  public init(_ program: KernelProgram, schedule: Schedule? = nil, plan: MemoryPlan? = nil) {
    self.program = program
    self.schedule = schedule
    self.plan = plan
  }

  /// The last stage that the dump has seen.
  public var stage: Stage { plan != nil ? .plan : schedule != nil ? .schedule : .lower }
}
