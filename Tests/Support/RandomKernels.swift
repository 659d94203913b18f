import FraguaKernels
import FraguaTensors

/// Kernels and kernel programs made from a seed: all forms and element types, guards, reversed and strided axes, index
/// terms, several stores, updates in place. All pass the verifier, and none has more than some thousand points.
public enum RandomKernels {
  /// A kernel with contents for its buffers.
  public struct Case: Sendable {
    public var kernel: Kernel
    /// One for each buffer, of its count of elements.
    public var tensors: [Tensor]
  }

  /// The kernel of `seed`, of a form that the seed chooses unless one is given.
  public static func kernel(seed: UInt64, form: Kernel.Form? = nil) -> Kernel {
    var source = RandomSource(seed: seed)
    return kernel(form ?? source.pick(Kernel.Form.allCases), &source, available: []).kernel
  }

  /// The kernel of `seed` with contents.
  public static func `case`(seed: UInt64, form: Kernel.Form? = nil) -> Case {
    let kernel = kernel(seed: seed, form: form)
    var source = RandomSource(seed: seed ^ 0x5EED)
    return Case(kernel: kernel, tensors: kernel.buffers.map { tensor([$0.count], $0.element, &source) })
  }

  /// A tensor of small numbers with some zeros of both signs, a few extreme values and denormals.
  public static func tensor(_ extents: [Int], _ element: ElementType, _ source: inout RandomSource) -> Tensor {
    let extremes: [Double] =
      element.isFloat
      ? [
        0, -0.0, 1, -1, .infinity, -.infinity, .nan, 1e30, -1e-30, 88.5, -104, 1e-40, -0x1p-127, 0x1p-126, -0x1p-1030,
        0x1p-1022, 65_519, 65_520, 0x1.01p0, 0x1.008p0, 0x1p-24, 0x1.8p-25, 0x1p-25,
      ]
      : [0, 1, -1, Double(Int32.min), Double(Int32.max), -9.3e18, 9.3e18, 255]
    let type = TensorType(extents, element)
    return Tensor(type) { _ in
      if source.chance(2) { return Scalar(source.pick(extremes), as: element) }
      if element == .i1 { return Scalar(source.chance(50)) }
      if element.isFloat { return Scalar(Double.random(in: -2...2, using: &source), as: element) }
      return Scalar(Double(source.int(-8...20)), as: element)
    }
  }

  /// A program of a few kernels that read each other's results, with arguments and parameters to run it on.
  public static func program(
    seed: UInt64, forms: [Kernel.Form] = Kernel.Form.allCases
  ) -> (program: KernelProgram, arguments: [Tensor], parameters: [String: Tensor]) {
    var source = RandomSource(seed: seed)
    var builder = RandomProgramBuilder()
    for i in 0..<source.int(1...5) {
      let sketch = kernel(source.pick(forms), &source, available: builder.readable)
      builder.add(sketch, name: "call\(i)", &source)
    }
    return builder.finish(&source)
  }

  /// A kernel of `form` that reads from buffers such as `available` where it can.
  static func kernel(
    _ form: Kernel.Form, _ source: inout RandomSource, available: [KernelBuffer]
  ) -> KernelSketch {
    var sketch = KernelSketch(source: source, available: available)
    switch form {
    case .map: sketch.makeMap()
    case .reduce: sketch.makeReduce()
    case .rows: sketch.makeRows()
    case .contract: sketch.makeContract()
    case .scatter: sketch.makeScatter()
    case .lanes: sketch.makeLanes()
    }
    source = sketch.source
    return sketch
  }
}

/// A program that grows by random kernels.
private struct RandomProgramBuilder {
  private var program = KernelProgram(name: "random")
  /// Buffers whose every element is written by now.
  private var complete: [Int] = []

  /// What a kernel may read.
  var readable: [KernelBuffer] {
    complete.map {
      KernelBuffer(program.buffers[$0].type.element, count: program.buffers[$0].type.elementCount, use: .read)
    }
  }

  /// Adds a call of the kernel, its buffers bound to fitting ones or to new ones.
  mutating func add(_ sketch: KernelSketch, name: String, _ source: inout RandomSource) {
    let kernel = sketch.kernel
    var bound: [Int] = []
    for (i, buffer) in kernel.buffers.enumerated() {
      let fitting = complete.filter { known in
        let type = program.buffers[known].type
        let isMutable = if case .argument = program.buffers[known].kind { false } else { true }
        return type.element == buffer.element && type.elementCount == buffer.count && !bound.contains(known)
          && (buffer.use == .read || isMutable)
      }
      if buffer.use != .write, let known = fitting.last, source.chance(85) {
        bound.append(known)
      } else {
        bound.append(declare(buffer, isComplete: sketch.complete.contains(i)))
      }
    }
    for (i, number) in bound.enumerated() where kernel.buffers[i].use == .write && sketch.complete.contains(i) {
      complete.append(number)
    }
    let number = program.intern(kernel)
    program.calls.append(KernelCall(name: name, kernel: number, buffers: bound, origin: "random:\(name)"))
  }

  /// Declares a new buffer for a binding.
  private mutating func declare(_ buffer: KernelBuffer, isComplete: Bool) -> Int {
    let number = program.buffers.count
    let type = TensorType([buffer.count], buffer.element)
    switch buffer.use {
    case .read:
      program.argumentNames.append("x\(number)")
      let kind = ProgramBuffer.Kind.argument(program.argumentNames.count - 1)
      program.buffers.append(ProgramBuffer(name: "x\(number)", type: type, kind: kind))
      complete.append(number)
    case .update:
      program.buffers.append(ProgramBuffer(name: "w\(number)", type: type, kind: .parameter("w\(number)")))
      complete.append(number)
    case .write:
      program.buffers.append(ProgramBuffer(name: "t\(number)", type: type, kind: .temporary))
    }
    return number
  }

  /// Makes some complete temporaries results and gives the program contents.
  mutating func finish(
    _ source: inout RandomSource
  ) -> (program: KernelProgram, arguments: [Tensor], parameters: [String: Tensor]) {
    for number in complete where program.buffers[number].kind == .temporary && source.chance(60) {
      program.buffers[number].kind = .result(program.resultNames.count)
      program.resultNames.append("r\(number)")
    }
    var arguments: [Tensor] = []
    var parameters: [String: Tensor] = [:]
    for buffer in program.buffers {
      let tensor = RandomKernels.tensor(buffer.type.extents, buffer.type.element, &source)
      switch buffer.kind {
      case .argument: arguments.append(tensor)
      case .parameter(let name): parameters[name] = tensor
      case .result, .temporary, .constant: break
      }
    }
    return (program, arguments, parameters)
  }
}
