import Fragua

/// A step's time kernel by kernel, as people and programs read it.
struct KernelTable {
  private let profile: StepProfile

  init(_ profile: StepProfile) { self.profile = profile }

  /// Writes it to standard output: columns, or one JSON object a kernel.
  func print(asJSON: Bool) {
    guard asJSON else { return printColumns() }
    for call in profile.calls { Console.print(json(call)) }
  }

  /// Of calls that take the most time, how many are shown to people.
  private static let mostRows = 40

  private func printColumns() {
    var rows = [["kernel", "form", "us", "share", "wait us", "KB", "GB/s", "GFLOP/s", "from"]]
    let order = profile.calls.indices.sorted { profile.calls[$0].seconds > profile.calls[$1].seconds }
    let shown = Set(order.prefix(Self.mostRows))
    for (index, call) in profile.calls.enumerated() where shown.contains(index) {
      rows.append([
        call.name, call.form.rawValue, Decimals.fixed(call.seconds * 1e6, 2),
        Decimals.fixed(100 * call.seconds / profile.stepSeconds, 1) + "%", Decimals.fixed(call.waitSeconds * 1e6, 2),
        Decimals.fixed(Double(call.bytes) / 1024, 1), Decimals.fixed(rate(Double(call.bytes), call), 1),
        Decimals.fixed(rate(Double(call.flops), call), 1), call.origin,
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    for (number, row) in rows.enumerated() {
      let cells = row.enumerated().map { column, text in
        let space = String(repeating: " ", count: widths[column] - text.count)
        return [0, 1, 8].contains(column) ? text + space : space + text
      }
      let line = String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
      number == 0 ? Console.print(bold: line) : Console.print(line)
    }
    if shown.count < profile.calls.count {
      Console.print("… \(profile.calls.count - shown.count) kernels that take less; --json prints all")
    }
    let waits = profile.calls.reduce(0) { $0 + $1.waitSeconds }
    Console.print(
      "step \(Decimals.fixed(profile.stepSeconds * 1e6, 2)) us, of it \(Decimals.fixed(waits * 1e6, 2)) us waiting\n")
  }

  private func json(_ call: StepProfile.Call) -> String {
    JSON.object([
      ("kernel", .string(call.name)), ("form", .string(call.form.rawValue)), ("origin", .string(call.origin)),
      ("us", JSON(Decimals.rounded(call.seconds * 1e6, 3))),
      ("share", JSON(Decimals.rounded(call.seconds / profile.stepSeconds, 4))),
      ("wait_us", JSON(Decimals.rounded(call.waitSeconds * 1e6, 3))), ("bytes", .integer(call.bytes)),
      ("flops", .integer(call.flops)),
    ]).text
  }

  /// Billions of `amount` a second.
  private func rate(_ amount: Double, _ call: StepProfile.Call) -> Double {
    call.seconds > 0 ? amount / call.seconds / 1e9 : 0
  }
}
