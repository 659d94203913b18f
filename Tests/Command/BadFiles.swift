import Foundation
import FraguaData
import FraguaTensors
import FraguaTraining
import Testing

/// The files that the transcripts of ``RefusedTests`` speak of: good ones, and ones with something wrong.
enum BadFiles {
  /// A new folder with the files for a topic.
  static func folder(for topic: String) throws -> TestFolder {
    let folder = try TestFolder()
    for graph in ["student", "perceptron"] {
      try FileManager.default.copyItem(
        atPath: "\(repository)/graphs/\(graph).graph", toPath: folder.file("\(graph).graph"))
    }
    try folder.write("pairs.graph", pairs)
    try folder.write("bytes.graph", bytes)
    try writeParameters(to: folder)
    try writeTables(to: folder)
    switch topic {
    case "data": try writeBinaryFiles(to: folder)
    case "graphs": for (name, text) in graphs { try folder.write(name, text) }
    case "limits": for (name, text) in LargeGraphs.all { try folder.write(name, text) }
    default: break
    }
    return folder
  }

  /// Three classes.
  private static let pairs = """
    graph @pairs version 1

    param @w: tensor<2x3xf32> = glorot_uniform
    param @b: tensor<3xf32> = zeros

    func @predict(%x: tensor<Bx2xf32>) -> tensor<Bx3xf32> {
      %z = dense %x, @w, @b
      return %z
    }

    func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bxi32>) -> tensor<f32> {
      %z = call @predict(%x)
      %l = softmax_cross_entropy %z, %y
      %m = reduce_mean %l
      return %m
    }

    train @fit minimize @loss {
      optimizer = sgd(learning_rate = 0.1)
    }

    """

  /// An input of bytes, and no training.
  private static let bytes = """
    graph @bytes version 1

    func @predict(%x: tensor<Bx4xui8>) -> tensor<Bx4xf32> {
      %f = convert %x {to = f32}
      return %f
    }

    """

  // MARK: Parameters

