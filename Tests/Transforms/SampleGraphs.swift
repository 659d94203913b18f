/// Graphs that several tests use.
enum SampleGraphs {
  /// Two features, three hidden units, a logit.
  static let student = """
    graph @student version 1

    param @w1: tensor<2x3xf32> = normal(stddev = 0.5)
    param @b1: tensor<3xf32> = normal(stddev = 0.5)
    param @w2: tensor<3x1xf32> = normal(stddev = 0.5)
    param @b2: tensor<1xf32> = zeros

    func @predict(%x: tensor<Bx2xf32>) -> tensor<Bx1xf32> {
      %h = dense %x, @w1, @b1 {activation = sigmoid}
      %z = dense %h, @w2, @b2
      return %z
    }

    func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
      %z = call @predict(%x)
      %l = sigmoid_cross_entropy %z, %y
      %m = reduce_mean %l
      return %m
    }

    func @accuracy(%x: tensor<Bx2xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
      %z = call @predict(%x)
      %zero = constant {value = dense<0.0>} : tensor<f32>
      %half = constant {value = dense<0.5>} : tensor<f32>
      %p = compare %z, %zero {direction = gt}
      %t = compare %y, %half {direction = gt}
      %e = compare %p, %t {direction = eq}
      %f = convert %e {to = f32}
      %m = reduce_mean %f
      return %m
    }

    gradient @sensitivity of @loss wrt %x

    train @fit minimize @loss {
      optimizer = adam(learning_rate = 0.01)
      metrics = [@accuracy]
    }
    """

  /// Pixels scaled in the graph, dropout, integer labels.
  static let fashion = """
    graph @fashion version 1

    param @w1: tensor<16x8xf32> = glorot_uniform
    param @b1: tensor<8xf32> = zeros
    param @w2: tensor<8x5xf32> = glorot_uniform
    param @b2: tensor<5xf32> = zeros

    func @predict(%x: tensor<Bx4x4xui8>) -> tensor<Bx5xf32> {
      %f = convert %x {to = f32}
      %c = constant {value = dense<255.0>} : tensor<f32>
      %s = divide %f, %c
      %r = reshape %s {to = tensor<Bx16xf32>}
      %h = dense %r, @w1, @b1 {activation = relu}
      %d = dropout %h {rate = 0.25}
      %z = dense %d, @w2, @b2
      return %z
    }

    func @loss(%x: tensor<Bx4x4xui8>, %y: tensor<Bxui8>) -> tensor<f32> {
      %z = call @predict(%x)
      %l = softmax_cross_entropy %z, %y
      %m = reduce_mean %l
      return %m
    }

    train @fit minimize @loss {
      optimizer = sgd(learning_rate = 0.1, momentum = 0.9, nesterov = true)
    }
    """
}
