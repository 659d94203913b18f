import FraguaCodeGen
import FraguaKernels
import FraguaRuntime
import FraguaScheduling
import FraguaTensors
import TestSupport

/// A kernel program with data, and what the kernel interpreter makes of it: what compiled code must give bit for bit.
struct ProgramRuns {
  /// What a run gives back.
  struct Outcome {
    var results: [Tensor]
    /// All parameters after the run, by name.
    var parameters: [String: Tensor]
  }

  let program: KernelProgram
  let arguments: [Tensor]
  let parameters: [String: Tensor]
  /// What run after run gives, each on the parameters that the one before left.
  let outcomes: [Outcome]

  /// Interprets `program` twice.
  /// - Throws: what the verifier finds.
  init(_ program: KernelProgram, _ arguments: [Tensor], _ parameters: [String: Tensor]) throws {
    self.program = program
    self.arguments = arguments
    self.parameters = parameters.filter { program.parameterNames.contains($0.key) }
    let interpreter = try KernelInterpreter(program)
    var outcomes: [Outcome] = []
    for _ in 0..<2 {
      let run = try interpreter.run(arguments: arguments, parameters: outcomes.last?.parameters ?? self.parameters)
      outcomes.append(Outcome(results: run.results, parameters: run.parameters))
    }
    self.outcomes = outcomes
  }

  /// Where the checkers of the schedule and the plan object, or the printed text does not read back as the same;
  /// `nil` where all is well.
  static func violation(_ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan) throws -> String? {
    let violations = BarrierChecker.check(program, schedule) + MemoryPlanChecker.check(program, schedule, plan)
    if let first = violations.first { return first.message }
    let dump = KernelDump(program, schedule: schedule, plan: plan)
    let text = KernelPrinter.print(dump)
    let parsed = try KernelParser.parse(.init(path: "dump", text: text))
    if parsed != dump { return "the printed program reads back as another one:\n\(text)" }
    return KernelPrinter.print(parsed) == text ? nil : "the program prints differently after it was read:\n\(text)"
  }

  /// Where `executable` differs from the interpreter; `nil` where it does not.
  func difference(_ executable: Executable) throws -> String? {
    Self.difference(try outcomes(of: executable), outcomes)
  }

  /// What `executable` gives where the interpreter gave ``outcomes``.
  func outcomes(of executable: Executable) throws -> [Outcome] {
    let store = ParameterStore(parameters)
    return try outcomes.map { _ in
      let results = try executable.run(arguments, store)
      return Outcome(
        results: results, parameters: Dictionary(uniqueKeysWithValues: parameters.keys.map { ($0, store[$0]!) }))
    }
  }

  /// Where two series of outcomes of one function differ; `nil` where they do not.
  static func difference(_ one: [Outcome], _ other: [Outcome]) -> String? {
    for (run, (a, b)) in zip(one, other).enumerated() {
      for (i, (x, y)) in zip(a.results, b.results).enumerated() {
        if let difference = x.firstDifference(from: y) { return "run \(run), result \(i), \(difference)" }
      }
      for (name, x) in a.parameters {
        guard let y = b.parameters[name] else { return "'@\(name)' belongs to one of them" }
        if let difference = x.firstDifference(from: y) { return "run \(run), @\(name), \(difference)" }
      }
    }
    return nil
  }

  /// The program compiled under `schedule`, ready for 1, 2 and 4 threads.
  func executables(
    under schedule: Schedule, _ processor: Processor, reusesMemory: Bool, poisons: Bool = false
  ) -> [Executable] {
    let plan = MemoryPlanner.plan(program, schedule, reusesMemory: reusesMemory)
    let objects = StepCompiler.compile(
      program, schedule, plan, processor, StepInstrumentation(poisonsDeadBytes: poisons)
    )
    return [1, 2, 4].filter { $0 <= schedule.maximumThreads }.map {
      Executable(LoadedStep(objects), program, schedule, plan, threads: $0)
    }
  }
}
