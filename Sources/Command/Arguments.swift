import ArgumentParser
import Fragua
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling

/// A function's name, with or without its `@`.
struct FunctionName: ExpressibleByArgument {
  let name: String

  init?(argument: String) {
    name = String(argument.hasPrefix("@") ? argument.dropFirst() : argument[...])
    if name.isEmpty { return nil }
  }
}

/// `B=32`: a symbol and its value.
struct SymbolBinding: ExpressibleByArgument {
  let symbol: String
  let value: Int

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let value = Int(parts[1]) else { return nil }
    symbol = String(parts[0])
    self.value = value
  }
}

extension Target.InstructionSet: ExpressibleByArgument {}
extension Mode: ExpressibleByArgument {}

/// How to compile: what all commands that compile share.
struct CompilationArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The most threads to run on (default: the processors there are).", valueName: "N"))
  var threads: Int?

  @Option(help: ArgumentHelp("The instruction set to generate code for (default: the host's best).", valueName: "SET"))
  var cpu: Target.InstructionSet?

  @Option(
    name: .customLong("bind"), parsing: .singleValue,
    help: ArgumentHelp("The value of a symbol, as B=32. May be repeated.", valueName: "SYMBOL=N"))
  var bindings: [SymbolBinding] = []

  @Flag(
    name: .customLong("no-plan"),
    help: "Give every temporary memory of its own, to find out whether the memory plan is at fault.")
  var withoutPlan = false

  @Flag(
    name: .customLong("poison"),
    help: "Fill memory that holds nothing with 0xFF, so that an error of plan or barriers shows as NaN. Slow.")
  var poisons = false

  @Flag(
    name: .customLong("no-cache"),
    help: "Generate code even where an earlier run left it in the cache ($XDG_CACHE_HOME/fragua or ~/.cache/fragua).")
  var withoutCache = false

  @Flag(help: "Say how long each stage of compiling took.")
  var timing = false

  func validate() throws {
    try requireUsage { () throws(Diagnostic) in
      _ = try threadCount()
      _ = try symbolValues()
    }
  }

  /// The number of threads.
  /// - Throws: where it is none.
  func threadCount() throws(Diagnostic) -> Int {
    guard let threads else { return ThreadTeam.processorsAllowed }
    guard (1...1024).contains(threads) else {
      throw Diagnostic("the number of threads is \(threads), but must be from 1 to 1024")
    }
    return threads
  }

  /// The symbols' values.
  /// - Throws: where one is bound twice, or to no extent.
  func symbolValues() throws(Diagnostic) -> [String: Int] {
    var result: [String: Int] = [:]
    for binding in bindings {
      guard binding.value >= 1 else {
        throw Diagnostic("the symbol '\(binding.symbol)' is bound to \(binding.value), but extents are at least 1")
      }
      if let known = result[binding.symbol] {
        throw Diagnostic("the symbol '\(binding.symbol)' is bound twice: to \(known) and to \(binding.value)")
      }
      result[binding.symbol] = binding.value
    }
    return result
  }

  /// Where code of earlier runs lies.
  var cache: ObjectCache? { withoutCache ? nil : .standard }

  /// What is told how long compiling took.
  var reportTimes: (@Sendable (String, CompilationTimes) -> Void)? { timing ? TimingTable.report : nil }

  /// Checks that no symbol is bound where all extents are numbers, as in the dump of kernels called `place`.
  func refuseBindings(of place: String) throws(Diagnostic) {
    if let symbol = try symbolValues().keys.min() { throw unknownSymbol(symbol, in: place, known: []) }
  }

  /// The options for the compiler.
  func compilerOptions(mode: Mode? = nil) throws(Diagnostic) -> CompilerOptions {
    let execution = try executionOptions(batch: nil)
    var options = execution.compilerOptions(execution.bindings)
    options.mode = mode
    return options
  }

  /// The options for running over data.
  func executionOptions(batch: Int?) throws(Diagnostic) -> ExecutionOptions {
    ExecutionOptions(
      batch: batch, threads: try threadCount(), cpu: cpu, usesMemoryPlan: !withoutPlan, poisonsDeadBytes: poisons,
      cache: cache, reportTimes: reportTimes, bindings: try symbolValues())
  }
}

/// Runs `body`, whose error is one of the usage: what it checks is wrong whatever the files are.
func requireUsage(_ body: () throws(Diagnostic) -> Void) throws {
  do throws(Diagnostic) { try body() } catch {
    throw ValidationError(([error.message] + error.notes.map(\.message)).joined(separator: "; "))
  }
}

/// Checks that a batch has rows.
func requireBatch(_ batch: Int?) throws {
  try requireUsage { () throws(Diagnostic) in try TrainingOptions(batch: batch).check() }
}
