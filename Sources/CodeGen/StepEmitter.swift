import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaTensors

/// Emits the step function: a call of each kernel for this thread's part, barriers between them.
///
/// A long step is cut into functions of ``callsPerPart`` calls, which LLVM does not optimize: some of what it does takes
/// time that grows faster than a function, and between calls of kernels there is nothing to gain.
struct StepEmitter {
  private let function: FunctionEmitter
  private let program: KernelProgram
  private let schedule: Schedule
  private let plan: MemoryPlan
  private let symbols: StepSymbols
  private let kernelNames: [String]
  private let parameterPlaces: [Int?]
  private let barriers: Set<Int>
  private let isProfiled: Bool
  /// What is filled before each call; `nil` where nothing is.
  private let deadBytes: DeadBytes?

  /// The word offsets of `FraguaContext`'s fields, in bytes.
  enum Field {
    static let thread = 4
    static let threads = 8
    static let arguments = 16
    static let results = 24
    static let parameters = 32
    static let arena = 40
    static let wait = 56
    static let stamps = 64
    static let now = 72
    static let denormalsAreZeros = 80
  }

  /// - Parameters:
  ///   - symbols: what its functions and constants are called.
  ///   - kernelNames: for each call, the name of its kernel's function.
  ///   - parameterPlaces: ``KernelProgram/parameterPlaces``.
  ///   - barriers: the calls that a barrier stands before.
  ///   - isProfiled: whether the step notes when each call begins and ends.
  ///   - deadBytes: what to fill, to find out whether something reads it; with the scratch of each call.
  init(
    _ function: FunctionEmitter, _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan,
    symbols: StepSymbols, kernelNames: [String], parameterPlaces: [Int?], barriers: Set<Int>, isProfiled: Bool,
    deadBytes: DeadBytes?
  ) {
    self.function = function
    self.program = program
    self.schedule = schedule
    self.plan = plan
    self.symbols = symbols
    self.kernelNames = kernelNames
    self.parameterPlaces = parameterPlaces
    self.barriers = barriers
    self.isProfiled = isProfiled
    self.deadBytes = deadBytes
  }

  /// The most kernel calls of one function.
  static let callsPerPart = 64

  /// Emits the step as calls of the functions `parts`, each of which runs a part of it.
  func emit(parts: [String]) {
    for part in parts { emitCall(part, [function.parameter(0)]) }
    function.finish()
  }

  /// Emits the kernel calls `calls`, which are the whole step or a part of it.
  func emit(_ calls: Range<Int>) {
    let builder = function.builder
    let thread = widened(field(Field.thread, LLVMInt32TypeInContext(function.context)))
    let threads = widened(field(Field.threads, LLVMInt32TypeInContext(function.context)))
    let arena = field(Field.arena, function.pointerType)
    let tables = [Field.arguments, Field.results, Field.parameters].map { field($0, function.pointerType) }
    let scratch = function.address(
      arena,
      bytes: function.add(function.int64(plan.scratchOffset), function.multiply(thread, plan.scratchStride)))
    let isFirst = LLVMBuildICmp(builder, LLVMIntEQ, thread, function.int64(0), "")!
    // Equal shares of a thread, which many calls have, are computed once.
    var shares: [Share: (low: LLVMValueRef, high: LLVMValueRef)] = [:]
    for index in calls {
      let call = program.calls[index]
      if barriers.contains(index) { emitBarrier(threads) }
      if let ranges = deadBytes?.rangesBeforeCall[index], !ranges.isEmpty {
        // No other thread touches the arena before it is filled; behind a barrier none does any more.
        function.when(isFirst) { for range in ranges { emitPoison(arena, range) } }
        if schedule.maximumThreads > 1 { emitBarrier(threads) }
      }
      if deadBytes != nil { emitPoison(scratch, 0..<schedule.calls[index].scratchBytes) }
      let pointers = call.buffers.map { buffer -> LLVMValueRef in
        switch program.buffers[buffer].kind {
        case .argument(let i): entry(tables[0], i)
        case .result(let i): entry(tables[1], i)
        case .parameter: entry(tables[2], parameterPlaces[buffer]!)
        case .constant(let i): constant(i)
        case .temporary: function.address(arena, bytes: function.int64(plan.offsets[buffer]!))
        }
      }
      if isProfiled { emitStamp(2 * index) }
      let run = { (low: LLVMValueRef, high: LLVMValueRef) in
        emitCall(kernelNames[index], pointers + [scratch, low, high])
      }
      switch schedule.calls[index].partition {
      case .single: function.when(isFirst) { run(function.int64(0), function.int64(0)) }
      case .split(let axis, let unit):
        let share = Share(extent: program.kernel(of: call).axes[axis], unit: unit)
        if shares[share] == nil {
          shares[share] = (
            bound(thread, threads, share), bound(function.add(thread, function.int64(1)), threads, share)
          )
        }
        let (low, high) = shares[share]!
        // With as many units as threads, no share is empty.
        if share.units >= schedule.maximumThreads {
          run(low, high)
        } else {
          function.when(function.isLess(low, high)) { run(low, high) }
        }
      }
      if isProfiled { emitStamp(2 * index + 1) }
    }
    function.finish()
  }

  /// Stores `value` in the calling thread's part of the arena; `function` is a step function.
  static func storeToArena(_ value: LLVMValueRef, _ function: FunctionEmitter, bytesPerThread: Int) {
    let read = { (offset: Int, type: LLVMTypeRef) in
      function.load(type, function.address(function.parameter(0), bytes: function.int64(offset)), alignment: 4)
    }
    let number = read(Field.thread, LLVMInt32TypeInContext(function.context))
    let thread = LLVMBuildZExt(function.builder, number, LLVMInt64TypeInContext(function.context), "")!
    let place = function.address(
      read(Field.arena, function.pointerType), bytes: function.multiply(thread, bytesPerThread))
    function.store(value, place, alignment: 4)
  }

