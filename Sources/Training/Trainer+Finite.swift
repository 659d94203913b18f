import Foundation
import FraguaGraph
import FraguaSource
import FraguaTensors

/// Numbers that are not finite: what a training says about them.
extension Trainer {
  /// Checks that the parameters which a training from the file at `path` starts with are finite.
  static func checkFinite(_ tensors: [String: Tensor], of parameters: [Parameter], path: String) throws(Diagnostic) {
    let wrong = parameters.filter { $0.isTrainable && tensors[$0.name]?.isFinite == false }.map(\.name)
    guard let first = wrong.first, let tensor = tensors[first] else { return }
    let position = (0..<tensor.count).first { !tensor[$0].asDouble.isFinite } ?? 0
    let others = wrong.count > 1 ? " (and in \(wrong.count - 1) more tensor\(wrong.count == 2 ? "" : "s"))" : ""
    throw Diagnostic("'\(path)' has \(tensor[position].asDouble) in '\(first)', element \(position + 1)\(others)")
      .noting("a training goes on from finite numbers only")
  }

  /// The loss of a step is infinite or no number.
  /// - Parameters:
  ///   - rows: the step's rows of the data.
  ///   - saved: the epoch after which this run saved last, if it did.
  ///   - history: the losses of the steps before.
  func notFinite(
    _ loss: Double, epoch: Int, step: Int, rows: ArraySlice<Int>, saved: Int?, history: LossHistory
  ) -> Diagnostic {
    var error = Diagnostic(
      "the loss of '@\(name)' is \(Scalar(loss).text) in epoch \(epoch), step \(step)", at: target.location)
    if let (argument, row) = loop.layout.firstNotFinite(rows) {
      error = error.noting("the data for '%\(argument)' have a number that is not finite in row \(row + 1)")
    } else {
      let names = parametersNotFinite
      if let growth = history.growth { error = error.noting(growth) }
      let isSilent = names.isEmpty && history.growth != nil
      if !isSilent {
        error = error.noting(
          names.isEmpty
            ? "the parameters are finite after the step: it is the loss itself that overflows, or is no number for these rows"
            : "after the step \(Self.words(names, of: trainedParameters)) not finite")
      }
      error = error.noting(Self.hint)
    }
    return noting(error, saved)
  }

  /// What to say of figures of the validation that are no numbers; `nil` where all are.
  func validationWarning(_ figures: Figures, epoch: Int) -> Diagnostic? {
    let all = [(name: "loss", value: figures.loss)] + figures.metrics
    guard let (name, value) = all.first(where: { !$0.value.isFinite }), let validation else { return nil }
    var warning = Diagnostic.warning(
      "the \(name) of '@\(self.name)' over the validation data is \(Scalar(value).text) in epoch \(epoch)",
      at: target.location)
    if let (argument, row) = validation.layout.firstNotFinite {
      warning = warning.noting("the data for '%\(argument)' have a number that is not finite in row \(row + 1)")
    }
    return warning
  }

  /// Checks that the parameters are finite before they replace others.
  /// - Parameter saved: the epoch after which this run saved last, if it did.
  func checkFinite(epochs: Int, steps: Int, saved: Int?) throws(Diagnostics) {
    let names = parametersNotFinite
    if names.isEmpty { return }
    let place = steps == 0 ? "epoch \(epochs)" : "step \(steps) of epoch \(epochs + 1)"
    let error = Diagnostic(
      "after \(place) of '@\(name)', \(Self.words(names, of: trainedParameters)) not finite", at: target.location)
    throw Diagnostics([noting(error.noting(Self.hint), saved)])
  }

  /// What often helps.
  private static let hint = "a smaller learning rate, scaled data, or a loss of logits for probabilities often help"

  /// `error` with what is left of the training: what this run saved after the epoch `saved`, or what was there before.
  private func noting(_ error: Diagnostic, _ saved: Int?) -> Diagnostic {
    guard let checkpointPath else { return error }
    if let saved { return error.noting("'\(checkpointPath)' has the parameters of after epoch \(saved)") }
    let isThere = FileManager.default.fileExists(atPath: checkpointPath)
    return error.noting("nothing was saved" + (isThere ? "; a checkpoint from before is still there" : ""))
  }

  /// The trained parameters of which an element is infinite or no number.
  private var parametersNotFinite: [String] { trainedParameters.filter { store[$0]?.isFinite == false } }

  /// `names` with a verb; the first ones where there are many.
  private static func words(_ names: [String], of all: [String]) -> String {
    if names.count == all.count, all.count > 1 { return "all \(all.count) trained parameters are" }
    let list = names.prefix(3).map { "'@\($0)'" }.joined(separator: ", ")
    let rest = names.count > 3 ? " and \(names.count - 3) more" : ""
    return list + rest + (names.count == 1 ? " is" : " are")
  }
}

extension Tensor {
  /// Whether no element is infinite or no number.
  var isFinite: Bool { firstNotFinite == nil }
}
