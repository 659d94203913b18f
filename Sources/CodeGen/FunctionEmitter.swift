import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors

/// One LLVM function under construction: types, constants, loops; what every emitter shares.
final class FunctionEmitter {
  let context: LLVMContextRef
  let module: LLVMModuleRef
  let builder: LLVMBuilderRef
  let function: LLVMValueRef
  private let processor: Processor

  var target: Target { processor.target }

  /// Starts a function of `parameters` that returns nothing.
  init(
    context: borrowing LLVMContextOwner, module: borrowing LLVMModuleOwner, builder: borrowing LLVMBuilderOwner,
    processor: Processor, name: String, pointers: Int, integers: Int
  ) {
    self.context = context.reference
    self.module = module.reference
    self.builder = builder.reference
    self.processor = processor
    var parameters: [LLVMTypeRef?] =
      Array(repeating: LLVMPointerTypeInContext(context.reference, 0), count: pointers)
      + Array(repeating: LLVMInt64TypeInContext(context.reference), count: integers)
    let type = LLVMFunctionType(LLVMVoidTypeInContext(context.reference), &parameters, UInt32(parameters.count), 0)
    function = LLVMAddFunction(module.reference, name, type)
    begin()
  }

  /// Starts a function that only its module knows, beside the one that `other` emits. The builder stays behind in it.
  init(besides other: FunctionEmitter, name: String, takes parameters: [LLVMTypeRef], returns result: LLVMTypeRef) {
    (context, module, builder, processor) = (other.context, other.module, other.builder, other.processor)
    var parameters: [LLVMTypeRef?] = parameters
    function = LLVMAddFunction(module, name, LLVMFunctionType(result, &parameters, UInt32(parameters.count), 0))
    LLVMSetLinkage(function, LLVMInternalLinkage)
    begin()
  }

  /// Sets the function's attributes and begins its first block.
  private func begin() {
    // What LLVM folds it is to fold as the step's mode has it.
    let denormals = ("denormal-fp-math", "preserve-sign,preserve-sign")
    for (key, value) in processor.functionAttributes + [denormals] {
      let attribute = LLVMCreateStringAttribute(
        context, key, UInt32(key.utf8.count), value, UInt32(value.utf8.count))
      LLVMAddAttributeAtIndex(function, UInt32.max, attribute)
    }
    addEnumAttribute("nounwind", at: UInt32.max)
    position(at: block("entry"))
  }

  /// Adds an attribute without a value to the function or to one of its parameters (1 is the first).
  func addEnumAttribute(_ name: String, at index: UInt32) {
    let kind = LLVMGetEnumAttributeKindForName(name, name.utf8.count)
    LLVMAddAttributeAtIndex(function, index, LLVMCreateEnumAttribute(context, kind, 0))
  }

  func parameter(_ index: Int) -> LLVMValueRef { LLVMGetParam(function, UInt32(index)) }

  /// Ends the function.
  func finish() { LLVMBuildRetVoid(builder) }

  // MARK: Types and constants

  /// The LLVM type of a scalar; `i1` is a bit, floats of 16 bits are their bits.
  func scalarType(_ type: ElementType) -> LLVMTypeRef {
    switch type {
    case .f32: LLVMFloatTypeInContext(context)
    case .f64: LLVMDoubleTypeInContext(context)
    default: LLVMIntTypeInContext(context, UInt32(type.bitCount))
    }
  }

  /// The LLVM type of a scalar in memory; `i1` is a byte.
  func memoryType(_ type: ElementType) -> LLVMTypeRef {
    type == .i1 ? LLVMInt8TypeInContext(context) : scalarType(type)
  }

  var pointerType: LLVMTypeRef { LLVMPointerTypeInContext(context, 0) }

  func int64(_ value: Int) -> LLVMValueRef {
    LLVMConstInt(LLVMInt64TypeInContext(context), UInt64(bitPattern: Int64(value)), 1)
  }

  func int32(_ value: Int) -> LLVMValueRef { LLVMConstInt(LLVMInt32TypeInContext(context), UInt64(value), 0) }

  /// A scalar constant of exactly those bits.
  func constant(_ scalar: Scalar) -> LLVMValueRef {
    let bits = LLVMConstInt(LLVMIntTypeInContext(context, UInt32(scalar.type.bitCount)), scalar.bits, 0)!
    return LLVMConstBitCast(bits, scalarType(scalar.type))
  }

