import FraguaSource
import FraguaTensors

/// The lists that a part of a kernel ends with.
private struct PartLists {
  var locals: [Int] = []
  var reductions: [Reduction] = []
  var yields: [Int] = []
  var sums: [Int] = []
}

/// What the text inside a kernel may refer to.
struct KernelScope {
  /// How many axes the kernel has.
  var axisCount: Int
  var buffers: [KernelBuffer]
}

extension KernelParser {
  /// Reads what follows a kernel's name: `map [2, 3] (b0: read f32[6]) { ... }`.
  mutating func kernel() throws(Diagnostic) -> Kernel {
    let formToken = token
    let form = try oneOf(Kernel.Form.self)
    let groups = try axes(form)
    let counts = groups.map(\.count)
    var summation = ContractBody.Summation.chain
    var accumulator: ElementType?
    if form == .contract {
      if token.kind == .word, text(token) != "accumulator" { summation = try oneOf(ContractBody.Summation.self) }
      if accept(word: "accumulator") { accumulator = try oneOf(ElementType.self) }
    }
    let scope = KernelScope(axisCount: counts.reduce(0, +), buffers: try buffers())
    try expect(.leftBrace)
    let body: Kernel.Body
    let parallel: Int
    switch form {
    case .map, .reduce, .rows:
      body = .rows(try stages(scope))
      parallel = counts[0]
    case .contract:
      body = .contract(try contract(counts, summation, accumulator, scope))
      parallel = counts[0] + counts[1] + counts[2]
    case .scatter:
      let initial = try part("initial", scope).program
      let index = try part("index", scope).program
      let update = try part("update", scope).program
      body = .scatter(
        ScatterBody(
          sourceAxes: counts[1], innerAxes: counts[2], initial: initial, index: index, update: update,
          epilogue: try part("epilogue", scope)))
      parallel = 1
    case .lanes:
      var lists = PartLists()
      let row = try part("row", scope, &lists, ["sums"])
      body = .lanes(LanesBody(row: row, sums: lists.sums, epilogue: try part("epilogue", scope)))
      parallel = 1
    }
    try expect(.rightBrace)
    let kernel = Kernel(axes: groups.flatMap { $0 }, parallelAxes: parallel, buffers: scope.buffers, body: body)
    if kernel.form != form {
      throw error("the kernel is of the form \(kernel.form.rawValue), not \(form.rawValue)", at: formToken)
    }
    return kernel
  }

  /// Reads the extents in as many groups as the form has.
  private mutating func axes(_ form: Kernel.Form) throws(Diagnostic) -> [[Int]] {
    let start = try expect(.leftBracket)
    var groups: [[Int]] = [[]]
    while !accept(.rightBracket) {
      if accept(.semicolon) {
        groups.append([])
        continue
      }
      if !groups[groups.count - 1].isEmpty { try expect(.comma) }
      groups[groups.count - 1].append(try count())
    }
    let expected: Int
    switch form {
    case .map, .reduce, .rows:
      expected = 2
      if groups.count == 1 { groups.append([]) }
    case .contract: expected = 4
    case .scatter: expected = 3
    case .lanes: expected = 1
    }
    if groups.count != expected {
      throw error("\(groups.count) groups of axes, but a \(form.rawValue) kernel has \(expected)", at: start)
    }
    let count = groups.reduce(0) { $0 + $1.count }
    if count > Self.mostAxes { throw error("\(count) axes are more than \(Self.mostAxes)", at: start) }
    return groups
  }

  /// Reads `(b0: read f32[6], b1: write f32[6])`.
  private mutating func buffers() throws(Diagnostic) -> [KernelBuffer] {
    try expect(.leftParenthesis)
    var buffers: [KernelBuffer] = []
    if accept(.rightParenthesis) { return buffers }
    repeat {
      let place = token
      if try numbered("b", below: Int.max) != buffers.count {
        throw error("the buffers are not numbered in turn", at: place)
      }
      try expect(.colon)
      let use = try oneOf(KernelBuffer.Use.self)
      let element = try oneOf(ElementType.self)
      try expect(.leftBracket)
      buffers.append(KernelBuffer(element, count: try count(), use: use))
      try expect(.rightBracket)
    } while accept(.comma)
    try expect(.rightParenthesis)
    return buffers
  }

