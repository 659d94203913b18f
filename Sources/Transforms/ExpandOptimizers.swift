import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors

/// The pass that writes the training step of each training declaration as an ordinary function.
///
/// Before:
/// ```
/// // pass: expand-optimizers --function @fit
/// param @w: tensor<2xf32> = zeros
///
/// func @loss(%x: tensor<2xf32>) -> tensor<f32> {
///   %p = multiply %x, @w
///   %s = reduce_sum %p {axes = [0]}
///   return %s
/// }
///
/// func @fit.gradient(%x: tensor<2xf32>) -> tensor<2xf32> {
///   return %x
/// }
///
/// train @fit minimize @loss {
///   optimizer = sgd(learning_rate = 0.01)
/// }
/// ```
/// After:
/// ```
/// param @w: tensor<2xf32> = zeros
/// state @fit.learning_rate: tensor<f32> = constant(value = 0.01)
/// state @fit.step: tensor<i64> = zeros
///
/// func @fit(%x: tensor<2xf32>) -> (tensor<f32> {loss}) {role = train} {
///   %p = multiply %x, @w : tensor<2xf32>
///   %s = reduce_sum %p {axes = [0]} : tensor<f32>
///   %0 = constant {value = dense<1>} : tensor<i64>
///   %step = add @fit.step, %0 : tensor<i64>
///   %1 = convert %step {to = f32} : tensor<f32>
///   %2 = broadcast @fit.learning_rate {to = tensor<2xf32>, axes = []} : tensor<2xf32>
///   %3 = multiply %2, %x : tensor<2xf32>
///   %new_w = subtract @w, %3 : tensor<2xf32>
///   update @w, %new_w
///   update @fit.step, %step
///   return %s
/// }
/// ```
/// Step counter, learning rate and slots are states with dotted names (`@fit.adam.m.w`), so that a schedule needs no
/// recompilation and a checkpoint holds them. The learning rate is f64 where a trained parameter is, else f32. The
/// counter counts finished steps in i64. Where the step draws random numbers, it ends with `@rng`'s step increased by
/// one. Loss, metrics and derivatives each bring their own forward pass, which
/// `common-subexpressions` shares.
///
/// Needs: what `differentiate` guarantees. Guarantees: no training declarations. Linear in the result.
public enum ExpandOptimizers {
  public static let pass = Pass(
    name: "expand-optimizers", summary: "write the training step of each training declaration as a function"
  ) { (graph, context) throws(Diagnostics) in
    if graph.trainings.isEmpty { return graph }
    var result = graph
    result.trainings = []
    for training in graph.trainings {
      do throws(Diagnostic) {
        let expansion = try TrainingExpansion(training, graph, context.vocabulary)
        let (function, states) = try expansion.expanded()
        result.functions.append(function)
        result.parameters += states
      } catch { throw Diagnostics(error.located(at: training.origin.location)) }
    }
    let referred = graph.trainings.flatMap { [$0.loss, $0.gradientName] + $0.metrics }
    result.removeFunctions(referredToBy: referred, keeping: context.entries)
    return result
  }
}

/// The step function of one training declaration, being written.
private struct TrainingExpansion {
  private let training: TrainDeclaration
  private let optimizer: any Optimizer
  private let attributes: Attributes
  /// What rewrites gradients before the optimizer does.
  private let links: [any OptimizerLink]
  private let functions: [String: Function]
  private let loss: Function
  private let trained: [Parameter]
  /// The names of the graph's parameters and states.
  private let takenNames: Set<String>
  private var builder: FunctionBuilder
  /// The states that the step keeps.
  private var states: [Parameter] = []

