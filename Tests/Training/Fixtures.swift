import Foundation
import Fragua

/// A linear model of two inputs with every kind of thing a training has: a metric, an optimizer with slots, a seed.
let linear = """
  graph @linear version 1

  param @w: tensor<2x1xf32> = normal(stddev = 0.5)
  param @b: tensor<1xf32> = zeros

  func @predict(%x: tensor<Bx2xf32>) -> tensor<Bx1xf32> {
    %y = dense %x, @w, @b
    return %y
  }

  func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
    %p = call @predict(%x)
    %l = mean_squared_error %p, %y
    return %l
  }

  func @error(%x: tensor<Bx2xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
    %p = call @predict(%x)
    %d = subtract %p, %y
    %a = abs %d
    %m = reduce_mean %a
    return %m
  }

  train @fit minimize @loss {
    optimizer = OPTIMIZER
    metrics = [@error]
  }

  """

/// The linear model with an optimizer.
func linearGraph(_ optimizer: String = "adam(learning_rate = 0.05)") throws -> Graph {
  try Graph(parsing: SourceFile(path: "linear.graph", text: linear.replacing("OPTIMIZER", with: optimizer)))
}

/// `count` rows of the plane y = 2 a - b + 0.5 over a grid that does not repeat.
func plane(_ count: Int) throws -> Dataset {
  var x: [Float] = []
  var y: [Float] = []
  for row in 0..<count {
    let a = Float((row * 7) % 19) / 19 - 0.5
    let b = Float((row * 5) % 23) / 23 - 0.5
    x += [a, b]
    y.append(2 * a - b + 0.5)
  }
  return try Dataset([
    Dataset.Column("x", Tensor([count, 2], x)), Dataset.Column("y", Tensor([count, 1], y)),
  ])
}

/// The diagnostics that `body` throws.
func diagnostics<R>(_ body: () throws -> R) -> [Diagnostic] {
  do {
    _ = try body()
    return []
  } catch let error as Diagnostics { return error.all } catch let error as Diagnostic { return [error] } catch {
    return [Diagnostic("another error: \(error)")]
  }
}

/// A folder of a test's own, removed with the value.
final class TestFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "fragua-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file called `name` in the folder.
  func file(_ name: String) -> String { path + "/" + name }

  /// The names of the files in it.
  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}
