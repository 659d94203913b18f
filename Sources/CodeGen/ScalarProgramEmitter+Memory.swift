import CLLVM
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Loads and stores of programs: addresses, guards, groups and gathers.
extension ScalarProgramEmitter {
  /// Where an access goes: the first lane's element, the distance between lanes, what the program adds, and which lanes
  /// take part.
  private struct Address {
    var base: LLVMValueRef
    var stride: Int
    var indices: LLVMValueRef?
    var mask: LLVMValueRef?
    /// Whether the mask is more than that of the lanes that exist.
    var isGuarded: Bool
  }

  private func resolve(_ access: Access, _ values: [VectorValue]) -> Address {
    let position = position(of: access.element)
    var indices = position.digits
    for term in access.indices {
      let factor = vector.constant(Scalar(Int64(term.stride))).reference
      let product = LLVMBuildMul(function.builder, values[term.value].reference, factor, "")!
      indices = indices.map { LLVMBuildAdd(function.builder, $0, product, "") } ?? product
    }
    var mask = point.mask
    for entry in access.guards {
      let holds = guardHolds(entry)
      mask = mask.map { LLVMBuildAnd(function.builder, $0, holds, "") } ?? holds
    }
    return Address(
      base: position.first, stride: position.stride, indices: indices, mask: mask, isGuarded: !access.guards.isEmpty)
  }

  /// An expression at the point's lanes: the first lane's without the digits that differ between lanes, the distance
  /// from lane to lane, and the sum of those digits in every lane.
  private func position(
    of expression: AffineExpression
  ) -> (first: LLVMValueRef, stride: Int, digits: LLVMValueRef?) {
    var first = function.affine(expression.offset, expression.coefficients, point.coordinates)
    let axis = lanes > 1 ? point.vectorAxis : nil
    var lanesSum: LLVMValueRef?
    for digit in expression.digits {
      let range = digit.dividend.range(in: emitter.kernel.axes)
      let number = function.linear(digit.dividend, point.coordinates)
      let step = axis.map { digit.dividend.coefficients[$0] } ?? 0
      if step == 0 {
        let value = function.digit(digit, of: number, in: range, lanes: 1)
        first = function.add(first, function.multiply(value, digit.coefficient))
        continue
      }
      let numbers = LLVMBuildAdd(function.builder, inAllLanes(number), lanePositions(step), "")!
      let values = function.digit(digit, of: numbers, in: range, lanes: lanes)
      let factor = vector.constant(Scalar(Int64(digit.coefficient))).reference
      let product = LLVMBuildMul(function.builder, values, factor, "")!
      lanesSum = lanesSum.map { LLVMBuildAdd(function.builder, $0, product, "") } ?? product
    }
    return (first, axis.map { expression.coefficients[$0] } ?? 0, lanesSum)
  }

  /// An `i64` in every lane.
  private func inAllLanes(_ value: LLVMValueRef) -> LLVMValueRef {
    vector.splat(VectorValue(reference: value, type: .i64)).reference
  }

  private func guardHolds(_ entry: AffineGuard) -> LLVMValueRef {
    let own = position(of: entry.expression)
    var position = inAllLanes(own.first)
    if own.stride != 0 { position = LLVMBuildAdd(function.builder, position, lanePositions(own.stride), "") }
    if let digits = own.digits { position = LLVMBuildAdd(function.builder, position, digits, "") }
    // Unsigned: a negative position is large.
    let bound = vector.constant(Scalar(Int64(entry.bound))).reference
    return LLVMBuildICmp(function.builder, LLVMIntULT, position, bound, "")
  }

  /// 0, stride, 2 * stride ...
  private func lanePositions(_ stride: Int) -> LLVMValueRef {
    var elements: [LLVMValueRef?] = (0..<lanes).map { function.int64($0 * stride) }
    return LLVMConstVector(&elements, UInt32(lanes))
  }

  func load(_ access: Access, _ type: ElementType, _ values: [VectorValue]) -> VectorValue {
    let address = resolve(access, values)
    let buffer = emitter.buffers[access.buffer]
    let element = function.memoryType(type)
    let fill = access.fill.map { vector.constant($0) }
    if lanes == 1 { return loadScalar(address, buffer, type, fill) }
    if address.indices == nil, address.stride == 0, !address.isGuarded {
      let scalar = function.load(element, function.address(buffer, element, address.base), alignment: type.byteCount)
      return vector.splat(VectorBuilder(function: function, lanes: 1).fromMemory(scalar, type))
    }
    if address.indices == nil, address.stride == 1 {
      let pointer = function.address(buffer, element, address.base)
      guard let mask = address.mask else {
        return vector.load(type, pointer)
      }
      return maskedLoad(pointer, mask, type, address.isGuarded ? fill : nil)
    }
    if address.indices == nil, address.mask == nil, let start = groupStart(access) {
      return loadGroups(of: address.stride, from: start, address, buffer, type)
    }
    return gather(address, buffer, type, address.isGuarded ? fill : nil)
  }

  private func loadScalar(
    _ address: Address, _ buffer: LLVMValueRef, _ type: ElementType, _ fill: VectorValue?
  ) -> VectorValue {
    let element = function.memoryType(type)
    var position = address.base
    if let indices = address.indices { position = function.add(position, indices) }
    // Where the guard fails element 0 is read, which every buffer has, and the fill value taken.
    if let mask = address.mask { position = LLVMBuildSelect(function.builder, mask, position, function.int64(0), "") }
    let value = vector.load(type, function.address(buffer, element, position))
    guard let mask = address.mask, let fill else { return value }
    return vector.select(VectorValue(reference: mask, type: .i1), value, fill)
  }

