import FraguaGraph
import FraguaSource

/// The pass that writes the functions which gradient declarations declare, by reverse-mode differentiation.
///
/// Before:
/// ```
/// // pass: differentiate --function @slope
/// func @loss(%x: tensor<32x2xf32>) -> tensor<f32> {
///   %h = tanh %x
///   %s = reduce_sum %h {axes = [0, 1]}
///   return %s
/// }
///
/// gradient @slope of @loss wrt %x
/// ```
/// After (and without `@loss`, unless it is an entry):
/// ```
/// func @slope(%x: tensor<32x2xf32>) -> tensor<32x2xf32> {
///   %h = tanh %x : tensor<32x2xf32>
///   %s = reduce_sum %h {axes = [0, 1]} : tensor<f32>
///   %d_s = constant {value = dense<1.0>} : tensor<f32>
///   %d_h = broadcast %d_s {to = tensor<32x2xf32>, axes = []} : tensor<32x2xf32>
///   %0 = multiply %h, %h : tensor<32x2xf32>
///   %1 = constant {value = dense<1.0>} : tensor<32x2xf32>
///   %2 = subtract %1, %0 : tensor<32x2xf32>
///   %d_x = multiply %d_h, %2 : tensor<32x2xf32>
///   return %d_x
/// }
/// ```
/// A training `@fit` gets the function `@fit.gradient`: the derivatives of its loss by the parameters that it trains.
/// Gradients may be of gradients, and functions may call gradients; the pass goes in the order of dependence and
/// inlines such calls.
///
/// Needs: no calls of functions, fixed extents. Guarantees: no gradient declarations and no calls. Linear in the
/// result, which is limited: as soon as gradients of gradients have more nodes than can be compiled they are refused.
public enum Differentiate {
  public static let pass = Pass(
    name: "differentiate", summary: "write the functions that gradient declarations declare"
  ) { (graph, context) throws(Diagnostics) in
    let order = try graph.definitionOrder()
    var result = graph
    result.gradients = []
    var inliner = Inliner()
    var nodesLeft = context.nodeLimit ?? ExpandedSize.limit(of: graph)
    var written: [Function?] = Array(repeating: nil, count: graph.gradients.count)
    for definition in order {
      switch definition {
      case .function(let i):
        result.functions[i] = try inliner.inlined(graph.functions[i])
        inliner.define(result.functions[i])
      case .gradient(let i):
        let declaration = graph.gradients[i]
        guard let base = inliner.function(named: declaration.function) else {
          preconditionFailure("the order of dependence puts '@\(declaration.function)' first")
        }
        do throws(Diagnostic) {
          written[i] = try ReverseSweep.derivative(
            of: base, by: declaration.variables, named: declaration.name, origin: declaration.origin,
            nodeLimit: nodesLeft)
          nodesLeft -= written[i]!.nodes.count
        } catch { throw Diagnostics(error.located(at: declaration.origin.location)) }
        inliner.define(written[i]!)
      }
    }
    result.functions += written.compactMap { $0 }
    for training in graph.trainings {
      do throws(Diagnostic) { result.functions.append(try gradient(of: training, in: result, inliner)) } catch {
        throw Diagnostics(error.located(at: training.origin.location))
      }
    }
    result.removeFunctions(referredToBy: graph.gradients.map(\.function), keeping: context.entries)
    return result
  }

  /// The derivatives of the loss of `training` by the parameters that it trains.
  private static func gradient(
    of training: TrainDeclaration, in graph: Graph, _ inliner: Inliner
  ) throws(Diagnostic) -> Function {
    guard inliner.function(named: training.gradientName) == nil else {
      throw Diagnostic("the name '@\(training.gradientName)' is taken by what '@\(training.name)' makes")
    }
    guard let loss = inliner.function(named: training.loss) else {
      throw Diagnostic("there is no function '@\(training.loss)' to minimize")
    }
    let trained = training.trainedParameters(of: loss, in: graph)
    if trained.isEmpty {
      throw Diagnostic("the loss '@\(training.loss)' depends on no parameter to train")
        .noting("declare one with 'param', use it in '@\(training.loss)', and do not freeze it")
    }
    return try ReverseSweep.derivative(
      of: loss, by: trained.map { .parameter($0.name) }, named: training.gradientName, origin: training.origin)
  }
}

extension Graph {
  /// Removes the functions `names`, but for those that are in `kept` or that a training still needs.
  mutating func removeFunctions(referredToBy names: [String], keeping kept: [String]) {
    let gone = Set(names).subtracting(kept).subtracting(trainings.flatMap { [$0.loss] + $0.metrics })
    functions.removeAll { gone.contains($0.name) }
  }
}
