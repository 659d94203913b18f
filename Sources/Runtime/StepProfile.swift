import FraguaKernels
import FraguaScheduling
import FraguaSource

/// Where the time of a step goes, call by call.
public struct StepProfile: Sendable {
  /// What one kernel call takes.
  public struct Call: Sendable {
    public let name: String
    public let form: Kernel.Form
    /// Where in the graph file it comes from; empty where nothing is known.
    public let origin: String
    /// The seconds that the call takes on the thread that takes longest, in the median step.
    public let seconds: Double
    /// The seconds that threads wait before it on average, in the median step: at a barrier, or for nothing.
    public let waitSeconds: Double
    /// The bytes that it moves, copies of operands included.
    public let bytes: Int
    public let flops: Int
  }

  public let calls: [Call]
  /// The seconds from the first call's beginning to the last one's end on thread 0, in the median step.
  public let stepSeconds: Double

  /// Runs `steps` steps in `frame`, which update the parameters of `store`.
  /// - Requires: the step was compiled to be profiled.
  /// - Throws: where a parameter is missing or has another type.
  public init(running frame: Frame, _ store: ParameterStore, steps: Int) throws(Diagnostic) {
    let executable = frame.executable
    let program = executable.program
    let count = program.calls.count
    let threads = executable.threads
    precondition(
      count == 0 || !frame.stamps(of: 0).isEmpty, "a step that was not compiled to be profiled is profiled")
    var busy = [[UInt64]](repeating: [], count: count)
    var waits = busy
    var totals: [UInt64] = []
    for _ in 0..<steps {
      try frame.step(store)
      for call in 0..<count {
        var longest: UInt64 = 0
        var wait: UInt64 = 0
        for thread in 0..<threads {
          let stamps = frame.stamps(of: thread)
          longest = max(longest, stamps[2 * call + 1] - stamps[2 * call])
          if call > 0 { wait += stamps[2 * call] - stamps[2 * call - 1] }
        }
        busy[call].append(longest)
        waits[call].append(wait / UInt64(threads))
      }
      let stamps = frame.stamps(of: 0)
      if let first = stamps.first, let last = stamps.last { totals.append(last - first) }
    }
    calls = program.calls.indices.map { index in
      let call = program.calls[index]
      let kernel = program.kernel(of: call)
      let schedule = executable.schedule.calls[index]
      return Call(
        name: call.name, form: kernel.form, origin: call.origin, seconds: Self.median(busy[index]),
        waitSeconds: Self.median(waits[index]),
        bytes: kernel.movedBytes + kernel.packedBytes(under: schedule, threads: executable.schedule.maximumThreads),
        flops: kernel.flops)
    }
    stepSeconds = Self.median(totals)
  }

  /// The median of nanoseconds, in seconds.
  private static func median(_ values: [UInt64]) -> Double {
    values.isEmpty ? 0 : Double(values.sorted()[values.count / 2]) / 1e9
  }
}
