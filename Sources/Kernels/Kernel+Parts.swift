import FraguaTensors

/// One program of a kernel with what its form lets it see: what checkers walk over in place of a switch over forms.
package struct KernelPart: Sendable {
  /// What the program is called in dumps and diagnostics: `lhs`, `stage 2`, `epilogue`.
  package let name: String
  /// The program and its stores, if any.
  package let block: Block
  /// The axes whose coordinates the program sees: at each of their points it runs once.
  package let axes: [Int]
  /// At one point of the axes that two parts share, the part of the smaller number runs first.
  package let order: Int
  /// Whether the last value is the part's result.
  package let yieldsLast: Bool

  fileprivate init(_ name: String, _ block: Block, axes: [Int], order: Int, yieldsLast: Bool = false) {
    self.name = name
    self.block = block
    self.axes = axes
    self.order = order
    self.yieldsLast = yieldsLast
  }
}

extension Kernel {
  /// The kernel's programs, in the order of their text.
  /// - Requires: the body's numbers of axes are not negative and add up to the kernel's.
  package var parts: [KernelPart] {
    let all = Array(axes.indices)
    switch body {
    case .rows(let body):
      return body.stages.enumerated().map { i, stage in
        switch stage {
        case .sweep(let block, _, _): KernelPart("stage \(i)", block, axes: all, order: i)
        case .scalar(let block, _): KernelPart("stage \(i)", block, axes: Array(all[..<parallelAxes]), order: i)
        }
      }
    case .contract(let body):
      let m = all[body.batchAxes..<body.batchAxes + body.mAxes]
      let batch = Array(all[..<body.batchAxes])
      let n = all[m.endIndex..<m.endIndex + body.nAxes]
      let k = all[n.endIndex...]
      var parts = [
        KernelPart("lhs", Block(body.lhs), axes: batch + m + k, order: 0, yieldsLast: true),
        KernelPart("rhs", Block(body.rhs), axes: batch + n + k, order: 0, yieldsLast: true),
        KernelPart("epilogue", body.epilogue, axes: batch + m + n, order: 1),
      ]
      if let sum = body.rhsSum { parts.append(KernelPart("rhs_sum", sum, axes: batch + n, order: 2)) }
      if let sum = body.lhsSum { parts.append(KernelPart("lhs_sum", sum, axes: batch + m, order: 3)) }
      return parts
    case .scatter(let body):
      let s = all[1..<1 + body.sourceAxes]
      let d = Array(all[s.endIndex...])
      return [
        KernelPart("initial", Block(body.initial), axes: [0] + d, order: 0, yieldsLast: true),
        KernelPart("index", Block(body.index), axes: Array(s), order: 1, yieldsLast: true),
        KernelPart("update", Block(body.update), axes: s + d, order: 2, yieldsLast: true),
        KernelPart("epilogue", body.epilogue, axes: [0] + d, order: 3),
      ]
    case .lanes(let body):
      return [
        KernelPart("row", body.row, axes: all, order: 0),
        KernelPart("epilogue", body.epilogue, axes: [], order: 1),
      ]
    }
  }
}
