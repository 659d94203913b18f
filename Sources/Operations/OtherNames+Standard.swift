import FraguaGraph

extension OtherNames {
  /// What Keras, PyTorch, JAX, NumPy and ONNX call the words of the project, where it is not the same.
  public static let standard = OtherNames(
    operations: [
      // Losses.
      "mean_squared_error": ["mse", "mse_loss", "l2_loss", "squared_error", "MeanSquaredError"],
      "sigmoid_cross_entropy": [
        "bce", "bce_loss", "bce_with_logits", "bce_with_logits_loss", "binary_crossentropy", "binary_cross_entropy",
        "binary_cross_entropy_with_logits", "sigmoid_cross_entropy_with_logits", "logistic_loss", "log_loss",
      ],
      "softmax_cross_entropy": [
        "crossentropy", "cross_entropy_loss", "ce", "ce_loss", "categorical_crossentropy",
        "categorical_cross_entropy", "sparse_categorical_crossentropy", "sparse_categorical_cross_entropy", "nll",
        "nll_loss", "softmax_cross_entropy_with_logits", "sparse_softmax_cross_entropy_with_logits",
      ],
      // Layers.
      "dense": ["linear", "fc", "fully_connected", "gemm", "addmm", "affine"],
      "matmul": ["mm", "bmm", "dot", "matrix_multiply", "mat_mul", "batch_matmul"],
      "dot_general": ["einsum", "tensordot"],
      "gather": ["embedding", "take", "index_select", "lookup", "embedding_lookup"],
      // Elementwise.
      "add": ["plus", "add_n"],
      "subtract": ["sub", "minus"],
      "multiply": ["mul", "times", "square", "pow", "power", "hadamard"],
      "divide": ["div", "true_divide", "quotient"],
      "negate": ["neg", "negative"],
      "exp": ["exponential"],
      "log": ["ln", "logarithm"],
      "sigmoid": ["logistic", "expit"],
      "relu": ["rectifier", "rectified_linear"],
      "maximum": ["clamp_min", "elementwise_max"],
      "minimum": ["clamp_max", "elementwise_min"],
      "compare": [
        "equal", "eq", "not_equal", "ne", "less", "lt", "less_equal", "le", "greater", "gt", "greater_equal", "ge",
      ],
      "select": ["where", "if", "cond", "ifelse"],
      "convert": ["cast", "astype", "to_float"],
      // Reductions.
      "reduce_sum": ["sum"],
      "reduce_mean": ["mean", "avg", "average"],
      "reduce_max": ["max", "amax"],
      "reduce_min": ["min", "amin"],
      // Views.
      "reshape": ["flatten", "view", "squeeze", "unsqueeze", "expand_dims"],
      "transpose": ["permute", "swapaxes", "t"],
      "broadcast": ["broadcast_to", "expand", "tile", "repeat"],
      "concatenate": ["concat", "cat", "hstack", "vstack", "append", "merge"],
      "split": ["chunk", "array_split", "unbind", "tensor_split"],
      "iota": ["arange", "range", "linspace"],
      "constant": ["const", "literal", "full", "ones", "zeros"],
      // Random numbers.
      "random_normal": ["randn", "normal"],
      "random_uniform": ["rand", "uniform"],
    ],
    initializers: [
      "constant(value = 1.0)": ["ones", "one"],
      "constant": ["const", "fill", "full"],
      "normal": ["gaussian", "randn", "random_normal"],
      "uniform": ["rand", "random_uniform"],
      "glorot_uniform": ["xavier", "xavier_uniform", "glorot", "xavier_normal", "glorot_normal"],
      "he_normal": ["he", "kaiming", "kaiming_normal", "he_uniform", "kaiming_uniform"],
    ],
    optimizers: [
      "sgd": ["gradient_descent", "gd"],
      "sgd(momentum = 0.9)": ["momentum"], "sgd(momentum = 0.9, nesterov = true)": ["nesterov"],
      "adamw": ["adam_w"],
    ],
    absent: [
      "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "sort", "argsort", "argmin", "top_k",
      "cumsum", "cumprod", "ceil", "round", "mod", "remainder", "stack", "conv", "conv1d", "conv2d", "max_pool",
      "avg_pool", "lstm", "gru", "layer_norm", "batch_norm", "attention",
    ])
}
