import FraguaTensors

/// A buffer of a step: memory with a meaning at the step function's boundary, or a temporary.
public struct ProgramBuffer: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// The function's argument `i`, row-major.
    case argument(Int)
    /// The function's result `i`, row-major.
    case result(Int)
    /// The parameter or state of that name, row-major.
    case parameter(String)
    /// Memory of the arena.
    case temporary
    /// Bytes known at compile time: the number of a tensor in ``KernelProgram/constants``.
    case constant(Int)
  }

  /// The name in dumps, unique in the program.
  public var name: String
  public var type: TensorType
  public var kind: Kind

  public init(name: String, type: TensorType, kind: Kind) {
    self.name = name
    self.type = type
    self.kind = kind
  }
}

/// A kernel run on buffers of the program.
public struct KernelCall: Sendable, Hashable {
  /// A name for profiles and dumps: the fused region it came from.
  public var name: String
  /// The number of the kernel in ``KernelProgram/kernels``.
  public var kernel: Int
  /// For each buffer of the kernel, the number of the program's buffer.
  public var buffers: [Int]
  /// Where the region came from, for people.
  public var origin: String

  public init(name: String, kernel: Int, buffers: [Int], origin: String = "") {
    self.name = name
    self.kernel = kernel
    self.buffers = buffers
    self.origin = origin
  }
}

/// A function lowered to kernels, in execution order.
public struct KernelProgram: Sendable, Hashable {
  public var name: String
  public var buffers: [ProgramBuffer]
  /// The kernels, each once.
  public var kernels: [Kernel]
  public var calls: [KernelCall]
  public var constants: [ConstantTensor]
  /// Names of the arguments, in order.
  public var argumentNames: [String]
  /// Names of the results, in order: `loss`, a metric's name, or empty.
  public var resultNames: [String]

  public init(
    name: String, buffers: [ProgramBuffer] = [], kernels: [Kernel] = [], calls: [KernelCall] = [],
    constants: [ConstantTensor] = [], argumentNames: [String] = [], resultNames: [String] = []
  ) {
    self.name = name
    self.buffers = buffers
    self.kernels = kernels
    self.calls = calls
    self.constants = constants
    self.argumentNames = argumentNames
    self.resultNames = resultNames
  }

  /// The kernel that `call` runs.
  public func kernel(of call: KernelCall) -> Kernel { kernels[call.kernel] }

  /// The number of `kernel`, which is added unless an equal one is there.
  ///
  /// Linear in the number of kernels that are there; lowering keeps an index of its own where that matters.
  public mutating func intern(_ kernel: Kernel) -> Int {
    if let known = kernels.firstIndex(of: kernel) { return known }
    kernels.append(kernel)
    return kernels.count - 1
  }
}

/// A tensor known at compile time; equality and hashing are of its bits.
public struct ConstantTensor: Sendable, Hashable {
  public let tensor: Tensor

  public init(_ tensor: Tensor) { self.tensor = tensor }

  public static func == (a: ConstantTensor, b: ConstantTensor) -> Bool { a.tensor.hasSameBits(as: b.tensor) }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(tensor.type)
    tensor.withBytes { hasher.combine(bytes: $0) }
  }
}

extension KernelProgram {
  /// The parameters and states that the program reads or updates, in the order in which a step function finds them.
  public var parameterNames: [String] {
    buffers.compactMap { if case .parameter(let name) = $0.kind { name } else { nil } }
  }

  /// For each buffer that is a parameter or a state, its place in ``parameterNames``.
  package var parameterPlaces: [Int?] {
    var count = 0
    return buffers.map { buffer in
      guard case .parameter = buffer.kind else { return nil }
      count += 1
      return count - 1
    }
  }
}