  /// Reads the stages of a rows body, up to the closing brace.
  private mutating func stages(_ scope: KernelScope) throws(Diagnostic) -> RowsBody {
    var stages: [RowStage] = []
    while token.kind != .rightBrace {
      var lists = PartLists()
      let name = "stage \(stages.count)"
      if text(token) == "sweep" {
        let block = try part("sweep", scope, &lists, ["locals", "reductions"], called: name)
        stages.append(.sweep(block, locals: lists.locals, reductions: lists.reductions))
      } else {
        let block = try part("scalar", scope, &lists, ["yields"], called: name)
        stages.append(.scalar(block, yields: lists.yields))
      }
    }
    return RowsBody(stages)
  }

  /// Reads the parts of a contraction.
  private mutating func contract(
    _ counts: [Int], _ summation: ContractBody.Summation, _ accumulator: ElementType?, _ scope: KernelScope
  ) throws(Diagnostic) -> ContractBody {
    let lhs = try part("lhs", scope).program
    let rhs = try part("rhs", scope).program
    var body = ContractBody(
      batchAxes: counts[0], mAxes: counts[1], nAxes: counts[2], kAxes: counts[3], summation: summation,
      accumulator: accumulator ?? lhs.types.last ?? .f32, lhs: lhs, rhs: rhs, epilogue: try part("epilogue", scope))
    if text(token) == "rhs_sum" { body.rhsSum = try part("rhs_sum", scope) }
    if text(token) == "lhs_sum" { body.lhsSum = try part("lhs_sum", scope) }
    return body
  }

  /// Reads a part without lists.
  private mutating func part(_ name: String, _ scope: KernelScope) throws(Diagnostic) -> Block {
    var lists = PartLists()
    return try part(name, scope, &lists, [])
  }

  /// Reads `name { instructions, stores, lists }`, the lists of the names in `allowed`.
  /// - Parameter called: the part's name in ``Kernel/parts``, where it is another one.
  private mutating func part(
    _ name: String, _ scope: KernelScope, _ lists: inout PartLists, _ allowed: [String], called: String? = nil
  ) throws(Diagnostic) -> Block {
    let part = called ?? name
    note(.part(kernel: kernelNumber, part), at: token)
    try expect(word: name)
    try expect(.leftBrace)
    var reader = BlockReader(scope: scope, part: part)
    while !accept(.rightBrace) {
      if token.kind == .value {
        try instruction(&reader)
      } else if text(token) == "store" {
        note(.store(kernel: kernelNumber, part: part, reader.block.stores.count), at: advance())
        let value = try operand(reader)
        try expect(.comma)
        reader.block.stores.append(Store(try access(reader), value))
      } else if token.kind == .word, allowed.contains(text(token)) {
        try list(text(advance()), reader, &lists)
      } else {
        throw unexpected(
          (["an instruction", "'store'"] + allowed.map { "'\($0)'" }).joined(separator: ", ") + " or '}'")
      }
    }
    return reader.block
  }

  /// Reads the values of the list `name`.
  private mutating func list(_ name: String, _ reader: BlockReader, _ lists: inout PartLists) throws(Diagnostic) {
    repeat {
      switch name {
      case "locals": lists.locals.append(try operand(reader))
      case "yields": lists.yields.append(try operand(reader))
      case "sums": lists.sums.append(try operand(reader))
      default:
        let combiner = try oneOf(Combiner.self)
        lists.reductions.append(Reduction(combiner, try operand(reader)))
      }
    } while accept(.comma)
  }
}