  init(_ training: TrainDeclaration, _ graph: Graph, _ vocabulary: Vocabulary) throws(Diagnostic) {
    self.training = training
    takenNames = Set(graph.parameters.map(\.name))
    guard let optimizer = vocabulary.optimizers[training.optimizer] else {
      let error = Diagnostic("there is no optimizer '\(training.optimizer)'")
      let names = vocabulary.optimizers.all.map(\.name)
      if let near = nearestName(to: training.optimizer, among: names) { throw error.noting("did you mean '\(near)'?") }
      throw error.noting("there are \(names.joined(separator: ", "))")
    }
    self.optimizer = optimizer
    attributes = try AttributeSchema.check(training.optimizerAttributes, against: optimizer.schema, of: optimizer.name)
    var links: [any OptimizerLink] = []
    for use in training.links {
      guard let link = vocabulary.links[use.clause, use.name] else {
        throw Diagnostic("there is no '\(use.name)' for the clause '\(use.clause)'")
      }
      links.append(link.link(try AttributeSchema.check(use.attributes, against: link.schema, of: link.name)))
    }
    self.links = links
    functions = Dictionary(graph.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    guard let loss = functions[training.loss] else {
      throw Diagnostic("there is no function '@\(training.loss)' to minimize")
    }
    self.loss = loss
    trained = training.trainedParameters(of: loss, in: graph)
    try optimizer.check(attributes, training: Set(trained.map(\.type.element.arithmetic)))
    builder = FunctionBuilder(name: training.name, role: .train, origin: training.origin)
  }

  /// The step function, and the states that it needs.
  consuming func expanded() throws(Diagnostic) -> (Function, [Parameter]) {
    let arguments = zip(loss.arguments, loss.argumentNames).map { builder.argument($1, $0.type) }
    var results = [builder.splice(loss, arguments)[0]]
    var roles = [Function.ResultRole.loss]
    for metric in training.metrics {
      results.append(try self.metric(metric, arguments))
      roles.append(.metric(metric))
    }
    guard let gradient = functions[training.gradientName] else {
      throw Diagnostic("there is no function '@\(training.gradientName)', which the pass 'differentiate' writes")
    }
    guard gradient.arguments.map(\.type) == arguments.map(\.type),
      gradient.results.map(\.type) == trained.map(\.type.arithmetic)
    else {
      throw Diagnostic(
        "'@\(gradient.name)' does not take the arguments of the loss '@\(loss.name)', or does not return one derivative a "
          + "trained parameter")
    }
    let gradients = builder.splice(gradient, arguments)
    builder.origin = training.origin
    try update(by: gradients)
    try advanceRandom()
    builder.setResults(results, roles: roles)
    var function = builder.function
    function.makeNamesUnique()
    return (function, states)
  }

  /// The value of the metric `name` for the arguments of the loss.
  private mutating func metric(_ name: String, _ arguments: [Value]) throws(Diagnostic) -> Value {
    guard let function = functions[name] else { throw Diagnostic("there is no function '@\(name)' for a metric") }
    guard function.arguments.map(\.type) == arguments.map(\.type) else {
      throw Diagnostic("the metric '@\(name)' does not take the arguments of the loss '@\(loss.name)'")
    }
    let results = builder.splice(function, arguments)
    guard results.count == 1, results[0].type.rank == 0 else {
      throw Diagnostic(
        "a metric returns one scalar, but '@\(name)' returns \(results.map { "\($0.type)" }.joined(separator: ", "))")
    }
    return results[0]
  }

  /// Appends the updates: the optimizer's chain behind what the training's clauses put before it.
  private mutating func update(by gradients: [Value]) throws(Diagnostic) {
    let elements = trained.map(\.type.element.arithmetic)
    let rateType = elements.max { $0.byteCount < $1.byteCount } ?? .f32
    let rate = try state(
      "learning_rate", TensorType([Int](), rateType), optimizer.learningRate(attributes))
    let finished = try state("step", TensorType([Int](), .i64), 0)
    let one = builder.constant(1, finished.type)
    let number = builder.add(finished, one)
    builder.name(number, "step")
    var scalars: [ElementType: (rate: Value, number: Value)] = [:]
    for element in elements where scalars[element] == nil {
      scalars[element] = (builder.convert(rate, to: element), builder.convert(number, to: element))
    }
    let values = trained.map {
      builder.convert(builder.parameter($0.name, $0.type), to: $0.type.element.arithmetic)
    }
    var step = OptimizerStep(
      builder, training: training.name, optimizer: optimizer.name, trained, values, gradients, scalars,
      takenNames: takenNames)
    for link in links { step.gradients = link.rewrite(step.gradients, in: &step) }
    step.run(optimizer.chain(attributes) + [DescentLink()])
    builder = step.builder
    for slot in step.states { _ = try state(slot.name, slot.type, slot.initialValue) }
    builder.update("\(training.name).step", with: number)
  }

  /// The value of a new state `@fit.NAME`, whose elements start as `initialValue`.
  private mutating func state(_ name: String, _ type: TensorType, _ initialValue: Double) throws(Diagnostic) -> Value {
    let full = "\(training.name).\(name)"
    if takenNames.contains(full) {
      throw Diagnostic("the name '@\(full)' is taken by what '@\(training.name)' makes")
    }
    let initializer =
      initialValue == 0
      ? InitializerUse("zeros")
      : InitializerUse("constant", ["value": .element(Scalar(initialValue, as: type.element))])
    states.append(
      Parameter(name: full, type: type, initializer: initializer, isTrainable: false, origin: training.origin))
    return builder.parameter(full, type)
  }

  /// Appends the update of `@rng`, where the step reads it: the next step draws other numbers.
  private mutating func advanceRandom() throws(Diagnostic) {
    guard let read = builder.function.parameterReads.first(where: { $0.parameter == "rng" }) else { return }
    if builder.function.nodes.allSatisfy({ $0.stream == nil }) { return }
    let increment = builder.constant(Tensor([2], [0, 1] as [Int64]))
    let next = builder.add(read.value, increment)
    builder.name(next, "new_rng")
    builder.update("rng", with: next)
  }
}

extension OptimizerStep {
  /// Rewrites the updates, at first the gradients, by each link of `chain` in turn; by neighbouring links that look at one
  /// parameter at a time, parameter by parameter.
  fileprivate mutating func run(_ chain: [any OptimizerLink]) {
    var updates = gradients
    var rest = chain[...]
    while let link = rest.first {
      let own = rest.prefix { $0 is any ParameterLink }.compactMap { $0 as? any ParameterLink }
      if own.isEmpty { updates = link.rewrite(updates, in: &self) }
      for index in updates.indices {
        for link in own { updates[index] = link.rewrite(updates[index], of: index, in: &self) }
      }
      rest = rest.dropFirst(max(1, own.count))
    }
  }
}

/// The end of every chain: a parameter less its update, and what the slots become.
private struct DescentLink: ParameterLink {
  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let parameter = step.parameters[index].name
    let sum = step.builder.subtract(step.value(of: index), update)
    let new = step.builder.convert(sum, to: step.parameters[index].type.element)
    step.builder.nameIfNameless(new, "new_\(parameter)")
    step.builder.update(parameter, with: new)
    for slot in step.slots[index] {
      guard let value = slot.new else { preconditionFailure("the slot '\(slot.name)' is read, but not written") }
      step.builder.nameIfNameless(value, "new_\(slot.name)_\(parameter)")
      step.builder.update(slot.state, with: value)
    }
    return new
  }
}

extension FunctionBuilder {
  fileprivate mutating func nameIfNameless(_ value: Value, _ name: String) {
    if function.valueNames[value.id] == nil { self.name(value, name) }
  }
}
