import CLLVM
import FraguaKernels
import FraguaTensors

/// What the emitters of all forms share: a kernel's buffers, its coordinates, and running scalar programs on vectors.
///
/// A kernel is a function of its buffers, this thread's scratch, and the range `lo ..< hi` of the partitioned axis that
/// the thread owns.
struct KernelEmitter {
  let function: FunctionEmitter
  let kernel: Kernel
  let schedule: CallSchedule
  let buffers: [LLVMValueRef]
  let scratch: LLVMValueRef
  let low: LLVMValueRef
  let high: LLVMValueRef

  init(_ function: FunctionEmitter, _ kernel: Kernel, _ schedule: CallSchedule) {
    self.function = function
    self.kernel = kernel
    self.schedule = schedule
    let count = kernel.buffers.count
    buffers = (0..<count).map(function.parameter)
    scratch = function.parameter(count)
    low = function.parameter(count + 1)
    high = function.parameter(count + 2)
    for index in 0...count { function.addEnumAttribute("noalias", at: UInt32(index + 1)) }
    for (index, buffer) in kernel.buffers.enumerated() where buffer.use == .read {
      function.addEnumAttribute("readonly", at: UInt32(index + 1))
    }
  }

  /// Emits the whole kernel.
  func emit() {
    switch kernel.body {
    case .rows(let body): RowsEmitter(self, body).emit()
    case .contract(let body): ContractEmitter(self, body).emit()
    case .scatter(let body): ScatterEmitter(self, body).emit()
    case .lanes(let body): LanesEmitter(self, body).emit()
    }
    function.finish()
  }

  /// The axis that the threads share.
  var partitionAxis: Int? { if case .split(let axis, _) = schedule.partition { axis } else { nil } }

  /// The range of `axis` that this thread owns.
  func range(of axis: Int) -> (LLVMValueRef, LLVMValueRef) {
    partitionAxis == axis ? (low, high) : (function.int64(0), function.int64(kernel.axes[axis]))
  }

  /// Nested loops over this thread's part of `axes`, setting their coordinates.
  func loops(over axes: [Int], _ point: Point, _ body: (Point) -> Void) {
    guard let axis = axes.first else { return body(point) }
    let (start, end) = range(of: axis)
    function.loop(start, end) { index in
      var inner = point
      inner.coordinates[axis] = index
      loops(over: Array(axes.dropFirst()), inner, body)
    }
  }

  /// The origin of the index space.
  var origin: Point { Point(coordinates: Array(repeating: function.int64(0), count: kernel.axes.count)) }

  /// The values of `program` that are the same everywhere, computed here, as scalars.
  func uniforms(_ program: ScalarProgram) -> [Int: VectorValue] {
    var runner = ScalarProgramEmitter(self, lanes: 1, at: origin)
    return runner.invariants(of: program, along: kernel.axes.indices)
  }

  /// Loops over `start ..< end` of `axis` by `lanes`, the last round masked where the lanes reach over the end.
  func vectorLoop(
    _ axis: Int, _ start: LLVMValueRef, _ end: LLVMValueRef, lanes: Int, _ point: Point, _ body: (Point) -> Void
  ) {
    if lanes == 1 {
      function.loop(start, end) { index in
        var inner = point
        inner.coordinates[axis] = index
        body(inner)
      }
      return
    }
    let length = function.subtract(end, start)
    let whole = function.subtract(length, LLVMBuildAnd(function.builder, length, function.int64(lanes - 1), ""))
    let middle = function.add(start, whole)
    function.loop(start, middle, step: lanes) { index in
      var inner = point
      inner.coordinates[axis] = index
      inner.vectorAxis = axis
      body(inner)
    }
    let rest = function.subtract(end, middle)
    if function.constantValue(rest) == 0 { return }
    func tail() {
      var inner = point
      inner.coordinates[axis] = middle
      inner.vectorAxis = axis
      inner.mask = self.mask(rest, lanes: lanes)
      body(inner)
    }
    if function.constantValue(rest) != nil { return tail() }
    function.when(function.isLess(function.int64(0), rest), tail)
  }

  /// Loops over the whole of `axes`, the innermost by `lanes`, with values carried from one round to the next; the last
  /// round is masked where the lanes reach over the end.
  /// - Parameter name: what the innermost loop is called in assembly.
  func sweep(
    over axes: [Int], lanes: Int, _ point: Point, carrying initial: [LLVMValueRef], name: String = "loop",
    _ body: (Point, [LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    let axis = axes[0]
    let extent = kernel.axes[axis]
    if axes.count > 1 {
      return function.loop(function.int64(0), function.int64(extent), carrying: initial) { index, carried in
        var inner = point
        inner.coordinates[axis] = index
        return sweep(over: Array(axes.dropFirst()), lanes: lanes, inner, carrying: carried, name: name, body)
      }
    }
    return sweep(
      along: axis, from: function.int64(0), length: extent, lanes: lanes, point, carrying: initial, name: name, body)
  }

  /// Loops over `length` coordinates of `axis` from `start` on by `lanes`, likewise.
  func sweep(
    along axis: Int, from start: LLVMValueRef, length: Int, lanes: Int, _ point: Point,
    carrying initial: [LLVMValueRef],
    name: String, _ body: (Point, [LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    let whole = length / lanes * lanes
    let middle = function.add(start, function.int64(whole))
    var result =
      whole == 0
      ? initial
      : function.loop(start, middle, step: lanes, carrying: initial, name: name) { index, carried in
        var inner = point
        inner.coordinates[axis] = index
        inner.vectorAxis = axis
        return body(inner, carried)
      }
    if whole < length {
      var inner = point
      inner.coordinates[axis] = middle
      inner.vectorAxis = axis
      inner.mask = mask(function.int64(length - whole), lanes: lanes)
      result = body(inner, result)
    }
    return result
  }

  /// The mask of the first `count` lanes.
  func mask(_ count: LLVMValueRef, lanes: Int) -> LLVMValueRef {
    let vector = VectorBuilder(function: function, lanes: lanes)
    let bound = vector.splat(VectorValue(reference: count, type: .i64)).reference
    return LLVMBuildICmp(function.builder, LLVMIntSLT, vector.iota(), bound, "")
  }
}

/// Where a program runs: a coordinate for each axis, along one of which the lanes lie.
struct Point {
  /// The coordinates of the first lane.
  var coordinates: [LLVMValueRef]
  /// The axis along which lane `i` is `i` further; `nil` where all lanes are at one place or there is one lane.
  var vectorAxis: Int?
  /// The lanes that exist; `nil` for all.
  var mask: LLVMValueRef?

  init(coordinates: [LLVMValueRef], vectorAxis: Int? = nil, mask: LLVMValueRef? = nil) {
    self.coordinates = coordinates
    self.vectorAxis = vectorAxis
    self.mask = mask
  }
}