  /// An axis that threads share in whole units.
  private struct Share: Hashable {
    let extent: Int
    let unit: Int

    var units: Int { (extent + unit - 1) / unit }
  }

  /// `min(t * units / threads * unit, extent)`.
  private func bound(_ thread: LLVMValueRef, _ threads: LLVMValueRef, _ share: Share) -> LLVMValueRef {
    let quotient = LLVMBuildUDiv(function.builder, function.multiply(thread, share.units), threads, "")!
    let position = function.multiply(quotient, share.unit)
    let limit = function.int64(share.extent)
    return LLVMBuildSelect(function.builder, function.isLess(position, limit), position, limit, "")
  }

  private func widened(_ value: LLVMValueRef) -> LLVMValueRef {
    LLVMBuildZExt(function.builder, value, LLVMInt64TypeInContext(function.context), "")
  }

  private func field(_ offset: Int, _ type: LLVMTypeRef) -> LLVMValueRef {
    function.load(type, function.address(function.parameter(0), bytes: function.int64(offset)), alignment: 4)
  }

  private func entry(_ table: LLVMValueRef, _ index: Int) -> LLVMValueRef {
    function.load(function.pointerType, function.address(table, bytes: function.int64(8 * index)), alignment: 8)
  }

  /// The address of constant `index`, which the module of the step function holds.
  private func constant(_ index: Int) -> LLVMValueRef { Self.constant(index, program, symbols, in: function) }

  /// Constant `index` in the module of `function`, declared where it is not there yet.
  private static func constant(
    _ index: Int, _ program: KernelProgram, _ symbols: StepSymbols, in function: FunctionEmitter
  ) -> LLVMValueRef {
    let name = symbols.constant(index)
    if let known = LLVMGetNamedGlobal(function.module, name) { return known }
    let byteCount = program.constants[index].tensor.type.byteCount
    let type = LLVMArrayType2(LLVMInt8TypeInContext(function.context), UInt64(byteCount))
    let global = LLVMAddGlobal(function.module, type, name)!
    LLVMSetVisibility(global, LLVMHiddenVisibility)
    return global
  }

  /// Adds the constants of `program` to the module of `function`.
  static func emitConstants(_ program: KernelProgram, _ symbols: StepSymbols, in function: FunctionEmitter) {
    for (index, constant) in program.constants.enumerated() {
      let bytes = constant.tensor.withBytes { bytes in
        LLVMConstStringInContext2(
          function.context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, 1)!
      }
      let global = Self.constant(index, program, symbols, in: function)
      LLVMSetInitializer(global, bytes)
      LLVMSetGlobalConstant(global, 1)
      LLVMSetAlignment(global, UInt32(MemoryPlan.alignmentBytes))
    }
  }

  private func emitCall(_ name: String, _ arguments: [LLVMValueRef]) {
    var arguments: [LLVMValueRef?] = arguments
    var types: [LLVMTypeRef?] = arguments.map { LLVMTypeOf($0) }
    let type = LLVMFunctionType(LLVMVoidTypeInContext(function.context), &types, UInt32(types.count), 0)
    let callee = LLVMGetNamedFunction(function.module, name) ?? LLVMAddFunction(function.module, name, type)
    LLVMBuildCall2(function.builder, type, callee, &arguments, UInt32(arguments.count), "")
  }

  /// Notes the time as this thread's stamp `number`.
  private func emitStamp(_ number: Int) {
    let integer = LLVMInt64TypeInContext(function.context)!
    let type = LLVMFunctionType(integer, nil, 0, 0)
    let time = LLVMBuildCall2(function.builder, type, field(Field.now, function.pointerType), nil, 0, "")!
    let place = function.address(field(Field.stamps, function.pointerType), bytes: function.int64(8 * number))
    function.store(time, place, alignment: 8)
  }

  /// Fills the bytes `range` behind `pointer` with 0xFF: NaN in floats, -1 in integers. Both ends are rounded up to
  /// whole lines.
  private func emitPoison(_ pointer: LLVMValueRef, _ range: Range<Int>) {
    if range.isEmpty { return }
    let start = function.address(pointer, bytes: function.int64(range.lowerBound))
    emitCall(symbols.poison, [start, function.int64(range.count)])
  }

  /// Fills `function`, which fills memory, a line at a time, as a loop: a step calls no symbol
  /// outside itself.
  static func emitPoison(_ function: FunctionEmitter) {
    let line = LLVMVectorType(LLVMInt64TypeInContext(function.context), UInt32(MemoryPlan.alignmentBytes / 8))
    let end = LLVMGetParam(function.function, 1)!
    function.loop(function.int64(0), end, step: MemoryPlan.alignmentBytes) { index in
      function.store(
        LLVMConstAllOnes(line), function.address(function.parameter(0), bytes: index),
        alignment: MemoryPlan.alignmentBytes)
    }
    function.finish()
  }

  private func emitBarrier(_ threads: LLVMValueRef) {
    let isShared = function.isLess(function.int64(1), threads)
    function.when(isShared) {
      let wait = field(Field.wait, function.pointerType)
      var types: [LLVMTypeRef?] = [function.pointerType]
      let type = LLVMFunctionType(LLVMVoidTypeInContext(function.context), &types, 1, 0)
      var arguments: [LLVMValueRef?] = [function.parameter(0)]
      LLVMBuildCall2(function.builder, type, wait, &arguments, 1, "")
    }
  }
}
