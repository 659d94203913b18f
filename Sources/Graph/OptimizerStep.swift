import FraguaSource
import FraguaTensors

/// A training step while an optimizer's links write it.
public struct OptimizerStep: Sendable {
  public var builder: FunctionBuilder
  /// What is trained.
  public let parameters: [Parameter]
  /// The gradient of each parameter; behind clipping the clipped one.
  public package(set) var gradients: [Value]
  /// The value of each parameter before the step, in the type in which it is computed with.
  private let values: [Value]
  /// The optimizer's name, in those of slots: `@fit.adam.m.w`.
  private let optimizer: String
  /// The learning rate and this step's number, from 1: of rank 0, in the type in which each parameter is computed with.
  private let scalars: [ElementType: (rate: Value, number: Value)]
  /// The names of the states that slots are, without `@fit.`, and their first values.
  package private(set) var states: [(name: String, type: TensorType, initialValue: Double)] = []
  /// For each parameter: its slots, in the order in which they were asked for, and what they become.
  package private(set) var slots: [[(name: String, state: String, new: Value?)]]
  private let training: String
  /// The names of the graph's parameters and states.
  private let takenNames: Set<String>

  /// - Parameters:
  ///   - values: the parameters, in the types in which they are computed with.
  ///   - scalars: of each of these element types, the learning rate and the step's number.
  package init(
    _ builder: FunctionBuilder, training: String, optimizer: String, _ parameters: [Parameter], _ values: [Value],
    _ gradients: [Value],
    _ scalars: [ElementType: (rate: Value, number: Value)], takenNames: Set<String>
  ) {
    self.builder = builder
    self.training = training
    self.optimizer = optimizer
    self.parameters = parameters
    self.values = values
    self.gradients = gradients
    self.scalars = scalars
    self.takenNames = takenNames
    slots = parameters.map { _ in [] }
  }

  /// The learning rate, of rank 0, in the type in which parameter `index` is computed with.
  public func rate(for index: Int) -> Value { scalars[parameters[index].type.element.arithmetic]!.rate }

  /// This step's number, from 1, of rank 0, in the type in which parameter `index` is computed with.
  public func number(for index: Int) -> Value { scalars[parameters[index].type.element.arithmetic]!.number }

  /// The value of parameter `index` before the step, in the type in which it is computed with.
  public func value(of index: Int) -> Value { values[index] }

  /// What slot `name` of parameter `index` holds before the step: a tensor of the parameter's shape, in
  /// the type in which it is computed with, `initialValue` at first.
  public mutating func slot(_ name: String, of index: Int, startingAt initialValue: Double = 0) -> Value {
    let (parameter, type) = (parameters[index].name, parameters[index].type.arithmetic)
    let state = "\(optimizer).\(name).\(parameter)"
    let full = "\(training).\(state)"
    precondition(slots[index].allSatisfy { $0.name != name }, "two links of a chain have the slot '\(name)'")
    states.append((state, type, initialValue))
    slots[index].append((name, full, nil))
    // A name that is taken is refused behind the links; until then it is not what it was taken for.
    return takenNames.contains(full) ? builder.newValue(type, name: nil) : builder.parameter(full, type)
  }

  /// Says what slot `name` of parameter `index` holds behind the step.
  /// - Requires: it has been asked for.
  public mutating func setSlot(_ name: String, of index: Int, to value: Value) {
    guard let position = slots[index].firstIndex(where: { $0.name == name }) else {
      preconditionFailure("the slot '\(name)' is written, but was not read")
    }
    slots[index][position].new = value
  }
}
