import FraguaGraph

/// Adam beside which the parameters decay by themselves.
///
/// For each element, with ``Adam``'s change `u` and the rate `r`:
/// ```
/// p <- p - (u + r weight_decay p)
/// ```
/// Defaults are Keras 3's: weight_decay 0.004, the others Adam's; PyTorch's are 0.01 and epsilon 1e-8 corrected.
/// Loshchilov, Hutter: "Decoupled weight decay regularization" (ICLR 2019).
struct AdamW: Optimizer {
  private let adam = Adam()

  var name: String { "adamw" }

  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Adam beside which the parameters decay by themselves.",
      equations: """
        u  = what adam subtracts
        p <- p - (u + r weight_decay p)
        """,
      source: "Loshchilov, Hutter: Decoupled weight decay regularization (ICLR 2019)")
  }

  var schema: [AttributeSchema] {
    adam.schema + [
      AttributeSchema(
        "weight_decay", .float, default: .float(0.004), range: .atLeast(0),
        summary: "How much of a parameter goes each step, times the learning rate.", otherNames: ["wd", "decay", "l2"])
    ]
  }

  func learningRate(_ attributes: Attributes) -> Double { adam.learningRate(attributes) }

  func chain(_ attributes: Attributes) -> [any OptimizerLink] {
    adam.chain(attributes) + [DecayLink(decay: attributes.float("weight_decay"))]
  }
}
