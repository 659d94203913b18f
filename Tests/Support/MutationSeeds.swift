/// Graphs that use every form of kernel, views, constants, random numbers and updates: what mutations start from.
public enum MutationSeeds {
  /// A graph, and the functions in it that are worth dumping.
  public struct Sample: Sendable {
    public let name: String
    public let functions: [String]
    public let text: String
  }

  /// The symbol `B` of all samples is bound to this.
  public static let batch = 3

  public static let samples = [lanes, table, views, reductions, digits]

  /// A network so small that it is one region of the form `lanes`.
  private static let lanes = Sample(
    name: "lanes", functions: ["predict", "slope", "fit"],
    text: """
      graph @lanes version 1

      param @w: tensor<2x2xf32> = dense<[[3.0, 0.5], [-2.0, 1.0]]>
      param @b: tensor<2xf32> = dense<[1.0, 0.25]>

      func @predict(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
        %center = constant {value = dense<[5.0, 6.0]> : tensor<2xf32>}
        %shifted = subtract %x, %center
        %p = dense %shifted, @w, @b {activation = sigmoid}
        return %p
      }

      func @loss(%x: tensor<Bx2xf32>) -> tensor<f32> {
        %p = call @predict(%x)
        %l = mean_squared_error %p, %x
        return %l
      }

      gradient @slope of @loss wrt @w, @b

      train @fit minimize @loss {
        optimizer = sgd(learning_rate = 0.5, momentum = 0.9)
      }

      """)

  /// An embedding with dropout and cross-entropy, trained by Adam: gather, scatter, rows, contract, random.
  private static let table = Sample(
    name: "table", functions: ["predict", "loss", "fit"],
    text: """
      graph @table version 1

      param @embedding: tensor<10x40xf32> = normal
      param @w: tensor<40x33xf32> = glorot_uniform
      param @b: tensor<33xf32> = zeros

      func @logits(%words: tensor<Bxi32>) -> tensor<Bx33xf32> {
        %e = gather @embedding, %words
        %d = dropout %e {rate = 0.5}
        %z = dense %d, @w, @b {activation = relu}
        return %z
      }

      func @predict(%words: tensor<Bxi32>) -> tensor<Bx33xf32> {
        %z = call @logits(%words)
        %p = softmax %z
        return %p
      }

      func @loss(%words: tensor<Bxi32>, %y: tensor<Bxi32>) -> tensor<f32> {
        %z = call @logits(%words)
        %l = softmax_cross_entropy %z, %y
        %m = reduce_mean %l
        return %m
      }

      train @fit minimize @loss {
        optimizer = adam(learning_rate = 0.01)
      }

      """)

  /// Views of every kind, of fixed extents, and a product.
  private static let views = Sample(
    name: "views", functions: ["f"],
    text: """
      graph @views version 1

      param @w: tensor<40x35xf32> = normal

      func @f(%x: tensor<38x40xf32>) {
        %p = pad %x {low = [1, 0], high = [1, 2], fill = 0.5}
        %s = slice %p {axes = [0, 1], start = [1, 0], limit = [40, 40], stride = [2, 1]}
        %t = transpose %s {permutation = [1, 0]}
        %i = iota {type = tensor<20xf32>}
        %a = add %t, %i
        %m = matmul %s, @w
        %r = reduce_sum %a {axes = [0]}
        %k = argmax %m {axis = 1}
        %o = convert %k {to = f32}
        %q = add %r, %o
        %e = softmax %m
        return %q, %e
      }

      """)

  /// Reductions of several types, booleans, integers and a select.
  private static let reductions = Sample(
    name: "reductions", functions: ["f"],
    text: """
      graph @reductions version 1

      state @seen: tensor<i64> = zeros

      func @f(%x: tensor<17x70xf64>, %n: tensor<17x70xi32>) {
        %zero = constant {value = dense<0.0> : tensor<f64>}
        %high = reduce_max %x {axes = [1]}
        %low = reduce_min %n {axes = [0]}
        %c = compare %x, %zero {direction = gt}
        %e = exp %x
        %s = select %c, %e, %x
        %l = log_softmax %s
        %one = constant {value = dense<1> : tensor<i64>}
        %next = add @seen, %one
        update @seen, %next
        return %high, %low, %l
      }

      """)

  /// Reshapes between what is computed: digits of coordinates, a split axis, a product that stores another shape.
  private static let digits = Sample(
    name: "digits", functions: ["f"],
    text: """
      graph @digits version 1

      param @w: tensor<4x12xf32> = normal
      param @s: tensor<8xf32> = normal
      param @v: tensor<3x5x12xf32> = normal

      func @f(%x: tensor<6x4xf32>, %p: tensor<3x4x5x5xf32>) {
        %t = transpose %x {permutation = [1, 0]}
        %a = reshape %t {to = tensor<3x8xf32>}
        %m = multiply %a, @s
        %g = pad %m {axes = [1], low = [1], high = [0], fill = 0.5}
        %e = exp %g
        %o = reshape %e {to = tensor<27xf32>}
        %z = matmul %x, @w
        %r = reshape %z {to = tensor<6x3x4xf32>}
        %q = tanh %r
        %v4 = reshape @v {to = tensor<3x5x4x3xf32>}
        %c = dot_general %p, %v4 {lhs_batch = [0, 1], rhs_batch = [0, 2], lhs_contracting = [3], rhs_contracting = [1]}
        %u = transpose %c {permutation = [0, 2, 1, 3]}
        %h = reshape %u {to = tensor<3x5x12xf32>}
        return %o, %q, %h
      }

      """)
}
