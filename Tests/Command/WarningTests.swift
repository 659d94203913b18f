import Foundation
import Testing

/// Warnings on the command line, and predictions that are printed.
@Suite(.timeLimit(.minutes(10))) struct WarningTests {
  private static let text = """
    graph @w version 1

    param @w: tensor<2x3xf32> = zeros
    param @idle: tensor<3xf32> = zeros

    func @predict(%x: tensor<Bx2xf32>) -> tensor<Bx3xf32> {
      %z = matmul %x, @w
      %p = softmax %z
      return %p
    }

    func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bxi32>) -> tensor<f32> {
      %p = call @predict(%x)
      %l = softmax_cross_entropy %p, %y
      %m = reduce_mean %l
      return %m
    }

    train @fit minimize @loss {
      optimizer = sgd
    }

    """

  @Test func checkWarns() throws {
    let folder = try TestFolder()
    try folder.write("w.graph", Self.text)
    let outcome = try fragua(["check", "w.graph"], in: folder.path)
    #expect(outcome.status == 0 && outcome.output.hasPrefix("w.graph: graph @w is in order"))
    #expect(
      outcome.error == """
        w.graph:4:1: warning: nothing reads the parameter '@idle'
          param @idle: tensor<3xf32> = zeros
          ^
        w.graph:14:3: warning: 'softmax_cross_entropy' takes logits, but '%p' is a 'softmax' already
            %l = softmax_cross_entropy %p, %y
            ^
        w.graph:8:3: note: it applies a 'softmax' itself: give it what 'softmax' is applied to here
            %p = softmax %z
            ^

        """)
    let strict = try fragua(["check", "w.graph", "--strict"], in: folder.path)
    #expect(strict.status == 1 && strict.output == "")
    #expect(
      strict.error.hasPrefix(outcome.error) && strict.error.hasSuffix("error: '--strict' lets the warnings fail\n"))
    #expect(try fragua(["check", "graphs/student.graph", "--strict"]).status == 0)
  }

  @Test func checkWarnsInJSON() throws {
    let folder = try TestFolder()
    try folder.write("w.graph", Self.text)
    let outcome = try fragua(["check", "w.graph", "--json"], in: folder.path)
    let objects = try outcome.objects()
    #expect(outcome.status == 0 && outcome.error == "" && objects.count == 3)
    #expect(objects.map { $0["severity"] as? String } == ["warning", "warning", nil])
    #expect(objects.map { $0["line"] as? Int } == [4, 14, nil] && objects[2]["ok"] as? Bool == true)
    let strict = try fragua(["check", "w.graph", "--json", "--strict"], in: folder.path)
    #expect(strict.status == 1 && strict.error == "")
    #expect(try strict.objects().count == 2)
  }

  /// Who trains without a check is warned too, and trains.
  @Test func trainWarns() throws {
    let folder = try TestFolder()
    try folder.write("w.graph", Self.text)
    let outcome = try fragua(
      ["train", "w.graph", "--epochs", "1", "--data", "x=[[1, 2], [3, 4]]", "--data", "y=[0, 2]"], in: folder.path)
    #expect(outcome.status == 0)
    #expect(outcome.error.contains("w.graph:4:1: warning: nothing reads the parameter '@idle'"))
  }

  @Test func labelsOutsideZeroToOne() throws {
    let outcome = try fragua(
      ["run", "graphs/student.graph", "--function", "@loss", "--data", "x=[[1, 2], [3, 4]]", "--data", "y=[[0], [2]]"])
    #expect(outcome.status == 0)
    #expect(outcome.error.hasPrefix("warning: row 2 of 'y': the label 2.0 is outside 0 to 1\nnote: "))
  }

  private static let rows = """
    graph @rows version 1

    func @predict(%x: tensor<Bx2xf32>) -> (tensor<Bx2xf32>, tensor<Bxi32>) {
      %y = log %x
      %k = argmax %y
      return %y, %k
    }

    """

  /// Without `--out`, and with `--out -`, rows are printed as a .csv file has them.
  @Test func rowsArePrinted() throws {
    let folder = try TestFolder()
    try folder.write("rows.graph", Self.rows)
    try folder.write("empty.safetensors", [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8))
    func predict(_ options: String..., data: String = "x=[[1, 1], [1, 0]]") throws -> FraguaProcess.Outcome {
      try fragua(
        ["predict", "rows.graph", "--params", "empty.safetensors", "--data", data] + options, in: folder.path)
    }
    let printed = try predict()
    #expect(printed.status == 0 && printed.output == "y_0,y_1,k\n0.0,0.0,0\n0.0,-inf,0\n")
    #expect(
      printed.error == """
        warning: 1 number of 4 in result 1 of '@predict' is not finite
        note: it is -inf, in row 2

        """)
    #expect(try predict("--out", "-").output == printed.output)
    try #require(try predict("--out", "p.csv").status == 0)
    #expect(folder.text("p.csv") == printed.output)
    let objects = try predict("--json", data: "x=[[1, 1]]").objects()
    #expect(objects.count == 1 && objects[0]["y"] as? [Double] == [0, 0] && objects[0]["k"] as? Int == 0)
    let met =
      "rows.graph:3:1: warning: an 'argmax' in '@predict' met a number that is NaN, and took it for the largest\n"
    #expect(try predict(data: "x=[[1, 1], [1, nan]]").error.hasPrefix(met))
    let run = try fragua(["run", "rows.graph", "--data", "x=[[1, 1], [1, nan]]"], in: folder.path)
    #expect(run.status == 0 && run.output.hasSuffix("%k : tensor<2xi32>\n[0, 1]\n") && run.error.hasPrefix(met))
  }
}
