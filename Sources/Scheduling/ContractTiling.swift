import FraguaKernels
import FraguaTensors

/// Chooses the register tile and the packing of a contraction by estimated cycles.
public struct ContractTiling {
  let kernel: Kernel
  let body: ContractBody
  let target: Target

  init(kernel: Kernel, body: ContractBody, target: Target) {
    (self.kernel, self.body, self.target) = (kernel, body.widened, target)
  }

  private var type: ElementType { body.accumulator }
  /// The lanes of a vector of the contraction's type.
  private var lanes: Int { max(1, target.vectorBytes / max(4, type.byteCount)) }

  /// The cheapest tile.
  func best() -> ContractTile {
    if body.summation == .lanes { return Self.alongK(rows: rowsAlongK, kernel, body) }
    var best: (cycles: Double, tile: ContractTile)?
    for laneAxis in [ContractTile.LaneAxis.n, .m] {
      for vectors in vectorCounts(laneAxis) {
        // Accumulators, a vector of each column, one broadcast.
        let most = max(1, min(16, (target.vectorRegisters - vectors - 1) / vectors))
        for rows in 1...most {
          let tile = tile(laneAxis, vectors, rows)
          let cycles = cycles(tile, vectors)
          if best == nil || cycles < best!.cycles { best = (cycles, tile) }
        }
      }
    }
    return best!.tile
  }

  /// The tile of so many rows whose lanes are those of the sums.
  private static func alongK(rows: Int, _ kernel: Kernel, _ body: ContractBody) -> ContractTile {
    var tile = ContractTile(
      laneAxis: .k, rows: min(rows, Kernel.sumLanes), lanes: Kernel.sumLanes, broadcastPacking: .direct,
      lanePacking: .direct)
    // Where the lanes are no vector of terms, these are added one by one.
    if ContractScratch.broadcastAxis(kernel, body, tile) == nil || !kernel.sumsAlongInnermostAxis {
      tile.rows = 1
    }
    return tile
  }

  /// The rows whose sums run in registers beside the lanes of the factor that they share: a power of two, since their
  /// sums are joined together. More than 8 streams of memory would push each other out of the cache.
  private var rowsAlongK: Int {
    let vectors = (Kernel.sumLanes + lanes - 1) / lanes
    return [8, 4, 2].first { ($0 + 1) * vectors <= target.vectorRegisters } ?? 1
  }

  /// How many vectors a tile may have. Of a single row all registers are of one row: its memory is read in long pieces,
  /// and enough additions are under way.
  private func vectorCounts(_ laneAxis: ContractTile.LaneAxis) -> [Int] {
    let probe = tile(laneAxis, 1, 1)
    let rows = ContractScratch.broadcastAxis(kernel, body, probe).map { kernel.axes[$0] } ?? 1
    return rows == 1 ? [1, 2, 3, 4, 6, 8, 12] : [1, 2, 3, 4]
  }

  private func tile(_ laneAxis: ContractTile.LaneAxis, _ vectors: Int, _ rows: Int) -> ContractTile {
    var tile = ContractTile(
      laneAxis: laneAxis, rows: rows, lanes: vectors * lanes, broadcastPacking: .direct, lanePacking: .direct)
    if ContractScratch.laneAxis(kernel, body, tile) == nil { tile.lanes = 1 }
    tile.broadcastPacking = broadcastPacking(tile)
    tile.lanePacking = packing(tile)
    return tile
  }

  /// `tile` with what the emitter cannot do replaced: lanes along k unless sums run so, scalars where there is no axis
  /// for lanes, copies of operands that do not lie ready.
  public static func legal(_ tile: ContractTile, _ kernel: Kernel, _ body: ContractBody, _ target: Target)
    -> ContractTile
  {
    if body.summation == .lanes { return alongK(rows: tile.rows, kernel, body) }
    let tiling = ContractTiling(kernel: kernel, body: body, target: target)
    let body = tiling.body
    var tile = tile
    if tile.laneAxis == .k { tile.laneAxis = .n }
    if ContractScratch.laneAxis(kernel, body, tile) == nil { tile.lanes = 1 }
    if ContractScratch.broadcastAxis(kernel, body, tile) == nil { tile.rows = 1 }
    if !tiling.isPlainLoad(tile.laneAxis == .n ? body.lhs : body.rhs) { tile.broadcastPacking = .packed }
    let lanes = tile.laneAxis == .n ? body.rhs : body.lhs
    if !tiling.isPlainLoad(lanes) { tile.lanePacking = .packed }
    if let axis = ContractScratch.laneAxis(kernel, body, tile), case .load(let access)? = lanes.instructions.last,
      access.stride(along: axis) != 1, !tiling.canTranspose(tile)
    {
      tile.lanePacking = .packed
    }
    if tiling.needsOneK { (tile.broadcastPacking, tile.lanePacking) = (.packed, .packed) }
    return tile
  }

