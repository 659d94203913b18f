/// A sum under way: the 16 virtual lanes of the present part, and the parts before it.
struct LaneSum<Value> {
  private let nothing: Value
  private let add: (Value, Value) -> Value
  private var lanes: [Value]
  private var parts = PartTree<Value>()
  private var count = 0

  /// An empty sum.
  /// - Parameter nothing: what each lane starts at.
  init(from nothing: Value, by add: @escaping (Value, Value) -> Value) {
    self.nothing = nothing
    self.add = add
    lanes = Array(repeating: nothing, count: Kernel.sumLanes)
  }

  /// Adds the next term: `step` gives what the lane is with it.
  mutating func join(_ step: (Value) -> Value) {
    if count > 0, count % Kernel.partLength == 0 { endPart() }
    lanes[count % Kernel.sumLanes] = step(lanes[count % Kernel.sumLanes])
    count += 1
  }

  /// The sum of all terms.
  var result: Value {
    var whole = self
    whole.endPart()
    return whole.parts.joined(by: add)!
  }

  private mutating func endPart() {
    while lanes.count > 1 {
      let half = lanes.count / 2
      for lane in 0..<half { lanes[lane] = add(lanes[lane], lanes[lane + half]) }
      lanes.removeLast(half)
    }
    parts.append(lanes[0], by: add)
    lanes = Array(repeating: nothing, count: Kernel.sumLanes)
  }
}
