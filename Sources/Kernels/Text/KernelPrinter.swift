import FraguaTensors

/// Writes kernel programs as text, as ``KernelDump`` shows; ``KernelParser`` reads the text back as an equal value.
public struct KernelPrinter {
  /// Whether constants longer than some bytes are left out: for people. Such a text cannot be parsed.
  private let elidesConstants: Bool
  private var text = ""
  private var depth = 0

  private init(elidesConstants: Bool) { self.elidesConstants = elidesConstants }

  /// The text of `dump`.
  public static func print(_ dump: KernelDump, elidingConstants: Bool = false) -> String {
    var printer = KernelPrinter(elidesConstants: elidingConstants)
    printer.print(dump)
    return printer.text
  }

  /// The text of one kernel, called `@name`.
  public static func print(_ kernel: Kernel, name: String = "k0") -> String {
    var printer = KernelPrinter(elidesConstants: false)
    printer.print(kernel, name)
    return printer.text
  }

  /// Adds an indented line.
  private mutating func line(_ line: String) {
    if !line.isEmpty { text += String(repeating: "  ", count: depth) + line }
    text += "\n"
  }

  /// Adds `head {`, what `body` prints, and `}`.
  private mutating func braces(_ head: String, _ body: (inout KernelPrinter) -> Void) {
    line(head + " {")
    depth += 1
    body(&self)
    depth -= 1
    line("}")
  }

  private mutating func print(_ dump: KernelDump) {
    let program = dump.program
    line("kernels @\(program.name) version 1 {stage = \"\(dump.stage.rawValue)\"}")
    line("")
    if !program.argumentNames.isEmpty { line("arguments " + Self.list(program.argumentNames)) }
    if !program.resultNames.isEmpty { line("results " + Self.list(program.resultNames)) }
    if !program.argumentNames.isEmpty || !program.resultNames.isEmpty { line("") }
    for (i, constant) in program.constants.enumerated() { print(constant.tensor, i) }
    for buffer in program.buffers {
      line("buffer %\(buffer.name) : \(buffer.type) = \(Self.kind(buffer.kind))")
    }
    for (i, kernel) in program.kernels.enumerated() {
      line("")
      print(kernel, "k\(i)")
    }
    if !program.calls.isEmpty { line("") }
    for call in program.calls {
      let buffers = call.buffers.map { program.buffers.indices.contains($0) ? "%" + program.buffers[$0].name : "?" }
      line(
        "call @k\(call.kernel)(\(buffers.joined(separator: ", "))) "
          + "{name = \(Self.quoted(call.name)), origin = \(Self.quoted(call.origin))}")
    }
    if let schedule = dump.schedule { print(schedule) }
    if let plan = dump.plan { print(plan, program) }
  }