  /// Whether parts end within the innermost of several k axes: copies of both operands have one k.
  private var needsOneK: Bool {
    body.kAxes > 1 && kernel.axes.suffix(body.kAxes).reduce(1, *) > Kernel.partLength
  }

  // MARK: Packing

  /// The rows of the squares in which lanes that lie along k are transposed: what 16 bytes hold.
  public static func squareSide(_ type: ElementType) -> Int { 16 / max(4, type.byteCount) }

  /// Whether the operand along the lanes can be read as it lies though its lanes are rows of memory: there are whole
  /// squares of it.
  private func canTranspose(_ tile: ContractTile) -> Bool {
    let program = tile.laneAxis == .n ? body.rhs : body.lhs
    guard lanes > 1, body.kAxes == 1, type.byteCount >= 4, isPlainLoad(program), let stride = laneStride(tile),
      stride > 1,
      case .load(let access) = program.instructions[0]
    else { return false }
    return access.stride(along: kernel.axes.count - 1) == 1 && kernel.axes.last! >= Self.squareSide(type)
  }

  /// Whether transposing in registers is better than a copy: each square is used once, and registers are left for one
  /// and what comes of it. Few vectors do: what is read at once are as many rows of memory as there are lanes, which may
  /// share so few sets of the cache that they push each other out.
  private func shouldTranspose(_ tile: ContractTile) -> Bool {
    let vectors = tile.lanes / lanes
    let rows = ContractScratch.broadcastAxis(kernel, body, tile).map { kernel.axes[$0] } ?? 1
    return canTranspose(tile) && rows <= tile.rows && vectors <= target.vectorRegisters / 8
      && vectors * tile.rows + 2 * Self.squareSide(type) <= target.vectorRegisters
  }

  private static let pageBytes = 4096
  /// How many pages can be read in turn without delay: many processors hold the addresses of 64 at hand.
  private static let residentPages = 64

  /// Whether the tile reads the lanes so.
  private func isTransposed(_ tile: ContractTile) -> Bool { tile.lanePacking == .direct && canTranspose(tile) }

  /// Whether a factor is one load without conditions, of the type that is multiplied.
  private func isPlainLoad(_ program: ScalarProgram) -> Bool {
    guard program.instructions.count == 1, case .load(let access) = program.instructions[0] else { return false }
    return access.isLinear
  }

  /// The operand that is broadcast is copied where it is computed, or where each k is in another row of memory: of
  /// every cache line a tile takes a few elements, and rows may share so few sets of the cache that they push each
  /// other out.
  private func broadcastPacking(_ tile: ContractTile) -> ContractTile.Packing {
    let program = tile.laneAxis == .n ? body.lhs : body.rhs
    guard !needsOneK, isPlainLoad(program), case .load(let access) = program.instructions[0] else { return .packed }
    let columns = ContractScratch.laneAxis(kernel, body, tile).map { kernel.axes[$0] } ?? 1
    let isAcrossRows = access.element.coefficients.last! > 1 && kernel.axes.last! >= 64
    return isAcrossRows && columns >= 64 ? .packed : .direct
  }

  /// The operand along the lanes is copied where it is computed or scattered, or where enough rows use it again and what
  /// a tile reads of it has left the cache by then, or the buffer of page addresses, as in a matrix of long rows.
  private func packing(_ tile: ContractTile) -> ContractTile.Packing {
    let program = tile.laneAxis == .n ? body.rhs : body.lhs
    guard !needsOneK, isPlainLoad(program), case .load(let access) = program.instructions[0] else { return .packed }
    guard let axis = ContractScratch.laneAxis(kernel, body, tile) else { return .direct }
    let k = kernel.axes.suffix(body.kAxes).reduce(1, *)
    let rows = ContractScratch.broadcastAxis(kernel, body, tile).map { kernel.axes[$0] } ?? 1
    guard access.stride(along: axis) == 1 else { return shouldTranspose(tile) ? .direct : .packed }
    let rowBytes = abs(access.element.coefficients.last!) * type.byteCount
    guard rows >= (rowBytes >= Self.pageBytes ? 32 : 64) else { return .direct }
    let pages = k * min(rowBytes, Self.pageBytes) / Self.pageBytes
    return k >= 384 || pages > Self.residentPages ? .packed : .direct
  }

