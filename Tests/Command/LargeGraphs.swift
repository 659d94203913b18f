/// Graphs that are deep, long, or ask for more memory than any machine has.
enum LargeGraphs {
  static let all: [(name: String, text: String)] = [
    ("regions.graph", function("tensor<2xf32>", String(repeating: "  %y = fused @r(%x = %x) {\n", count: 20_000))),
    ("lists.graph", function("tensor<2xf32>", "  %y = transpose %x {permutation = \(brackets("["))}\n  return %y\n")),
    ("constant.graph", "graph @g version 1\n\nparam @w: tensor<1xf32> = dense<\(brackets("["))1\(brackets("]"))>\n"),
    ("location.graph", "graph @g version 1\n\nparam @w: tensor<1xf32> = zeros loc(\(brackets("gradient(")))\n"),
    ("rank.graph", "graph @g version 1\n\nparam @w: tensor<\(brackets("1x"))f32> = zeros\n"),
    ("overflow.graph", "graph @g version 1\n\nparam @w: tensor<4294967296x4294967296xf32> = zeros\n"),
    ("digits.graph", "graph @g version 1\n\nparam @w: tensor<\(brackets("9"))xf32> = zeros\n"),
    ("parameter.graph", parameter),
    ("product.graph", product),
    ("doubling.graph", doubling),
  ]

  private static func brackets(_ text: String) -> String { String(repeating: text, count: 50_000) }

  private static func function(_ type: String, _ body: String) -> String {
    "graph @g version 1\n\nfunc @f(%x: \(type)) -> \(type) {\n\(body)}\n"
  }

  /// A parameter of 400 TB.
  private static let parameter = """
    graph @g version 1

    param @w: tensor<10000000x10000000xf32> = zeros

    func @predict(%x: tensor<Bxf32>) -> tensor<Bxf32> {
      %s = reduce_sum @w
      %y = add %x, %s
      return %y
    }

    func @loss(%x: tensor<Bxf32>) -> tensor<f32> {
      %y = call @predict(%x)
      %m = reduce_mean %y
      return %m
    }

    train @fit minimize @loss {
      optimizer = sgd(learning_rate = 0.1)
    }

    """

  /// The products of all pairs of rows.
  private static let product = """
    graph @g version 1

    func @predict(%x: tensor<Bx2xf32>) -> tensor<BxBxf32> {
      %t = transpose %x {permutation = [1, 0]}
      %y = matmul %x, %t
      return %y
    }

    """

  /// Forty functions, each of which calls the one before twice: 2^40 operations.
  private static let doubling =
    "graph @g version 1\n\nfunc @f0(%x: tensor<f32>) -> tensor<f32> {\n  %y = exp %x\n  return %y\n}\n"
    + (1...40).map { i in
      """

      func @f\(i)(%x: tensor<f32>) -> tensor<f32> {
        %y = call @f\(i - 1)(%x)
        %z = call @f\(i - 1)(%y)
        return %z
      }

      """
    }.joined()
}
