import FraguaSource
import FraguaTensors

/// Proves that kernels and kernel programs are well formed, so that whoever runs or compiles them need not look.
///
/// Of each kernel: every value's type is right, every access lies inside its buffer wherever its guards hold, no
/// element is stored twice, and buffers are used as they say. Of a program: bindings fit, no element of a temporary or a
/// result is read before it is written, results are written whole, arguments and constants are not written.
public enum KernelVerifier {
  /// What is wrong with `program`; empty where nothing is. Takes time in proportion to the program's size.
  /// - Parameter places: where the program was read; without them errors have no place.
  public static func verify(_ program: KernelProgram, _ places: KernelPlaces? = nil) -> [Diagnostic] {
    var checker = ProgramBindings(program)
    checker.checkBuffers()
    for (number, kernel) in program.kernels.enumerated() {
      var kernelChecker = KernelChecker(kernel, "k\(number)", number: number)
      kernelChecker.check()
      checker.errors += kernelChecker.errors
      checker.reaches.append(kernelChecker.reach)
    }
    checker.checkCalls()
    return checker.errors.map { $0.diagnostic(in: places) }
  }

  /// What is wrong with one kernel, called `name` in the messages.
  public static func verify(_ kernel: Kernel, name: String = "kernel") -> [Diagnostic] {
    var checker = KernelChecker(kernel, name, number: 0)
    checker.check()
    return checker.errors.map { $0.diagnostic(in: nil) }
  }

  /// The most elements of a buffer and points of a kernel: far below where sizes overflow.
  package static let mostElements = 1 << 47
}

/// The checks of a program around its kernels.
private struct ProgramBindings {
  let program: KernelProgram
  var errors: [KernelViolation] = []
  /// What each kernel reads and writes; `nil` of one with errors.
  var reaches: [KernelReach?] = []
  /// The buffers that some call has written to, and what of each buffer is known to be written.
  private var touched: Set<Int> = []
  private var written: [WrittenElements] = []

  init(_ program: KernelProgram) { self.program = program }

  /// Notes an error.
  private mutating func fail(_ message: String, at place: KernelPlace) {
    errors.append(KernelViolation(message, at: place))
  }

  /// Checks names, types and kinds of the buffers.
  mutating func checkBuffers() {
    if !program.name.isIdentifier {
      fail("the name '\(program.name)' is not made of letters, digits, '_' and '.'", at: .program)
    }
    var names: Set<String> = []
    var arguments: Set<Int> = []
    var results: Set<Int> = []
    var parameters: Set<String> = []
    for (number, buffer) in program.buffers.enumerated() {
      let name = "buffer '%\(buffer.name)'"
      let place = KernelPlace.buffer(number)
      if !names.insert(buffer.name).inserted { fail("\(name) is declared twice", at: place) }
      if !buffer.name.isIdentifier {
        fail("\(name) has a name that is not made of letters, digits, '_' and '.'", at: place)
      }
      checkType(buffer, at: place)
      switch buffer.kind {
      case .argument(let i):
        if !program.argumentNames.indices.contains(i) {
          fail("\(name) is argument \(i) of \(program.argumentNames.count)", at: place)
        }
        if !arguments.insert(i).inserted { fail("\(name) is argument \(i), as another buffer is", at: place) }
      case .result(let i):
        if !program.resultNames.indices.contains(i) {
          fail("\(name) is result \(i) of \(program.resultNames.count)", at: place)
        }
        if !results.insert(i).inserted { fail("\(name) is result \(i), as another buffer is", at: place) }
      case .parameter(let parameter):
        if !parameters.insert(parameter).inserted {
          fail("\(name) is '@\(parameter)', as another buffer is", at: place)
        }
      case .constant(let i):
        if !program.constants.indices.contains(i) {
          fail("\(name) is constant \(i) of \(program.constants.count)", at: place)
        } else if program.constants[i].tensor.type != buffer.type {
          fail("\(name) is a \(buffer.type), but constant \(i) a \(program.constants[i].tensor.type)", at: place)
        }
      case .temporary: break
      }
    }
    for i in program.argumentNames.indices where !arguments.contains(i) {
      fail("argument \(i) has no buffer", at: .program)
    }
    for i in program.resultNames.indices where !results.contains(i) { fail("result \(i) has no buffer", at: .program) }
  }

  /// Checks that a buffer's extents are numbers of a reasonable size.
  private mutating func checkType(_ buffer: ProgramBuffer, at place: KernelPlace) {
    let name = "buffer '%\(buffer.name)'"
    guard buffer.type.isFixed else {
      return fail("\(name) has an extent that is not bound: \(buffer.type)", at: place)
    }
    if buffer.type.extents.contains(where: { $0 < 1 }) {
      fail("\(name) has an extent below 1: \(buffer.type)", at: place)
    }
    if buffer.type.checkedByteCount.map({ $0 > KernelVerifier.mostElements }) ?? true {
      fail("\(name) is too large: \(buffer.type)", at: place)
    }
  }

