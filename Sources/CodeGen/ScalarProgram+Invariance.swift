import FraguaKernels

extension ScalarProgram {
  /// For each value, whether it is the same at all coordinates along `axes`, and may be computed once for all of them.
  ///
  /// Inputs and locals count as different unless `keepsInputs`. So do loads from buffers that the kernel writes: an
  /// element must be read where it is written.
  func invariants(along axes: Set<Int>, of kernel: Kernel, keepsInputs: Bool = false) -> [Bool] {
    var result: [Bool] = []
    for (number, instruction) in instructions.enumerated() {
      let isFixed: Bool
      switch instruction {
      case .input: isFixed = keepsInputs
      case .local: isFixed = false
      case .index(let axis): isFixed = !axes.contains(axis)
      case .load(let access):
        isFixed =
          kernel.buffers[access.buffer].use == .read
          && axes.allSatisfy { !access.depends(on: $0) }
      default: isFixed = true
      }
      result.append(isFixed && operands(of: number).allSatisfy { result[$0] })
    }
    return result
  }
}