  private func maskedLoad(
    _ pointer: LLVMValueRef, _ mask: LLVMValueRef, _ type: ElementType, _ fill: VectorValue?
  ) -> VectorValue {
    let loaded = function.maskedLoad(
      vector.memoryType(type), pointer, mask, other: fill.map { vector.toMemory($0) }, alignment: type.byteCount)
    return vector.fromMemory(loaded, type)
  }

  /// How far before the first lane's element a vector of all elements up to the last lane's group can start: groups of
  /// stride elements, of which each lane takes the same one. `nil` where gathering is better or the vector would reach
  /// over an end of the buffer.
  private func groupStart(_ access: Access) -> Int? {
    guard access.isLinear, let axis = point.vectorAxis, let stride = access.stride(along: axis),
      (2...4).contains(stride)
    else { return nil }
    var extents = emitter.kernel.axes
    extents[axis] += 1 - lanes
    let range = access.element.range(in: extents)
    let offset = access.element.offset
    let start = offset - floorDivide(offset, stride) * stride
    let count = emitter.kernel.buffers[access.buffer].count
    return range.lowerBound >= start && range.upperBound - start + lanes * stride <= count ? start : nil
  }

  /// Every `stride`-th element of one long vector that starts `start` elements before the first of them; accesses to
  /// other elements of the same groups load the same vector.
  private func loadGroups(
    of stride: Int, from start: Int, _ address: Address, _ buffer: LLVMValueRef, _ type: ElementType
  ) -> VectorValue {
    let wide = VectorBuilder(function: function, lanes: lanes * stride)
    let first = function.add(address.base, function.int64(-start))
    let pointer = function.address(buffer, function.memoryType(type), first)
    let loaded = function.load(wide.memoryType(type), pointer, alignment: type.byteCount)
    return vector.fromMemory(function.shuffle(loaded, loaded, (0..<lanes).map { start + $0 * stride }), type)
  }

  private func gather(
    _ address: Address, _ buffer: LLVMValueRef, _ type: ElementType, _ fill: VectorValue?
  ) -> VectorValue {
    let memory = vector.memoryType(type)
    let pointers = LLVMVectorType(function.pointerType, UInt32(lanes))!
    let other = fill.map { vector.toMemory($0) } ?? LLVMConstNull(memory)!
    let loaded = function.intrinsic(
      "llvm.masked.gather", [memory, pointers],
      [elementPointers(address, buffer, type), function.int32(type.byteCount), address.mask ?? allLanes(), other])!
    return vector.fromMemory(loaded, type)
  }

  private func allLanes() -> LLVMValueRef {
    LLVMConstAllOnes(LLVMVectorType(LLVMInt1TypeInContext(function.context), UInt32(lanes)))
  }

  private func elementPointers(_ address: Address, _ buffer: LLVMValueRef, _ type: ElementType) -> LLVMValueRef {
    var positions = vector.splat(VectorValue(reference: address.base, type: .i64)).reference
    if address.stride != 0 { positions = LLVMBuildAdd(function.builder, positions, lanePositions(address.stride), "") }
    if let indices = address.indices { positions = LLVMBuildAdd(function.builder, positions, indices, "") }
    var list: [LLVMValueRef?] = [positions]
    return LLVMBuildGEP2(function.builder, function.memoryType(type), buffer, &list, 1, "")
  }

  func store(_ value: VectorValue, _ access: Access, _ values: [VectorValue]) {
    let address = resolve(access, values)
    let buffer = emitter.buffers[access.buffer]
    let element = function.memoryType(value.type)
    let stored = vector.toMemory(value)
    if lanes == 1 {
      var position = address.base
      if let indices = address.indices { position = function.add(position, indices) }
      let write = {
        self.function.store(stored, self.function.address(buffer, element, position), alignment: value.type.byteCount)
      }
      if let mask = address.mask { function.when(mask, write) } else { write() }
      return
    }
    if address.indices == nil, address.stride == 1 {
      let pointer = function.address(buffer, element, address.base)
      guard let mask = address.mask else { return function.store(stored, pointer, alignment: value.type.byteCount) }
      return function.maskedStore(stored, pointer, mask, alignment: value.type.byteCount)
    }
    let pointers = LLVMVectorType(function.pointerType, UInt32(lanes))!
    _ = function.intrinsic(
      "llvm.masked.scatter", [LLVMTypeOf(stored), pointers],
      [
        stored, elementPointers(address, buffer, value.type), function.int32(value.type.byteCount),
        address.mask ?? allLanes(),
      ])
  }

  // MARK: Scratch

  /// Loads lanes from scratch, contiguous from element `position` behind `bytes`.
  func loadScratch(_ bytes: Int, _ position: LLVMValueRef, _ type: ElementType) -> VectorValue {
    vector.load(type, scratchAddress(bytes, position, type))
  }

  /// Stores lanes to scratch; lanes that do not exist too, for which there must be room.
  func storeScratch(_ value: VectorValue, _ bytes: Int, _ position: LLVMValueRef) {
    vector.store(value, scratchAddress(bytes, position, value.type))
  }

  private func scratchAddress(_ bytes: Int, _ position: LLVMValueRef, _ type: ElementType) -> LLVMValueRef {
    let base = function.address(emitter.scratch, bytes: function.int64(bytes))
    return function.address(base, function.memoryType(type), position)
  }
}