  /// Parameters for `student.graph`.
  private static func writeParameters(to folder: TestFolder) throws {
    let all = [
      Safetensors.Entry("w1", tensor([2, 3])), Safetensors.Entry("b1", tensor([3])),
      Safetensors.Entry("w2", tensor([3, 1])), Safetensors.Entry("b2", tensor([1])),
    ]
    try Safetensors(all).write(to: folder.file("good.safetensors"))
    try Safetensors(Array(all.dropLast())).write(to: folder.file("lacking.safetensors"))
    try Safetensors(Array(all.dropLast(2))).write(to: folder.file("lacking2.safetensors"))
    try Safetensors(all + [Safetensors.Entry("b3", tensor([1]))]).write(to: folder.file("more.safetensors"))
    try Safetensors(Array(all.dropFirst()) + [Safetensors.Entry("w1", tensor([3, 2]))]).write(
      to: folder.file("shape.safetensors"))
    let doubles = Tensor([2, 3], [Double](repeating: 0.5, count: 6))
    try Safetensors(Array(all.dropFirst()) + [Safetensors.Entry("w1", doubles)]).write(
      to: folder.file("doubles.safetensors"))
    try Safetensors([.init("w", tensor([2, 1])), .init("b", tensor([1]))]).write(
      to: folder.file("perceptron.safetensors"))
    try Safetensors([.init("w", tensor([2, 3])), .init("b", tensor([3]))]).write(to: folder.file("pairs.safetensors"))
    let good = try folder.bytes("good.safetensors")
    try folder.write("truncated.safetensors", good.dropLast(4))
    try folder.write("following.safetensors", good + [0, 0])
    try folder.write("header.safetensors", good.prefix(40))
    try folder.write("empty.safetensors", "")
    try folder.write("text.safetensors", "these are no parameters\n")
    func write(_ name: String, _ change: (inout [String: String]) -> Void) throws {
      let progress = Checkpoint.Progress(graph: "student", seed: 1, epochs: 2, steps: 0, batch: 32, rows: 3)
      try Checkpoint(
        parameters: Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.tensor) }), progress: progress
      ).write(to: folder.file(name))
      var file = try Safetensors.read(folder.file(name))
      change(&file.metadata)
      try file.write(to: folder.file(name))
    }
    // Those that a training saves have a checksum.
    try write("flipped.safetensors") { _ in }
    var flipped = try folder.bytes("flipped.safetensors")
    flipped[flipped.count - 2] ^= 1
    try folder.write("flipped.safetensors", flipped)
    var infinite = all
    infinite[0].tensor = Tensor([2, 3], [0, 1, 2, .infinity, .nan, 3] as [Float])
    try Safetensors(infinite).write(to: folder.file("infinite.safetensors"))
    try write("negative.safetensors") { $0["epoch"] = "-1" }
    try write("steps.safetensors") { $0["step"] = "1" }
    try write("no-seed.safetensors") { $0["seed"] = nil }
    try write("pupil.safetensors") { $0["graph"] = "pupil" }
    let damaged = String(decoding: good.dropFirst(8), as: UTF8.self).replacing("\"F32\"", with: "\"F3x\"")
    try folder.write("damaged.safetensors", good.prefix(8) + damaged.utf8)
  }

  private static func tensor(_ extents: [Int]) -> Tensor {
    Tensor(extents, (0..<extents.reduce(1, *)).map { Float($0) / 8 })
  }

  // MARK: Data

  private static func writeTables(to folder: TestFolder) throws {
    try folder.write("ok.csv", "a,b,y\n1,2,0\n3,4,1\n5,6,1\n")
    try folder.write("hole.csv", "a,b,y\n1,2,0\n3,,1\n5,6,1\n")
    try folder.write("text.csv", "a,b,y\n1,2,0\n3,four,1\n5,6,1\n")
    try folder.write("comma.csv", "a,b,y\n1,2,0\n3,\"4,5\",1\n")
    try folder.write("missing-value.csv", "a,b,y\n1,2,0\nNaN,4,1\n")
    try folder.write("ragged.csv", "a,b,y\n1,2,0\n3,4\n")
    try folder.write("empty.csv", "")
    try folder.write("header.csv", "a,b,y\n")
    try folder.write("no-header.csv", "1,2,0\n3,4,1\n")
    try folder.write("twice.csv", "a,a,y\n1,2,0\n")
    try folder.write("quote.csv", "a,b,y\n1,\"2,0\n3,4,1\n")
    try folder.write("two.csv", "y\n0\n1\n")
    try folder.write("labels.csv", "a,b,y\n1,2,0\n3,4,3\n5,6,1\n")
    try folder.write("negative.csv", "a,b,y\n1,2,0\n3,4,-1\n5,6,1\n")
    try folder.write("half.csv", "a,b,y\n1,2,0\n3,4,0.5\n5,6,1\n")
    try folder.write("table.txt", "a b\n1 2\n")
    try folder.write("from-one.csv", "a,b,y\n1,2,1\n3,4,3\n5,6,2\n")
    try folder.write("thousands.csv", "a,b,y\n1,2,0\n3,\"1,234\",1\n")
    try folder.write("million.csv", "a,b,y\n1,2,0\n3,\"1,234,567\",1\n")
    try folder.write("overflow.csv", "a,b,y\n1,2,0\n3,1e400,1\n")
    try folder.write("latin1.csv", Array("a,gr".utf8) + [0xF6, 0xDF] + Array("e,y\n1,2,0\n".utf8))
    let zip: [UInt8] = [0x50, 0x4B, 0x03, 0x04, 0x14, 0x00]
    try folder.write("book.csv", zip + Array("[Content_Types].xml".utf8) + zip + Array("xl/workbook.xml".utf8))
    try folder.write("archive.csv", zip + Array("table.csv".utf8))
  }

  private static func writeBinaryFiles(to folder: TestFolder) throws {
    try NPY.write(tensor([3, 2]), to: folder.file("x.npy"))
    try NPY.write(tensor([3, 4]), to: folder.file("wide.npy"))
    try NPY.write(tensor([2]), to: folder.file("vector.npy"))
    try NPY.write(Tensor([3, 2], [Int32](1...6)), to: folder.file("integers.npy"))
    try NPY.write(Tensor([3], [0, 300, 1] as [Int64]), to: folder.file("labels.npy"))
    try NPY.write(Tensor([3, 4], [Int64](250...261)), to: folder.file("large.npy"))
    let npy = try folder.bytes("x.npy")
    try folder.write("truncated.npy", npy.dropLast(3))
    try folder.write("header.npy", npy.prefix(30))
    try folder.write("following.npy", npy + [1])
    try folder.write("empty.npy", "")
    try folder.write("text.npy", "these are no numbers\n")
    var complex = npy
    complex.replaceSubrange(try #require(complex.firstRange(of: Data("<f4".utf8))), with: "<c8".utf8)
    try folder.write("complex.npy", complex)
    try folder.write("array.npz", npz)
    try folder.write("truncated.npz", npz.dropLast(40))
    var damaged = npz
    damaged[90] ^= 0x55
    try folder.write("damaged.npz", damaged)
    let idx = [0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 4] + [UInt8](0..<12)
    try folder.write("x-idx2-ubyte", idx)
    try folder.write("truncated-idx2-ubyte", idx.dropLast())
    try folder.write("header-idx2-ubyte", idx.prefix(7))
    try folder.write("empty-idx2-ubyte", "")
    try folder.write("text-idx2-ubyte", "these are no pictures\n")
    try folder.write("huge-idx3-ubyte", [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12))
    try folder.write("x-idx2-ubyte.gz", gzipped)
    try folder.write("truncated-idx2-ubyte.gz", gzipped.dropLast(12))
    var changed = gzipped
    changed[changed.count - 6] ^= 1
    try folder.write("damaged-idx2-ubyte.gz", changed)
  }

  /// `numpy.savez_compressed(x=numpy.array([[1, 2], [3, 4], [5, 6]], 'f4'), y=numpy.array([0, 2, 1], 'i4'))`.
  private static let npz = Data(
    base64Encoded: """
      UEsDBC0AAAAIAAAAIQD/v0I1//////////8FABQAeC5ucHkBABAAmAAAAAAAAABYAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cel\
      l9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkaaOgq1CmQDLgaGBnsGBgYHIALiBiBeAMQHHABQSwMELQAAAAgAAAAhAA9EhzX//////////w\
      UAFAB5Lm5weQEAEACMAAAAAAAAAEwAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvk\
      axjqaOgq1ChQALgYgYAJiRiAGAFBLAQItAy0AAAAIAAAAIQD/v0I1WAAAAJgAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQItAy0AAAAIAAAA\
      IQAPRIc1TAAAAIwAAAAFAAAAAAAAAAAAAACAAY8AAAB5Lm5weVBLBQYAAAAAAgACAGYAAAASAQAAAAA=
      """)!

  /// The bytes of `x-idx2-ubyte`, gzipped.
  private static let gzipped = Data(base64Encoded: "H4sIAAAAAAACA2Ng4GBiYGBgBmIWBkYmZhZWNnYOTi5uAEXTwIQYAAAA")!

  // MARK: Graphs

  /// A file for each kind of mistake in a graph.
  private static let graphs: [(name: String, text: String)] = [
    ("empty.graph", ""),
    ("syntax.graph", function("  %y = negate %x,\n  return %y\n")),
    ("brace.graph", String(function("  %y = negate %x\n  return %y\n").dropLast(2))),
    ("operation.graph", function("  %y = negat %x\n  return %y\n")),
    ("value.graph", function("  %y = negate %z\n  return %y\n")),
    ("call.graph", function("  %y = call @g(%x)\n  return %y\n")),
    ("parameter.graph", function("  %y = add %x, @w1\n  return %y\n", "param @w: tensor<2xf32> = zeros\n")),
    ("operands.graph", function("  %y = negate %x, %x\n  return %y\n")),
    ("type.graph", function("  %y = dense %x, @w\n  return %y\n", "param @w: tensor<3x2xf32> = zeros\n")),
    ("attribute.graph", function("  %y = transpose %x {permutaton = [1, 0]}\n  return %y\n")),
    ("attribute-kind.graph", function("  %y = transpose %x {permutation = 1}\n  return %y\n")),
    ("range.graph", range),
    ("symbol.graph", "graph @g version 1\n\nparam @w: tensor<Nx2xf32> = zeros\n"),
    ("cycle.graph", cycle),
    ("updates.graph", updates),
    ("scalar.graph", function("  %y = negate %x\n  return %y\n", after: "gradient @g of @f wrt %x\n")),
    ("independent.graph", independent),
    ("everything.graph", everything),
  ]

  /// A file with one function of `%x: tensor<Bx2xf32>`, whose body is `body`.
  private static func function(_ body: String, _ before: String = "", after: String = "") -> String {
    "graph @g version 1\n\n\(before)func @f(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {\n\(body)}\n\(after)"
  }

  /// Attributes out of their ranges.
  private static let range = """
    graph @g version 1

    param @w: tensor<2xf32> = normal(stddev = -1)

    func @loss(%x: tensor<Bx2xf32>) -> tensor<f32> {
      %y = multiply %x, @w
      %m = reduce_mean %y
      return %m
    }

    train @fit minimize @loss {
      optimizer = adam(learning_rate = -0.1, beta_1 = 1.5, epsilon = -1)
    }

    """

  private static let cycle = """
    graph @g version 1

    func @even(%x: tensor<f32>) -> tensor<f32> {
      %y = call @odd(%x)
      return %y
    }

    func @odd(%x: tensor<f32>) -> tensor<f32> {
      %y = call @even(%x)
      return %y
    }

    """

  private static let updates = """
    graph @g version 1

    param @w: tensor<2xf32> = zeros

    func @step(%x: tensor<2xf32>) -> tensor<2xf32> {
      %y = add @w, %x
      update @w, %y
      update @w, %x
      return %y
    }

    """

  private static let independent = """
    graph @g version 1

    param @w: tensor<2xf32> = zeros
    param @v: tensor<2xf32> = zeros

    func @f(%x: tensor<2xf32>) -> tensor<f32> {
      %y = multiply @w, %x
      %s = reduce_sum %y
      return %s
    }

    gradient @g of @f wrt @w, @v

    """

  /// Several mistakes, which are all reported.
  private static let everything = """
    graph @g version 1

    param @w: tensor<2x3xf12> = zeros
    param @b: tensor<3xf32> = normal(stdev = 0.5)

    func @f(%x: tensor<Bx2xf32>) -> tensor<Bx3xf32> {
      %z = dense %x, @w, @b
      %y = sigmod %z
      return %y
    }

    train @fit minimize @los {
      optimizer = adan
    }

    """
}
