import FraguaSource

extension KernelParser {
  /// Reads `schedule 2 threads { call 0 single ... barriers 1 }`.
  mutating func schedule() throws(Diagnostic) -> Schedule {
    note(.schedule, at: advance())
    var schedule = Schedule(calls: [], barriers: [], maximumThreads: try count())
    try expect(word: "threads")
    try expect(.leftBrace)
    while accept(word: "call") {
      let place = token
      note(.scheduled(call: schedule.calls.count), at: place)
      if try integer() != schedule.calls.count { throw error("the calls are not numbered in turn", at: place) }
      schedule.calls.append(try callSchedule())
    }
    let place = token
    if accept(word: "barriers") {
      note(.barriers, at: place)
      repeat { schedule.barriers.append(try count()) } while accept(.comma)
    }
    try expect(.rightBrace)
    return schedule
  }

  /// Reads `split d0 by 8 vector d1 tile n 8 x 32 direct packed scratch 64`.
  private mutating func callSchedule() throws(Diagnostic) -> CallSchedule {
    var call = CallSchedule()
    if !accept(word: "single") {
      try expect(word: "split")
      let axis = try numbered("d", below: Self.mostAxes)
      try expect(word: "by")
      call.partition = .split(axis: axis, unit: try count())
    }
    if accept(word: "vector") { call.vectorAxis = try numbered("d", below: Self.mostAxes) }
    if accept(word: "tile") {
      let laneAxis = try oneOf(ContractTile.LaneAxis.self)
      let rows = try count()
      try expect(word: "x")
      let lanes = try count()
      let broadcastPacking = try oneOf(ContractTile.Packing.self)
      call.tile = ContractTile(
        laneAxis: laneAxis, rows: rows, lanes: lanes, broadcastPacking: broadcastPacking,
        lanePacking: try oneOf(ContractTile.Packing.self))
    }
    if accept(word: "scratch") { call.scratchBytes = try count() }
    return call
  }
}

extension KernelPrinter {
  /// The bytes that `0x...` spells, or `nil`.
  static func bytes(hex: String) -> [UInt8]? {
    let digits = Array(hex.utf8)
    guard digits.starts(with: Array("0x".utf8)), digits.count % 2 == 0 else { return nil }
    func value(_ digit: UInt8) -> UInt8? {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
      default: nil
      }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for i in stride(from: 2, to: digits.count, by: 2) {
      guard let high = value(digits[i]), let low = value(digits[i + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// The text that ``quoted(_:)`` wrote, or `nil` where it cannot have.
  static func unquoted(_ text: String) -> String? {
    var result = String.UnicodeScalarView()
    var rest = text.unicodeScalars.dropFirst().dropLast()
    while let scalar = rest.popFirst() {
      guard scalar == "\\" else {
        result.append(scalar)
        continue
      }
      switch rest.popFirst() {
      case "n": result.append("\n")
      case "t": result.append("\t")
      case "\"": result.append("\"")
      case "\\": result.append("\\")
      case "u":
        guard rest.popFirst() == "{", let end = rest.firstIndex(of: "}"),
          let value = UInt32(String(rest[..<end]), radix: 16), let scalar = UnicodeScalar(value)
        else { return nil }
        result.append(scalar)
        rest = rest[rest.index(after: end)...]
      default: return nil
      }
    }
    return String(result)
  }
}
