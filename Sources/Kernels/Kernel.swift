import FraguaTensors

/// A buffer that a kernel reads or writes, as the kernel knows it: a parameter of its code.
public struct KernelBuffer: Sendable, Hashable {
  public enum Use: String, Sendable, Hashable, CaseIterable {
    case read, write
    /// Read and written: each element is read only where it is written, before it is written.
    case update
  }

  public var element: ElementType
  /// The number of elements.
  public var count: Int
  public var use: Use

  public init(_ element: ElementType, count: Int, use: Use) {
    self.element = element
    self.count = count
    self.use = use
  }
}

/// A value of a program written to memory.
public struct Store: Sendable, Hashable {
  public var access: Access
  /// The number of the value in the program.
  public var value: Int

  public init(_ access: Access, _ value: Int) {
    self.access = access
    self.value = value
  }
}

/// A program whose values are written to memory.
public struct Block: Sendable, Hashable {
  public var program: ScalarProgram
  public var stores: [Store]

  public init(_ program: ScalarProgram = ScalarProgram(), stores: [Store] = []) {
    self.program = program
    self.stores = stores
  }
}

/// One value joined over the reduced axes.
///
/// A sum runs in 16 virtual lanes: term `t`, counted in lexicographic order of the reduced coordinates, joins lane
/// `t mod 16`, each lane starting at ``Combiner/identity(_:)``, -0 of floats; then lanes are added by halves: lane `j`
/// with `j + 8`, `j + 4`, `j + 2`, `j + 1`. A sum of more than ``Kernel/partLength`` terms is cut into parts of so many,
/// the last perhaps shorter, each a sum of its own; ``PartTree`` joins them. `max` and `min` are exact in any order.
public struct Reduction: Sendable, Hashable {
  public var combiner: Combiner
  /// The number of the value in the sweep's program.
  public var value: Int

  public init(_ combiner: Combiner, _ value: Int) {
    self.combiner = combiner
    self.value = value
  }
}

/// A step of a `rows` kernel at one point of the parallel axes.
public enum RowStage: Sendable, Hashable {
  /// Runs over the reduced axes.
  ///
  /// The program sees all axes, `input(i)` (the row's scalars so far) and `local(i)` (the row's arrays so far). Its
  /// `locals` are appended to the row's arrays, its `reductions` to the row's scalars, its stores happen at each
  /// position.
  case sweep(Block, locals: [Int], reductions: [Reduction])
  /// Runs once at the point: the program sees the parallel axes and `input(i)`; the values `yields` are appended to the
  /// row's scalars.
  case scalar(Block, yields: [Int])
}

/// The elementwise, reduction and row forms: at each point of the parallel axes the stages run in order.
///
/// One scalar stage is a *map*. One sweep without locals and stores, with scalar stages around it, is a *reduce*.
/// Anything else is *rows*.
public struct RowsBody: Sendable, Hashable {
  public var stages: [RowStage]

  public init(_ stages: [RowStage]) { self.stages = stages }
}

/// A batched contraction: `accumulator(b, m, n)` is a chain of `fma(lhs(b, m, k), rhs(b, k, n), accumulator)` over `k`
/// in lexicographic order, starting at -0, or, as `summation` says, 16 of them; integers multiply and add. Factors are
/// converted to the type of the accumulator, which holds all their values. More than
/// ``Kernel/partLength`` products are cut into parts as those of a ``Reduction`` are.
///
/// The kernel's axes are the batch axes, then those of m, n and k.
public struct ContractBody: Sendable, Hashable {
  /// In which order the products of an element are added.
  public enum Summation: String, Sendable, Hashable, CaseIterable {
    /// One chain over all of k.
    case chain
    /// 16 virtual lanes, each a chain: product `t` joins lane `t mod 16`; then lanes are added by halves, as those of a
    /// ``Reduction`` are.
    case lanes
  }

  /// How many of the kernel's axes are batch, m, n and k axes.
  public var batchAxes: Int
  public var mAxes: Int
  public var nAxes: Int
  public var kAxes: Int
  public var summation: Summation
  /// The type in which products are added.
  public var accumulator: ElementType
  /// The left factor: a program over the batch, m and k axes; its last value.
  public var lhs: ScalarProgram
  /// The right factor: a program over the batch, n and k axes; its last value.
  public var rhs: ScalarProgram
  /// Over the batch, m and n axes; `input(0)` is the accumulator.
  public var epilogue: Block
  /// The sum of `rhs` over k, a ``Reduction``, and what is done with it: a block over the batch and n axes, `input(0)`
  /// is the sum. The bias gradient beside a weight gradient.
  public var rhsSum: Block?
  /// The sum of `lhs` over k, likewise over the batch and m axes.
  public var lhsSum: Block?

  public init(
    batchAxes: Int, mAxes: Int, nAxes: Int, kAxes: Int, summation: Summation = .chain, accumulator: ElementType,
    lhs: ScalarProgram, rhs: ScalarProgram, epilogue: Block, rhsSum: Block? = nil, lhsSum: Block? = nil
  ) {
    self.batchAxes = batchAxes
    self.mAxes = mAxes
    self.nAxes = nAxes
    self.kAxes = kAxes
    self.summation = summation
    self.accumulator = accumulator
    self.lhs = lhs
    self.rhs = rhs
    self.epilogue = epilogue
    self.rhsSum = rhsSum
    self.lhsSum = lhsSum
  }
}