  /// The value of a constant `i64`, where it is one.
  func constantValue(_ value: LLVMValueRef) -> Int? {
    LLVMIsAConstantInt(value) != nil ? Int(LLVMConstIntGetSExtValue(value)) : nil
  }

  // MARK: Instructions

  /// `a + b`, nothing where `b` is 0.
  func add(_ a: LLVMValueRef, _ b: LLVMValueRef) -> LLVMValueRef {
    constantValue(b) == 0 ? a : LLVMBuildAdd(builder, a, b, "")
  }

  func subtract(_ a: LLVMValueRef, _ b: LLVMValueRef) -> LLVMValueRef { LLVMBuildSub(builder, a, b, "") }

  /// `a * factor`, nothing where the factor is 1.
  func multiply(_ a: LLVMValueRef, _ factor: Int) -> LLVMValueRef {
    factor == 1 ? a : LLVMBuildMul(builder, a, int64(factor), "")
  }

  /// The address of element `index` behind `pointer`, nothing where that is 0.
  func address(_ pointer: LLVMValueRef, _ type: LLVMTypeRef, _ index: LLVMValueRef) -> LLVMValueRef {
    if constantValue(index) == 0 { return pointer }
    var indices: [LLVMValueRef?] = [index]
    return LLVMBuildInBoundsGEP2(builder, type, pointer, &indices, 1, "")
  }

  /// The address `bytes` behind `pointer`.
  func address(_ pointer: LLVMValueRef, bytes: LLVMValueRef) -> LLVMValueRef {
    address(pointer, LLVMInt8TypeInContext(context), bytes)
  }

  func load(_ type: LLVMTypeRef, _ pointer: LLVMValueRef, alignment: Int) -> LLVMValueRef {
    let value = LLVMBuildLoad2(builder, type, pointer, "")!
    LLVMSetAlignment(value, UInt32(alignment))
    return value
  }

  func store(_ value: LLVMValueRef, _ pointer: LLVMValueRef, alignment: Int) {
    LLVMSetAlignment(LLVMBuildStore(builder, value, pointer), UInt32(alignment))
  }

  /// Memory for `count` values of `type` on the stack, for the whole function.
  func stackArray(_ type: LLVMTypeRef, count: Int) -> LLVMValueRef {
    let here = LLVMGetInsertBlock(builder)!
    let entry = LLVMGetEntryBasicBlock(function)!
    if let first = LLVMGetFirstInstruction(entry) {
      LLVMPositionBuilderBefore(builder, first)
    } else {
      LLVMPositionBuilderAtEnd(builder, entry)
    }
    let array = LLVMBuildAlloca(builder, LLVMArrayType2(type, UInt64(count)), "")!
    position(at: here)
    return array
  }

  /// Calls an intrinsic, which may be overloaded.
  func intrinsic(_ name: String, _ types: [LLVMTypeRef], _ arguments: [LLVMValueRef]) -> LLVMValueRef? {
    let id = LLVMLookupIntrinsicID(name, name.utf8.count)
    precondition(id != 0, "LLVM has no intrinsic '\(name)'")
    var types: [LLVMTypeRef?] = types
    let declaration = LLVMGetIntrinsicDeclaration(module, id, &types, types.count)
    let type = LLVMIntrinsicGetType(context, id, &types, types.count)
    var arguments: [LLVMValueRef?] = arguments
    return LLVMBuildCall2(builder, type, declaration, &arguments, UInt32(arguments.count), "")
  }

  /// Asks for the cache line at `pointer`, which need not be readable.
  func prefetch(_ pointer: LLVMValueRef, toWrite: Bool) {
    _ = intrinsic("llvm.prefetch", [pointerType], [pointer, int32(toWrite ? 1 : 0), int32(3), int32(1)])
  }

  // MARK: Control flow

  func block(_ name: String) -> LLVMBasicBlockRef { LLVMAppendBasicBlockInContext(context, function, name) }

  func position(at block: LLVMBasicBlockRef) { LLVMPositionBuilderAtEnd(builder, block) }

  func isLess(_ a: LLVMValueRef, _ b: LLVMValueRef) -> LLVMValueRef { LLVMBuildICmp(builder, LLVMIntSLT, a, b, "") }

