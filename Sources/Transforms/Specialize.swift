import FraguaGraph
import FraguaSource

/// The pass that keeps what the entry functions need, binds symbols to numbers, and chooses the mode.
///
/// Before:
/// ```
/// // pass: specialize --function @predict --bind B=32
/// state @rng: tensor<2xi64> = zeros
///
/// func @predict(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
///   %h = relu %x
///   %d = dropout %h {rate = 0.5}
///   return %d
/// }
///
/// func @other(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
///   %h = tanh %x
///   return %h
/// }
/// ```
/// After, a dropout doing nothing outside training:
/// ```
/// state @rng: tensor<2xi64> = zeros
///
/// func @predict(%x: tensor<B=32x2xf32>) -> tensor<B=32x2xf32> {
///   %h = relu %x : tensor<B=32x2xf32>
///   return %h
/// }
/// ```
/// An entry that is a training keeps its loss and its metrics, all in training mode: metrics are computed from the same
/// forward pass as the loss, as in Keras.
///
/// Needs: no calls but of gradients. Guarantees: every extent of what remains is a number, types fit with these
/// numbers, and no size overflows or exceeds the memory. Linear in the functions that remain.
public enum Specialize {
  public static let pass = Pass(
    name: "specialize", summary: "keep what the entry functions need, bind symbols, choose the mode"
  ) { (graph, context) throws(Diagnostics) in
    do throws(Diagnostic) {
      var specializer = try Specializer(graph, context)
      return try specializer.specialized()
    } catch { throw Diagnostics(error) }
  }
}

extension Graph {
  /// The batch symbol of the entry `name`: the leading symbol that its arguments have in common.
  ///
  /// Arguments whose first extent is a number, and those of rank 0, have no say. `nil` where none is left, or where
  /// they differ.
  public func batchSymbol(of name: String) -> String? {
    guard let function = rootFunction(of: name) else { return nil }
    let leading = Set(
      function.arguments.compactMap { argument -> String? in
        if case .symbol(let symbol)? = argument.type.shape.first { symbol } else { nil }
      })
    return leading.count == 1 ? leading.first : nil
  }

  /// The function whose arguments the function, gradient or training `name` takes.
  ///
  /// - Returns: `nil` where there is none, or where gradients go in a circle.
  public func rootFunction(of name: String) -> Function? {
    var name = trainings.first { $0.name == name }?.loss ?? name
    for _ in 0...gradients.count {
      if let function = function(named: name) { return function }
      guard let gradient = gradients.first(where: { $0.name == name }) else { return nil }
      name = gradient.function
    }
    return nil
  }
}