  /// The bytes of a constant.
  private mutating func print(_ tensor: Tensor, _ number: Int) {
    let digits = Array("0123456789abcdef".utf8)
    let hex = tensor.withBytes { bytes -> String in
      if elidesConstants && bytes.count > 32 { return "..." }
      var hex = Array("0x".utf8)
      for byte in bytes { hex += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
      return String(decoding: hex, as: UTF8.self)
    }
    line("constant \(number) : \(tensor.type) = dense<\"\(hex)\">")
  }

  /// What a buffer is at the boundary.
  private static func kind(_ kind: ProgramBuffer.Kind) -> String {
    switch kind {
    case .argument(let i): "argument \(i)"
    case .result(let i): "result \(i)"
    case .parameter(let name): "parameter \(quoted(name))"
    case .temporary: "temporary"
    case .constant(let i): "constant \(i)"
    }
  }

  private mutating func print(_ schedule: Schedule) {
    line("")
    braces("schedule \(schedule.maximumThreads) threads") { printer in
      for (i, call) in schedule.calls.enumerated() {
        var text = "call \(i) "
        switch call.partition {
        case .single: text += "single"
        case .split(let axis, let unit): text += "split d\(axis) by \(unit)"
        }
        if let axis = call.vectorAxis { text += " vector d\(axis)" }
        if let tile = call.tile {
          text += " tile \(tile.laneAxis.rawValue) \(tile.rows) x \(tile.lanes)"
          text += " \(tile.broadcastPacking.rawValue) \(tile.lanePacking.rawValue)"
        }
        if call.scratchBytes != 0 { text += " scratch \(call.scratchBytes)" }
        printer.line(text)
      }
      if !schedule.barriers.isEmpty {
        printer.line("barriers " + schedule.barriers.map(String.init).joined(separator: ", "))
      }
    }
  }

  private mutating func print(_ plan: MemoryPlan, _ program: KernelProgram) {
    line("")
    let head = "plan arena \(plan.arenaBytes) lower_bound \(plan.lowerBoundBytes) "
    braces(head + "scratch \(plan.scratchOffset) stride \(plan.scratchStride)") { printer in
      for (i, offset) in plan.offsets.enumerated() {
        guard let offset, program.buffers.indices.contains(i) else { continue }
        printer.line("%\(program.buffers[i].name) at \(offset)")
      }
    }
  }

  private mutating func print(_ kernel: Kernel, _ name: String) {
    let buffers = kernel.buffers.enumerated().map { "b\($0): \($1.use.rawValue) \($1.element.rawValue)[\($1.count)]" }
    var head = "kernel @\(name) \(kernel.form.rawValue) [\(Self.axes(kernel))]"
    if case .contract(let body) = kernel.body, body.summation != .chain { head += " \(body.summation.rawValue)" }
    if case .contract(let body) = kernel.body, body != body.widened {
      head += " accumulator \(body.accumulator.rawValue)"
    }
    braces(head + " (\(buffers.joined(separator: ", ")))") { printer in
      for part in kernel.parts { printer.print(part, kernel) }
    }
  }

  /// The extents in their groups.
  private static func axes(_ kernel: Kernel) -> String {
    var counts: [Int]
    switch kernel.body {
    case .rows: counts = [kernel.parallelAxes, kernel.axes.count - kernel.parallelAxes]
    case .contract(let body): counts = [body.batchAxes, body.mAxes, body.nAxes, body.kAxes]
    case .scatter(let body): counts = [1, body.sourceAxes, body.innerAxes]
    case .lanes: counts = [kernel.axes.count]
    }
    if case .rows = kernel.body, counts[1] == 0 { counts.removeLast() }
    var rest = kernel.axes[...]
    let groups = counts.map { count -> String in
      defer { rest = rest.dropFirst(max(count, 0)) }
      return rest.prefix(max(count, 0)).map(String.init).joined(separator: ", ")
    }
    return groups.joined(separator: "; ").trimmingEnd()
  }

  /// One program with what its form says of its values.
  private mutating func print(_ part: KernelPart, _ kernel: Kernel) {
    var head = part.name
    var lists: [(String, [String])] = []
    func values(_ numbers: [Int]) -> [String] { numbers.map { "%\($0)" } }
    switch kernel.body {
    case .rows(let body):
      switch body.stages[part.order] {
      case .sweep(_, let locals, let reductions):
        head = "sweep"
        lists = [
          ("locals", values(locals)), ("reductions", reductions.map { "\($0.combiner.rawValue) %\($0.value)" }),
        ]
      case .scalar(_, let yields):
        head = "scalar"
        lists = [("yields", values(yields))]
      }
    case .lanes(let body):
      if part.order == 0 { lists = [("sums", values(body.sums))] }
    case .contract, .scatter: break
    }
    braces(head) { printer in
      let program = part.block.program
      for (i, instruction) in program.instructions.enumerated() {
        let type = program.types[i].rawValue
        printer.line("%\(i) = \(Self.text(of: instruction)) : \(type)")
      }
      for store in part.block.stores { printer.line("store %\(store.value), \(Self.text(of: store.access))") }
      for (name, list) in lists where !list.isEmpty { printer.line("\(name) \(list.joined(separator: ", "))") }
    }
  }
}

extension String {
  /// The text without blanks at its end.
  fileprivate func trimmingEnd() -> String {
    var copy = self
    while copy.last == " " { copy.removeLast() }
    return copy
  }
}
