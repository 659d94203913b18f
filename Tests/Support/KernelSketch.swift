import FraguaKernels
import FraguaTensors

/// A kernel under construction: chooses axes, accesses and programs at random.
struct KernelSketch {
  var source: RandomSource
  /// Buffers of the program that loads may be made for.
  let available: [KernelBuffer]
  var axes: [Int] = []
  var parallelAxes = 0
  var buffers: [KernelBuffer] = []
  var body: Kernel.Body = .rows(RowsBody([]))
  /// The buffers of which the kernel writes every element.
  var complete: Set<Int> = []
  /// Row-local updates: loads made so far that a store of the same part must follow.
  var pendingUpdates: [(access: Access, element: ElementType)] = []

  init(source: RandomSource, available: [KernelBuffer]) {
    self.source = source
    self.available = available
  }

  var kernel: Kernel { Kernel(axes: axes, parallelAxes: parallelAxes, buffers: buffers, body: body) }

  /// Chooses `count` extents between 1 and 40, tails included, with at most `points` points together.
  mutating func chooseExtents(_ count: Int, points: Int) -> [Int] {
    var rest = points
    return (0..<count).map { _ in
      let extent = min(source.pick([1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 19, 24, 31, 32, 33, 40]), max(rest, 1))
      rest /= extent
      return extent
    }
  }

  /// A float type mostly, f32 more often than not; now and then one that is only stored.
  mutating func chooseType() -> ElementType {
    if source.chance(8) { return source.pick(ElementType.allCases.filter(\.isStorage)) }
    return source.pick([.f32, .f32, .f32, .f32, .f64, .i32, .i64, .ui8, .i1])
  }

  /// One axis of a buffer as an access walks it.
  private struct Dimension {
    var coordinate: AffineExpression
    var extent: Int
    var isGuarded: Bool
  }

  /// A new buffer with an access to it from the points of `visible`.
  ///
  /// An injective access walks each axis once; others leave axes out, reverse them, take every second element, sum two,
  /// as convolutions do, or take a digit of a coordinate, as reshapes do.
  mutating func makeAccess(
    _ element: ElementType, visible: [Int], use: KernelBuffer.Use, isInjective: Bool,
    indices: [(value: Int, extent: Int)] = [], mayGuard: Bool = true
  ) -> (access: Access, isComplete: Bool) {
    var dimensions: [Dimension] = []
    var isComplete = true
    var rest = visible
    while let axis = rest.popLast() {
      if !isInjective && source.chance(20) { continue }
      var coefficients = [Int](repeating: 0, count: axes.count)
      let factor = source.chance(12) ? -1 : !isInjective && source.chance(10) ? 2 : 1
      coefficients[axis] = factor
      if !isInjective, let other = rest.last, source.chance(10) {
        coefficients[other] = 1
        rest.removeLast()
      }
      let span = zip(coefficients, axes).reduce(0) { $0 + abs($1.0) * ($1.1 - 1) }
      let reverse = factor < 0 ? axes[axis] - 1 : 0
      let coordinate = AffineExpression(offset: reverse, coefficients: coefficients)
      var dimension = Dimension(coordinate: coordinate, extent: span + 1, isGuarded: false)
      if mayGuard && source.chance(15) {
        dimension.coordinate.offset += source.int(-2...2)
        dimension.extent = max(1, dimension.extent - source.int(0...3))
        dimension.isGuarded = true
        isComplete = false
      }
      if !isInjective && source.chance(12) { takeDigit(of: &dimension) }
      dimensions.append(dimension)
    }
    for index in indices { _ = index.extent }
    return place(dimensions, element, use, indices, isComplete)
  }