  /// Runs `body` where `condition` holds.
  func when(_ condition: LLVMValueRef, _ body: () -> Void) {
    let inside = block("then")
    let after = block("after")
    LLVMBuildCondBr(builder, condition, inside, after)
    position(at: inside)
    body()
    LLVMBuildBr(builder, after)
    position(at: after)
  }

  /// A loop from `start` below `end` by `step`, with values carried from one round to the next.
  /// - Parameter name: what the loop is called in LLVM's text and in assembly.
  /// - Returns: the carried values after the last round.
  @discardableResult
  func loop(
    _ start: LLVMValueRef, _ end: LLVMValueRef, step: Int = 1, carrying initial: [LLVMValueRef] = [],
    name: String = "loop", _ body: (LLVMValueRef, [LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    if let low = constantValue(start), let high = constantValue(end) {
      if low >= high { return initial }
      if high - low <= step { return body(start, initial) }
    }
    let isKnown = constantValue(start) != nil && constantValue(end) != nil
    return rounds(
      start, step: step, if: isKnown ? nil : isLess(start, end), while: { isLess($0, end) }, carrying: initial,
      name: name, body)
  }

  /// A loop of `count` rounds that do not ask for their number, so that it is counted down, without a comparison.
  /// - Parameter name: what the loop is called in LLVM's text and in assembly.
  func repeated(
    _ count: Int, carrying initial: [LLVMValueRef], name: String, _ body: ([LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    if count == 0 { return initial }
    if count == 1 { return body(initial) }
    let isLeft = { [builder] (left: LLVMValueRef) in LLVMBuildICmp(builder, LLVMIntNE, left, self.int64(0), "")! }
    return rounds(int64(count), step: -1, if: nil, while: isLeft, carrying: initial, name: name) { _, carried in
      body(carried)
    }
  }

  /// Rounds with a counter from `start` by `step`, the first where `condition` holds, if there is one, each other where
  /// `isNext` does for its counter.
  private func rounds(
    _ start: LLVMValueRef, step: Int, if condition: LLVMValueRef?, while isNext: (LLVMValueRef) -> LLVMValueRef,
    carrying initial: [LLVMValueRef], name: String, _ body: (LLVMValueRef, [LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    let before = LLVMGetInsertBlock(builder)!
    let head = block(name)
    let after = block("done")
    if let condition { LLVMBuildCondBr(builder, condition, head, after) } else { LLVMBuildBr(builder, head) }
    position(at: head)
    let counter = LLVMBuildPhi(builder, LLVMInt64TypeInContext(context), "")!
    let carried = initial.map { LLVMBuildPhi(builder, LLVMTypeOf($0), "")! }
    let results = body(counter, carried)
    let next = add(counter, int64(step))
    let last = LLVMGetInsertBlock(builder)!
    LLVMBuildCondBr(builder, isNext(next), head, after)
    addIncoming(counter, [(start, before), (next, last)])
    for (phi, (first, result)) in zip(carried, zip(initial, results)) {
      addIncoming(phi, [(first, before), (result, last)])
    }
    position(at: after)
    guard condition != nil else { return results }
    return zip(initial, results).map { first, result in
      let phi = LLVMBuildPhi(builder, LLVMTypeOf(first), "")!
      addIncoming(phi, [(first, before), (result, last)])
      return phi
    }
  }

  /// Keeps LLVM from moving loads over this place, and is no instruction.
  func keepLoadsInOrder() { LLVMBuildFence(builder, LLVMAtomicOrderingAcquireRelease, 1, "") }

  /// A loop that carries nothing.
  func loop(_ start: LLVMValueRef, _ end: LLVMValueRef, step: Int = 1, _ body: (LLVMValueRef) -> Void) {
    loop(start, end, step: step, carrying: []) { index, _ in
      body(index)
      return []
    }
  }

  private func addIncoming(_ phi: LLVMValueRef, _ incoming: [(LLVMValueRef, LLVMBasicBlockRef)]) {
    var values: [LLVMValueRef?] = incoming.map(\.0)
    var blocks: [LLVMBasicBlockRef?] = incoming.map(\.1)
    LLVMAddIncoming(phi, &values, &blocks, UInt32(incoming.count))
  }
}