  /// Checks every call's bindings, and that what is read was written.
  mutating func checkCalls() {
    written = program.buffers.map { buffer in
      switch buffer.kind {
      case .argument, .parameter, .constant: WrittenElements(all: elementCount(buffer) ?? 1)
      case .result, .temporary: WrittenElements()
      }
    }
    for (number, call) in program.calls.enumerated() {
      let name = "call \(number) ('\(call.name)')"
      guard program.kernels.indices.contains(call.kernel) else {
        fail("\(name) runs kernel \(call.kernel) of \(program.kernels.count)", at: .call(number))
        continue
      }
      let kernel = program.kernel(of: call)
      if call.buffers.count != kernel.buffers.count {
        fail(
          "\(name) binds \(call.buffers.count) buffers, but '@k\(call.kernel)' has \(kernel.buffers.count)",
          at: .call(number))
        continue
      }
      for position in call.buffers.indices { checkBinding(position, of: call, kernel, name, at: .call(number)) }
      checkDuplicates(call, kernel, name, at: .call(number))
      for (position, buffer) in call.buffers.enumerated() where program.buffers.indices.contains(buffer) {
        if kernel.buffers[position].use != .read { touched.insert(buffer) }
        if let reach = reaches[call.kernel] {
          for interval in reach.written[position] { written[buffer].insert(interval) }
        } else if kernel.buffers[position].use != .read {
          // What a kernel with errors writes is not known: one error is enough.
          written[buffer].insert(ClosedInterval(0, KernelVerifier.mostElements))
        }
      }
    }
    for (i, buffer) in program.buffers.enumerated() {
      guard case .result(let n) = buffer.kind, !isWritten(i, ClosedInterval(0, (elementCount(buffer) ?? 1) - 1)) else {
        continue
      }
      let fact = touched.contains(i) ? "is not written whole" : "is never written"
      fail("result \(n), '%\(buffer.name)', \(fact)", at: .buffer(i))
    }
  }

  /// The number of elements; `nil` where it is not known or too large.
  private func elementCount(_ buffer: ProgramBuffer) -> Int? {
    buffer.type.checkedByteCount.map { $0 / buffer.type.element.byteCount }
  }

  /// Whether the elements of buffer `number` are known to be written.
  private func isWritten(_ number: Int, _ elements: ClosedInterval) -> Bool { written[number].contains(elements) }

  /// Checks what a call binds to the kernel's buffer `position`.
  private mutating func checkBinding(
    _ position: Int, of call: KernelCall, _ kernel: Kernel, _ name: String, at place: KernelPlace
  ) {
    let (number, formal) = (call.buffers[position], kernel.buffers[position])
    guard program.buffers.indices.contains(number) else {
      return fail("\(name) binds buffer \(number) of \(program.buffers.count)", at: place)
    }
    let buffer = program.buffers[number]
    if buffer.type.element != formal.element || elementCount(buffer) != formal.count {
      fail(
        "\(name) binds '%\(buffer.name)', a \(buffer.type), where the kernel has "
          + "\(formal.count) x \(formal.element.rawValue)", at: place)
    }
    if formal.use != .read {
      switch buffer.kind {
      case .argument: fail("\(name) writes the argument '%\(buffer.name)'", at: place)
      case .constant: fail("\(name) writes the constant '%\(buffer.name)'", at: place)
      case .result, .parameter, .temporary: break
      }
    }
    guard let reach = reaches[call.kernel], let read = reach.read[position], !isWritten(number, read) else { return }
    let fact =
      touched.contains(number)
      ? "reads elements \(read.low) to \(read.high) of '%\(buffer.name)', not all of which are written before"
      : "reads '%\(buffer.name)', which nothing has written"
    fail("\(name) \(fact)", at: place)
  }

  /// Checks that a buffer that is written is bound once.
  private mutating func checkDuplicates(_ call: KernelCall, _ kernel: Kernel, _ name: String, at place: KernelPlace) {
    var uses: [Int: KernelBuffer.Use] = [:]
    for (formal, buffer) in zip(kernel.buffers, call.buffers) {
      if let other = uses[buffer], other != .read || formal.use != .read {
        let shown = program.buffers.indices.contains(buffer) ? program.buffers[buffer].name : String(buffer)
        fail("\(name) binds '%\(shown)' twice and writes it", at: place)
      }
      uses[buffer] = formal.use
    }
  }
}