  /// Makes a dimension a digit of what it was, whose guard is of the digit.
  private mutating func takeDigit(of dimension: inout Dimension) {
    let modulus = source.chance(60) ? source.int(2...6) : nil
    let divisor = source.int((modulus == nil ? 2 : 1)...5)
    guard let digit = dimension.coordinate.digit(divisor: divisor, modulus: modulus, in: axes) else { return }
    let range = digit.range(in: axes)
    dimension.coordinate = digit
    if dimension.isGuarded {
      dimension.extent = max(1, range.upperBound + 1 - source.int(0...1))
    } else {
      dimension.coordinate.offset -= range.lowerBound
      dimension.extent = range.count
    }
  }

  /// Lays the dimensions out in memory in any order, sometimes with gaps, and makes the buffer.
  private mutating func place(
    _ dimensions: [Dimension], _ element: ElementType, _ use: KernelBuffer.Use, _ indices: [(value: Int, extent: Int)],
    _ wasComplete: Bool
  ) -> (access: Access, isComplete: Bool) {
    var isComplete = wasComplete
    var access = Access(buffer: 0, strides: [Int](repeating: 0, count: axes.count))
    var stride = 1
    let order = source.chance(60) ? Array(dimensions.indices) : dimensions.indices.shuffled(using: &source)
    for i in order {
      let dimension = dimensions[i]
      access.element = .sum(0, [1, stride], [access.element, dimension.coordinate], rank: axes.count)
      if dimension.isGuarded { access.guards.append(AffineGuard(dimension.coordinate, below: dimension.extent)) }
      stride *= dimension.extent
      if source.chance(8) {
        stride += source.int(1...5)
        isComplete = false
      }
    }
    for index in indices {
      access.indices.append(Access.IndexTerm(value: index.value, stride: stride))
      stride *= index.extent
    }
    if source.chance(8) {
      let shift = source.int(1...9)
      access.element.offset += shift
      stride += shift
      isComplete = false
    }
    if use == .read, let fitting = available.last(where: { $0.element == element && $0.count >= stride }) {
      stride = fitting.count
    }
    if use == .read && !access.guards.isEmpty { access.fill = makeScalar(element) }
    access.buffer = buffers.count
    buffers.append(KernelBuffer(element, count: stride, use: use))
    return (access, isComplete)
  }

  /// A small constant.
  mutating func makeScalar(_ element: ElementType) -> Scalar {
    switch element.kind {
    case .boolean: Scalar(source.chance(50))
    case .float: Scalar(source.pick([0, 1, -1, 0.5, 3.25, -0.0, 1e-3, .infinity, .nan, 2.718281828]), as: element)
    case .signed, .unsigned: Scalar(Double(source.int(-3...9)), as: element)
    }
  }

  /// Stores `value` of `block` to a new buffer, or twice to two halves of one.
  mutating func store(_ value: Int, _ block: inout Block, visible: [Int]) {
    let element = block.program.types[value]
    let (access, isComplete) = makeAccess(element, visible: visible, use: .write, isInjective: true)
    block.stores.append(Store(access, value))
    if source.chance(10) {
      var other = access
      let count = buffers[access.buffer].count
      other.element.offset += count
      buffers[access.buffer].count = 2 * count
      let candidates = block.program.types.indices.filter { block.program.types[$0] == element }
      block.stores.append(Store(other, source.pick(candidates)))
    }
    if isComplete { complete.insert(access.buffer) }
  }

  /// Loads an element that ``finishUpdates(_:)`` stores back.
  mutating func loadForUpdate(_ element: ElementType, _ program: inout ScalarProgram, visible: [Int]) -> Int {
    var (access, _) = makeAccess(element, visible: visible, use: .update, isInjective: true)
    pendingUpdates.append((access, element))
    if !access.guards.isEmpty { access.fill = makeScalar(element) }
    return program.load(access, element)
  }

  /// Stores a value to each element that was loaded for an update.
  mutating func finishUpdates(_ block: inout Block) {
    for (access, element) in pendingUpdates {
      let candidates = block.program.types.indices.filter { block.program.types[$0] == element }
      block.stores.append(Store(access, candidates.last ?? block.program.constant(makeScalar(element))))
    }
    pendingUpdates = []
  }
}