  /// About how many cycles the whole product takes on one thread.
  private func cycles(_ tile: ContractTile, _ vectors: Int) -> Double {
    let k = Double(kernel.axes.suffix(body.kAxes).reduce(1, *))
    let rowExtent = ContractScratch.broadcastAxis(kernel, body, tile).map { kernel.axes[$0] } ?? 1
    let laneExtent = ContractScratch.laneAxis(kernel, body, tile).map { kernel.axes[$0] } ?? 1
    let outer = Double(kernel.axes.prefix(kernel.parallelAxes).reduce(1, *)) / Double(rowExtent * laneExtent)
    let rowAccesses = rowAccesses(tile)
    var total = 0.0
    for row in AxisPart.balanced(rowExtent, atMost: tile.rows) {
      for lane in AxisPart.balanced((laneExtent + lanes - 1) / lanes, atMost: vectors) {
        let products = Double(row.size * lane.size)
        let loads = Double(row.size + lane.size)
        // Two products a cycle; four cycles of latency; broadcasts and loads two a cycle.
        var step = max(products / 2, 4, loads / 2) + loads * loadCycles
        // Two shuffles a vector, beside the products.
        if isTransposed(tile) { step += Double(lane.size) }
        // What the epilogue needs has time to come where k is long: what it reads is asked for at first.
        let wait = max(0, Double(row.size * rowAccesses) * Self.rowCycles - k * step)
        total += Double(row.count * lane.count) * (k * step + wait + 20)
      }
    }
    if tile.lanePacking == .packed {
      let isContiguous = laneStride(tile) == 1
      total += k * Double(laneExtent) / Double(lanes) * (isContiguous ? 2 : canTranspose(tile) ? 3 : 5)
    }
    if tile.broadcastPacking == .packed { total += k * Double(rowExtent) / Double(lanes) * 4 }
    total += Double(rowExtent * laneExtent) * (1 / Double(lanes) + 1.5 * Double(scatteredAccesses(tile)))
    return total * outer
  }

  /// What a load costs beside products: next to nothing with 32 registers; processors with 16 often take two operations
  /// for a vector (4 x 24 is 2 to 10 % faster than 4 x 16 on Zen 1).
  private var loadCycles: Double { target.vectorRegisters > 16 ? 0.02 : 0.15 }

  /// How far the lanes of the first load lie apart; `nil` where that differs.
  private func laneStride(_ tile: ContractTile) -> Int? {
    let program = tile.laneAxis == .n ? body.rhs : body.lhs
    guard let axis = ContractScratch.laneAxis(kernel, body, tile) else { return 1 }
    for case .load(let access) in program.instructions { return access.stride(along: axis) }
    return 1
  }

  /// About how long the epilogue waits for a row of memory: rows lie too far apart for the processor to guess the next.
  private static let rowCycles = 20.0

  /// How many buffers the epilogue reads or writes that have a row of memory for each row of the tile.
  private func rowAccesses(_ tile: ContractTile) -> Int {
    guard let rows = ContractScratch.broadcastAxis(kernel, body, tile),
      let lanes = ContractScratch.laneAxis(kernel, body, tile)
    else { return 0 }
    return Set(epilogueAccesses.filter { $0.stride(along: rows) != 0 && $0.stride(along: lanes) == 1 }.map(\.buffer))
      .count
  }

  private var epilogueAccesses: [Access] {
    let loads = body.epilogue.program.instructions.compactMap { instruction -> Access? in
      if case .load(let access) = instruction { access } else { nil }
    }
    return loads + body.epilogue.stores.map(\.access)
  }

  /// How many accesses of the epilogue lie across the lanes, and take each lane by itself.
  private func scatteredAccesses(_ tile: ContractTile) -> Int {
    guard let axis = ContractScratch.laneAxis(kernel, body, tile) else { return 0 }
    return epilogueAccesses.count { ![0, 1].contains($0.stride(along: axis)) }
  }
}