extension ContractBody {
  /// The same contraction with factors that are of the accumulator's type.
  package var widened: ContractBody {
    var result = self
    for factor in [\Self.lhs, \Self.rhs] {
      let types = self[keyPath: factor].types
      if let type = types.last, type != accumulator {
        _ = result[keyPath: factor].convert(types.count - 1, to: accumulator)
      }
    }
    return result
  }
}

/// A scatter: `target[r, d]` starts at `initial(r, d)`, then receives `update(s, d)` added for every `s`, in
/// lexicographic order, with
/// `index(s) = r`; then `epilogue(r, d)` runs.
///
/// The kernel's axes are: the target's rows r (one axis), the source axes s, the inner axes d. An index outside the
/// rows adds nothing.
public struct ScatterBody: Sendable, Hashable {
  public var sourceAxes: Int
  public var innerAxes: Int
  /// Over r and d; its last value.
  public var initial: ScalarProgram
  /// Over s, an `i64`; its last value.
  public var index: ScalarProgram
  /// Over s and d; its last value.
  public var update: ScalarProgram
  /// Over r and d; `input(0)` is the finished element.
  public var epilogue: Block

  public init(
    sourceAxes: Int, innerAxes: Int, initial: ScalarProgram, index: ScalarProgram, update: ScalarProgram,
    epilogue: Block
  ) {
    self.sourceAxes = sourceAxes
    self.innerAxes = innerAxes
    self.initial = initial
    self.index = index
    self.update = update
    self.epilogue = epilogue
  }
}

/// A whole small network, one row a lane.
///
/// The kernel has one axis, the rows. `row` runs at each row; the values `sums` are summed over the rows as a
/// ``Reduction`` over that axis does; then `epilogue` runs once with the sums as its inputs: its accesses have stride
/// 0. All loads of `row` happen before any store of `epilogue`, and all loads of `epilogue` before its stores.
public struct LanesBody: Sendable, Hashable {
  public var row: Block
  public var sums: [Int]
  public var epilogue: Block

  public init(row: Block, sums: [Int], epilogue: Block) {
    self.row = row
    self.sums = sums
    self.epilogue = epilogue
  }
}

/// A kernel: what one loop nest computes, as data. It names no buffer of a program, so equal kernels are equal values.
public struct Kernel: Sendable, Hashable {
  public enum Body: Sendable, Hashable {
    case rows(RowsBody)
    case contract(ContractBody)
    case scatter(ScatterBody)
    case lanes(LanesBody)
  }

  /// What a fused region and its kernel are: fusion decides it, lowering, schedules and emitters go by it. The names are
  /// those of dumps and of `docs/kernels.md`.
  public enum Form: String, Sendable, Hashable, CaseIterable {
    /// Elementwise.
    case map
    /// One sweep that joins elements.
    case reduce
    /// Several sweeps over the same rows, or one that stores them.
    case rows
    /// One contraction, what feeds it, what follows it, sums beside it.
    case contract
    /// One scatter and what follows it.
    case scatter
    /// A whole small network, one row a lane.
    case lanes
  }

  /// The extents of the index space's axes.
  public var axes: [Int]
  /// How many of the leading axes are parallel; the others are reduced. (For `contract`: the batch, m and n axes. For
  /// `scatter`: 1. For
  /// `lanes`: 1.)
  public var parallelAxes: Int
  public var buffers: [KernelBuffer]
  public var body: Body

  public init(axes: [Int], parallelAxes: Int, buffers: [KernelBuffer], body: Body) {
    self.axes = axes
    self.parallelAxes = parallelAxes
    self.buffers = buffers
    self.body = body
  }

  /// The number of virtual lanes of a sum.
  public static let sumLanes = 16
  /// The most terms of a sum that are added in lanes or in a chain: 2^12, after which a relative error of 2^-24 a term
  /// has grown to 2^-12 at worst; longer sums are joined from parts of so many.
  public static let partLength = 4096

  /// Whether terms of a sum over the reduced axes lie along the innermost of them 16 in a row, in the order of the
  /// virtual lanes: then these are a vector along it.
  public var sumsAlongInnermostAxis: Bool {
    axes.count - parallelAxes <= 1 || axes.last! % Self.sumLanes == 0
  }

  public var form: Form {
    switch body {
    case .contract: return .contract
    case .scatter: return .scatter
    case .lanes: return .lanes
    case .rows(let body):
      let sweeps = body.stages.compactMap {
        if case .sweep(let block, let locals, _) = $0 { (block, locals) } else { nil }
      }
      if sweeps.isEmpty { return body.stages.count == 1 ? .map : .rows }
      return sweeps.count == 1 && sweeps[0].0.stores.isEmpty && sweeps[0].1.isEmpty ? .reduce : .rows
    }
  }
}
