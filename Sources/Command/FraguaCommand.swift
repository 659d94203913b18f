import ArgumentParser
import Fragua
import FraguaSource

/// `fragua`: the root of the subcommands.
struct FraguaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fragua",
    abstract: "Train, run and look into neural networks written as graph files.",
    discussion: """
      A graph file declares parameters, functions, and how to train them. Start with

        fragua check graphs/student.graph
        fragua train graphs/student.graph --epochs 100 --out out \\
          --data x=graphs/data/students.csv:classes,hours \\
          --data y=graphs/data/students.csv:passed
        fragua run graphs/student.graph --params out/parameters.safetensors \\
          --data 'x=[[4, 5]]'

      NAME=SOURCE gives data for the function's argument %NAME. SOURCE is file.csv:COLUMN,COLUMN, file.npy, file.npz:KEY, \
      file.safetensors:KEY, an IDX file (gzipped or not), or numbers in brackets such as [[4, 5], [10, 2.5]].

      Exit status: 0 done, 1 the input is at fault, 2 the usage is wrong, 70 a defect of fragua; a training that \
      was told to end and saved: 130 by Ctrl-C, 143 by SIGTERM, 129 by a terminal that closed.
      """,
    version: "0.1.0",
    subcommands: [
      CheckCommand.self, TrainCommand.self, PredictCommand.self, RunCommand.self, PrintCommand.self, BenchCommand.self,
      OpsCommand.self, PassesCommand.self,
    ])
}

/// What the exit status says.
enum ExitStatus: Int32, Error {
  case done = 0
  /// The input is at fault; a diagnostic says where and what to do.
  case input = 1
  /// The command line is wrong.
  case usage = 2
  /// A defect of ours.
  case defect = 70
  // Told to end by a signal, after saving: 128 and the signal's number, as shells have it.
  case hungUp = 129
  case interrupted = 130
  case terminated = 143
}

/// A mistake in the usage that shows only once the graph is known.
struct UsageError: Error {
  /// The subcommand whose help helps; `nil` is the help of all.
  let command: String?
  let message: String
  let hint: String

  var text: String {
    let name = command.map { "fragua " + $0 } ?? "fragua"
    return "Error: \(Console.name(message))\nHelp:  \(hint)\n  See '\(name) --help' for more information."
  }
}

extension FraguaCommand {
  /// Checks that the first of `arguments` names a command, if it is a name.
  static func checkCommand(_ arguments: [String]) throws {
    guard let name = arguments.first, !name.hasPrefix("-") else { return }
    let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    if known.contains(name) { return }
    let near = nearestName(to: name, among: known)
    throw UsageError(
      command: nil, message: "there is no command '\(name)'",
      hint: near.map { "did you mean '\($0)'?" } ?? "the commands are \(known.joined(separator: ", ")).")
  }

  /// Runs the subcommand that `arguments` name, and tells the user what went wrong, if anything; that standard output
  /// could not be written to, too.
  static func runSubcommand(_ arguments: [String]) -> ExitStatus {
    let status = runParsed(arguments)
    Console.closeOutput()
    guard let failure = Console.outputFailure else { return status }
    _ = report(failure, arguments)
    return status == .done ? .input : status
  }

  /// Runs the subcommand that `arguments` name, and tells the user what went wrong with it.
  private static func runParsed(_ arguments: [String]) -> ExitStatus {
    do {
      try checkCommand(arguments)
      var command = try parseAsRoot(ForeignArguments.joined(arguments))
      try command.run()
      return .done
    } catch { return report(ForeignArguments.explained(error, arguments), arguments) }
  }

  /// Tells the user about `error`, which came of `arguments`, and gives the exit status for it.
  static func report(_ error: any Error, _ arguments: [String]) -> ExitStatus {
    switch error {
    case let status as ExitStatus: return status
    case let errors as Diagnostics:
      Console.error(errors.rendered)
      return .input
    case let error as Diagnostic:
      Console.error(Diagnostics([error]).rendered)
      return .input
    case let error as UsageError:
      Console.error(error.text)
      return .usage
    default: break
    }
    if exitCode(for: error) == .success {
      Console.print(fullMessage(for: error))
      return .done
    }
    var message = fullMessage(for: error)
    for argument in arguments {
      let shown = Console.name(argument).shortened(to: 120)
      if shown != argument { message = message.replacing(argument, with: shown) }
    }
    Console.error(message)
    return .usage
  }
}
