import ArgumentParser

/// Arguments as people write them who come from other tools.
enum ForeignArguments {
  /// `arguments` where a negative number that follows an option is its value, not an option itself: `--epochs -1` is
  /// `--epochs=-1`, and what is wrong with it can be said.
  static func joined(_ arguments: [String]) -> [String] {
    var result: [String] = []
    for argument in arguments {
      if let option = result.last, option.hasPrefix("--"), option.count > 2, !option.contains("="), isNegative(argument)
      {
        result[result.count - 1] = option + "=" + argument
      } else {
        result.append(argument)
      }
    }
    return result
  }

  private static func isNegative(_ text: String) -> Bool { text.hasPrefix("-") && Double(text) != nil }

  /// `error`, or what to write in place of the option of another tool that it complains about.
  static func explained(_ error: any Error, _ arguments: [String]) -> any Error {
    guard FraguaCommand.exitCode(for: error) == .validationFailure else { return error }
    let prefix = "Error: Unknown option '"
    let message = FraguaCommand.fullMessage(for: error)
    guard message.hasPrefix(prefix) else { return error }
    let option = String(message.dropFirst(prefix.count).prefix { $0 != "'" && $0 != "=" && $0 != " " })
    let command = arguments.first
    let name = option.drop { $0 == "-" }.lowercased().split(separator: "_").joined(separator: "-")
    guard let hint = hint(for: name, command) else { return error }
    return UsageError(command: command, message: "unknown option '\(option)'", hint: hint)
  }

  /// What to write for the option `name` of another tool; `nil` where that is not known.
  private static func hint(for name: String, _ command: String?) -> String? {
    switch name {
    case "lr", "learning-rate", "rate", "momentum", "optimizer", "optim", "weight-decay":
      "the graph says it, in its training: 'optimizer = adam(learning_rate = 0.01)'."
    case "loss", "metrics", "metric":
      "the graph says it: 'train @fit minimize @loss { metrics = [@accuracy] ... }'."
    case "batch-size", "bs", "b": "the rows of a batch are '--batch N'."
    case "output", "output-dir", "save", "o": "results go to '--out'."
    case "weights", "model", "checkpoint", "load", "resume", "parameters":
      command == "train" ? "a training goes on from '--init FILE'." : "parameters are given with '--params FILE'."
    case "input", "inputs", "dataset", "x", "y", "train-data": "data are given with '--data NAME=SOURCE'."
    case "val", "valid", "val-data", "validation-data", "test", "eval":
      command == "train" ? "validation data are given with '--validation NAME=SOURCE'." : nil
    case "device", "gpu", "cuda": "it runs on the processor; '--threads N' chooses how many threads."
    default: nil
    }
  }
}
