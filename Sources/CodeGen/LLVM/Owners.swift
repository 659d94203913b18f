import CLLVM
import FraguaScheduling
import FraguaSource

/// An LLVM context, and the one place where LLVM is initialised.
struct LLVMContextOwner: ~Copyable {
  let reference: LLVMContextRef

  init() {
    LLVMRuntime.initialize()
    reference = LLVMContextCreate()
    // Without a handler, LLVM ends the process where it cannot compile something.
    LLVMContextSetDiagnosticHandler(
      reference,
      { info, _ in
        guard LLVMGetDiagInfoSeverity(info) == LLVMDSError else { return }
        let message = LLVMGetDiagInfoDescription(info)!
        CodeGenDefect.stop("LLVM: " + String(cString: message))
      }, nil)
  }

  deinit { LLVMContextDispose(reference) }
}

/// A module of a context; the context must outlive it.
struct LLVMModuleOwner: ~Copyable {
  let reference: LLVMModuleRef

  init(name: String, in context: borrowing LLVMContextOwner) {
    reference = LLVMModuleCreateWithNameInContext(name, context.reference)
  }

  deinit { LLVMDisposeModule(reference) }

  /// The module's text.
  var text: String {
    let message = LLVMPrintModuleToString(reference)!
    defer { LLVMDisposeMessage(message) }
    return String(cString: message)
  }

  /// Stops where the module is malformed, which is a defect of the emitters: LLVM would abort later without a word.
  func verify() {
    var message: UnsafeMutablePointer<CChar>?
    if LLVMVerifyModule(reference, LLVMReturnStatusAction, &message) != 0 {
      CodeGenDefect.stop("malformed LLVM IR: \(message.map { String(cString: $0) } ?? "?")\n\(text)")
    }
    LLVMDisposeMessage(message)
  }
}

/// An instruction builder of a context.
struct LLVMBuilderOwner: ~Copyable {
  let reference: LLVMBuilderRef

  init(in context: borrowing LLVMContextOwner) { reference = LLVMCreateBuilderInContext(context.reference) }

  deinit { LLVMDisposeBuilder(reference) }
}

/// A machine to generate code for.
struct LLVMTargetMachineOwner: ~Copyable {
  let reference: LLVMTargetMachineRef
  let triple: String

  /// - Parameter isOptimizing: without, code takes LLVM a tenth of the time, and is no slower where it only calls.
  init(_ processor: Processor, isOptimizing: Bool = true) {
    LLVMRuntime.initialize()
    let host = LLVMGetDefaultTargetTriple()!
    defer { LLVMDisposeMessage(host) }
    let hostTriple = String(cString: host)
    // Code for another architecture than this machine's can be looked at, not run.
    let architecture = processor.architecture
    triple = hostTriple.hasPrefix(architecture) ? hostTriple : architecture + "-unknown-linux-gnu"
    var target: LLVMTargetRef?
    var message: UnsafeMutablePointer<CChar>?
    guard LLVMGetTargetFromTriple(triple, &target, &message) == 0, let target else {
      preconditionFailure("LLVM has no target for \(triple): \(message.map { String(cString: $0) } ?? "?")")
    }
    reference = LLVMCreateTargetMachine(
      target, triple, processor.name, "",
      isOptimizing ? LLVMCodeGenLevelDefault : LLVMCodeGenLevelNone, LLVMRelocPIC, LLVMCodeModelDefault)
  }

  deinit { LLVMDisposeTargetMachine(reference) }

  /// Sets the module's triple and data layout; to be done before anything is built.
  func prepare(_ module: borrowing LLVMModuleOwner) {
    LLVMSetTarget(module.reference, triple)
    let layout = LLVMCreateTargetDataLayout(reference)
    LLVMSetModuleDataLayout(module.reference, layout)
    LLVMDisposeTargetData(layout)
  }

  /// The module as an object file, or as assembly with the names of blocks and notes on spills.
  func emit(_ module: borrowing LLVMModuleOwner, _ kind: LLVMCodeGenFileType) -> [UInt8] {
    module.verify()
    LLVMSetTargetMachineAsmVerbosity(reference, kind == LLVMAssemblyFile ? 1 : 0)
    var buffer: LLVMMemoryBufferRef?
    var message: UnsafeMutablePointer<CChar>?
    guard LLVMTargetMachineEmitToMemoryBuffer(reference, module.reference, kind, &message, &buffer) == 0, let buffer
    else {
      CodeGenDefect.stop("LLVM generates no code: \(message.map { String(cString: $0) } ?? "?")")
    }
    defer { LLVMDisposeMemoryBuffer(buffer) }
    let bytes = UnsafeRawBufferPointer(start: LLVMGetBufferStart(buffer), count: LLVMGetBufferSize(buffer))
    return Array(bytes)
  }
}

/// What is done once a process.
package enum LLVMRuntime {
  /// Registers the targets of all instruction sets with their assemblers, sets LLVM's options, and says what is to be
  /// done where LLVM gives up.
  package static func initialize() { _ = once }

  private static let once: Void = {
    LLVMInitializeX86TargetInfo()
    LLVMInitializeX86Target()
    LLVMInitializeX86TargetMC()
    LLVMInitializeX86AsmPrinter()
    LLVMInitializeX86AsmParser()
    LLVMInitializeAArch64TargetInfo()
    LLVMInitializeAArch64Target()
    LLVMInitializeAArch64TargetMC()
    LLVMInitializeAArch64AsmPrinter()
    LLVMInitializeAArch64AsmParser()
    // The emitters make loops as the processor likes them: strength reduction finds nothing, in a quarter of the time
    // that code generation takes.
    let options: [StaticString] = ["fragua", "-disable-lsr"]
    var words = options.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) as UnsafePointer? }
    LLVMParseCommandLineOptions(Int32(words.count), &words, nil)
    LLVMInstallFatalErrorHandler { message in
      CodeGenDefect.stop("LLVM: \(message.map { String(cString: $0) } ?? "a fatal error without a message")")
    }
  }()
}
