import FraguaSource
import FraguaTensors

/// Proves that kernels and kernel programs are well formed, so that whoever runs or compiles them need not look.
///
/// Of each kernel: every value's type is right, every access lies inside its buffer wherever its guards hold, no
/// element is stored twice, and buffers are used as they say. Of a program: bindings fit, nothing is read before it is
/// written, arguments and constants are not written.
public enum KernelVerifier {
  /// What is wrong with `program`; empty where nothing is. Takes time in proportion to the program's size.
  public static func verify(_ program: KernelProgram) -> [Diagnostic] {
    var checker = ProgramBindings(program)
    checker.checkBuffers()
    for (number, kernel) in program.kernels.enumerated() {
      checker.errors += verify(kernel, name: "k\(number)")
    }
    checker.checkCalls()
    return checker.errors
  }

  /// What is wrong with one kernel, called `name` in the messages.
  public static func verify(_ kernel: Kernel, name: String = "kernel") -> [Diagnostic] {
    var checker = KernelChecker(kernel, name)
    checker.check()
    return checker.errors
  }

  /// The most elements of a buffer and points of a kernel: far below where sizes overflow.
  static let mostElements = 1 << 47
}

/// The checks of a program around its kernels.
private struct ProgramBindings {
  let program: KernelProgram
  var errors: [Diagnostic] = []

  init(_ program: KernelProgram) { self.program = program }

  /// Notes an error.
  private mutating func fail(_ message: String) { errors.append(Diagnostic(message)) }

  /// Checks names, types and kinds of the buffers.
  mutating func checkBuffers() {
    if !Self.isPlain(program.name) { fail("the name '\(program.name)' is not made of letters, digits, '_' and '.'") }
    var names: Set<String> = []
    var arguments: Set<Int> = []
    var results: Set<Int> = []
    var parameters: Set<String> = []
    for buffer in program.buffers {
      let name = "buffer '%\(buffer.name)'"
      if !names.insert(buffer.name).inserted { fail("\(name) is declared twice") }
      if !Self.isPlain(buffer.name) { fail("\(name) has a name that is not made of letters, digits, '_' and '.'") }
      checkType(buffer)
      switch buffer.kind {
      case .argument(let i):
        if !program.argumentNames.indices.contains(i) {
          fail("\(name) is argument \(i) of \(program.argumentNames.count)")
        }
        if !arguments.insert(i).inserted { fail("\(name) is argument \(i), as another buffer is") }
      case .result(let i):
        if !program.resultNames.indices.contains(i) { fail("\(name) is result \(i) of \(program.resultNames.count)") }
        if !results.insert(i).inserted { fail("\(name) is result \(i), as another buffer is") }
      case .parameter(let parameter):
        if !parameters.insert(parameter).inserted { fail("\(name) is '@\(parameter)', as another buffer is") }
      case .constant(let i):
        if !program.constants.indices.contains(i) {
          fail("\(name) is constant \(i) of \(program.constants.count)")
        } else if program.constants[i].tensor.type != buffer.type {
          fail("\(name) is a \(buffer.type), but constant \(i) a \(program.constants[i].tensor.type)")
        }
      case .temporary: break
      }
    }
    for i in program.resultNames.indices where !results.contains(i) { fail("result \(i) has no buffer") }
  }

  /// Whether a dump can write `name` behind `%` or `@`.
  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: ".")
      }
  }

  /// Checks that a buffer's extents are numbers of a reasonable size.
  private mutating func checkType(_ buffer: ProgramBuffer) {
    let name = "buffer '%\(buffer.name)'"
    guard buffer.type.isFixed else { return fail("\(name) has an extent that is not bound: \(buffer.type)") }
    if buffer.type.extents.contains(where: { $0 < 1 }) { fail("\(name) has an extent below 1: \(buffer.type)") }
    if buffer.type.checkedByteCount.map({ $0 > KernelVerifier.mostElements }) ?? true {
      fail("\(name) is too large: \(buffer.type)")
    }
  }

  /// Checks every call's bindings, and that what is read was written.
  mutating func checkCalls() {
    var written = Set<Int>()
    for (i, buffer) in program.buffers.enumerated() {
      switch buffer.kind {
      case .argument, .parameter, .constant: written.insert(i)
      case .result, .temporary: break
      }
    }
    for (number, call) in program.calls.enumerated() {
      let name = "call \(number) ('\(call.name)')"
      guard program.kernels.indices.contains(call.kernel) else {
        fail("\(name) runs kernel \(call.kernel) of \(program.kernels.count)")
        continue
      }
      let kernel = program.kernel(of: call)
      if call.buffers.count != kernel.buffers.count {
        fail("\(name) binds \(call.buffers.count) buffers, but '@k\(call.kernel)' has \(kernel.buffers.count)")
        continue
      }
      for (position, buffer) in call.buffers.enumerated() {
        check(buffer, kernel.buffers[position], at: position, name, written)
      }
      checkDuplicates(call, kernel, name)
      for (use, buffer) in zip(kernel.buffers, call.buffers) where use.use != .read { written.insert(buffer) }
    }
    for (i, buffer) in program.buffers.enumerated() {
      if case .result(let n) = buffer.kind, !written.contains(i) {
        fail("result \(n), '%\(buffer.name)', is never written")
      }
    }
  }

  /// Checks one binding.
  private mutating func check(
    _ number: Int, _ formal: KernelBuffer, at position: Int, _ call: String, _ written: Set<Int>
  ) {
    guard program.buffers.indices.contains(number) else {
      return fail("\(call) binds buffer \(number) of \(program.buffers.count)")
    }
    let buffer = program.buffers[number]
    let count = buffer.type.checkedByteCount.map { $0 / buffer.type.element.byteCount }
    if buffer.type.element != formal.element || count != formal.count {
      fail(
        "\(call) binds '%\(buffer.name)', a \(buffer.type), where the kernel has \(formal.count) x \(formal.element.rawValue)"
      )
    }
    if formal.use != .read {
      switch buffer.kind {
      case .argument: fail("\(call) writes the argument '%\(buffer.name)'")
      case .constant: fail("\(call) writes the constant '%\(buffer.name)'")
      case .result, .parameter, .temporary: break
      }
    }
    if formal.use != .write, !written.contains(number) {
      fail("\(call) reads '%\(buffer.name)', which nothing has written")
    }
  }

  /// Checks that a buffer that is written is bound once.
  private mutating func checkDuplicates(_ call: KernelCall, _ kernel: Kernel, _ name: String) {
    var uses: [Int: KernelBuffer.Use] = [:]
    for (formal, buffer) in zip(kernel.buffers, call.buffers) {
      if let other = uses[buffer], other != .read || formal.use != .read {
        let shown = program.buffers.indices.contains(buffer) ? program.buffers[buffer].name : String(buffer)
        fail("\(name) binds '%\(shown)' twice and writes it")
      }
      uses[buffer] = formal.use
    }
  }
}
