import Foundation
import Testing

/// What people may change in a dump so that it is none: `check` refuses what `run` and `print` refuse, with a place.
@Suite(.timeLimit(.minutes(10))) struct RefusedDumpTests {
  private static let head = "graph @g version 1 {stage = \"fuse\", mode = \"inference\"}\n\n"

  /// A function of one region with these attributes.
  private static func region(_ attributes: String, body: String = "%z = exp %x : tensor<4xf32>") -> String {
    head
      + """
      func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
        %z = fused @r(%x: tensor<4xf32> = %x) {
          \(body)
          return %z
        } {\(attributes)} : tensor<4xf32>
        return %z
      }

      """
  }

  struct Case: CustomTestStringConvertible {
    let text: String
    let place: String
    let message: String
    var testDescription: String { message }
  }

  @Test(arguments: [
    Case(
      text: region("form = lanes, arguments = -9223372036854775808"), place: "4:14",
      message: "attribute 'arguments' is -9223372036854775808, but the fused region has 1 operand"),
    Case(text: region("form = lanes, arguments = 2"), place: "4:14", message: "attribute 'arguments' is 2"),
    Case(text: region("form = lanes"), place: "4:14", message: "lacks its attribute 'arguments'"),
    Case(text: region("form = map, arguments = 1"), place: "4:14", message: "belongs to fused regions of the form"),
    Case(
      text: region("form = map").replacing("stage = \"fuse\"", with: "stage = \"fuze\""), place: "1:1",
      message: "names the stage 'fuze', which is no pass"),
    Case(text: region("form = scatter"), place: "4:3", message: "it holds 0 scatters, expected 1"),
    Case(text: region("form = contract"), place: "4:3", message: "it holds 0 contractions, expected 1"),
    Case(
      text: region("form = map", body: "%z = softmax %x : tensor<4xf32>"), place: "5:5",
      message: "the fused region '@r' holds 'softmax' after the pass 'decompose'"),
    Case(
      text: region("form = map").replacing("stage = \"fuse\"", with: "stage = \"simplify\""), place: "4:3",
      message: "the fused region '@r' stands before the pass 'fuse'"),
    Case(
      text: head + "func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %z = exp %x : tensor<4xf32>\n  return %z\n}\n",
      place: "4:3", message: "'exp' is not in a fused region"),
    Case(
      text: "graph @g version 1 {stage = \"simplify\", mode = \"inference\"}\n"
        + "func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %z = softmax %x : tensor<4xf32>\n  return %z\n}\n",
      place: "3:3", message: "the composite operation 'softmax' is there after the pass 'decompose'"),
    Case(
      text: "graph @g version 1 {stage = \"decompose\", mode = \"inference\"}\n"
        + "func @e(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %z = exp %x\n  return %z\n}\n"
        + "func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %z = call @e(%x)\n  return %z\n}\n",
      place: "7:3", message: "'@e' is called after the pass 'differentiate'"),
    Case(
      text: "graph @g version 1 {stage = \"specialize\", mode = \"inference\"}\n"
        + "func @f(%x: tensor<Bxf32>) -> tensor<Bxf32> {\n  %z = exp %x\n  return %z\n}\n",
      place: "2:1", message: "'@f' takes the unbound tensor<Bxf32> after the pass 'specialize'"),
    Case(
      text: "graph @g version 1 {stage = \"differentiate\", mode = \"train\"}\nparam @w: tensor<f32> = zeros\n"
        + "func @f(%x: tensor<f32>) -> tensor<f32> {\n  %z = multiply %x, @w\n  return %z\n}\n"
        + "train @fit minimize @f {\n  optimizer = sgd(learning_rate = 0.1)\n}\n",
      place: "7:1", message: "there is no function '@fit.gradient', which the pass 'differentiate' writes"),
  ]) func isRefusedAlike(one: Case) throws {
    let folder = try TestFolder()
    try folder.write("d.graph", one.text)
    let function = one.text.contains("train @fit") ? "@fit" : "@f"
    for command in [
      ["check", "d.graph"], ["run", "d.graph", "--function", function, "--data", "x=[1, 2, 3, 4]"],
      ["print", "d.graph", "--function", function, "--stage", "plan"],
    ] where function == "@f" || command[0] != "run" {
      let outcome = try fragua(command, in: folder.path)
      #expect(outcome.status == 1 && outcome.output == "", "\(command)")
      #expect(outcome.error.hasPrefix("d.graph:\(one.place): error: "), "\(command): \(outcome.error)")
      #expect(outcome.error.contains(one.message), "\(command): \(outcome.error)")
    }
  }

  /// A stride longer than the axis takes the first element.
  @Test func longStrides() throws {
    let folder = try TestFolder()
    try folder.write(
      "s.graph",
      """
      graph @s version 1

      func @f(%x: tensor<3x3xf32>) {
        %y = slice %x {axes = [0, 1], start = [1, 0], limit = [3, 3], stride = [9223372036854775807, 2]}
        %z = exp %y
        %s = reduce_sum %z
        return %y, %s
      }

      gradient @g of @h wrt %x

      func @h(%x: tensor<3x3xf32>) {
        %y = slice %x {axes = [0, 1], start = [1, 0], limit = [3, 3], stride = [9223372036854775807, 2]}
        %s = reduce_sum %y
        return %s
      }

      """)
    for option in [[], ["--interpret"]] {
      let data = ["--data", "x=[[1, 2, 3], [4, 5, 6], [7, 8, 9]]"]
      let value = try fragua(["run", "s.graph", "--function", "@f"] + data + option, in: folder.path)
      #expect(value.status == 0 && value.output.contains("[[4.0, 6.0]]"), "\(value.output)\(value.error)")
      let slope = try fragua(["run", "s.graph", "--function", "@g"] + data + option, in: folder.path)
      #expect(slope.status == 0 && slope.output.contains("[1.0, 0.0, 1.0]"), "\(slope.output)\(slope.error)")
    }
  }

  /// A NaN of any sign and payload is `nan` to people.
  @Test func printsOfNaN() throws {
    let folder = try TestFolder()
    try folder.write(
      "n.graph",
      """
      graph @n version 1

      func @f(%x: tensor<1xf32>) {
        %c = constant {value = dense<[0xFFC00001, 0x7FC12345]> : tensor<2xf32>}
        %d = constant {value = dense<[0xFFF8000000000001]> : tensor<1xf64>}
        return %c, %d
      }

      """)
    for option in [[], ["--interpret"]] {
      let outcome = try fragua(["run", "n.graph", "--data", "x=[1]"] + option, in: folder.path)
      #expect(outcome.status == 0 && outcome.output.contains("[nan, nan]"), "\(outcome.output)\(outcome.error)")
      #expect(!outcome.output.contains("nan("), "\(outcome.output)")
    }
  }

  /// A temporary with a hole is refused by `check` as by `run`, whatever the memory held before.
  @Test func readsBeforeWrites() throws {
    let folder = try TestFolder()
    try folder.write(
      "t.kernels",
      """
      kernels @f version 1 {stage = "lower"}
      arguments "x"
      results "r"
      buffer %x : tensor<4xf32> = argument 0
      buffer %t : tensor<4xf32> = temporary
      buffer %r : tensor<4xf32> = result 0
      kernel @a map [3] (b0: read f32[4], b1: write f32[4]) {
        scalar {
          %0 = load b0[d0] : f32
          store %0, b1[d0]
        }
      }
      kernel @b map [4] (b0: read f32[4], b1: write f32[4]) {
        scalar {
          %0 = load b0[d0] : f32
          store %0, b1[d0]
        }
      }
      call @a(%x, %t) {name = "a", origin = ""}
      call @b(%t, %r) {name = "b", origin = ""}

      """)
    for command in [
      ["check", "t.kernels"], ["run", "t.kernels", "--data", "x=[1, 2, 3, 4]"],
      ["run", "t.kernels", "--data", "x=[1, 2, 3, 4]", "--interpret"], ["print", "t.kernels", "--stage", "asm"],
    ] {
      let outcome = try fragua(command, in: folder.path)
      #expect(outcome.status == 1 && outcome.output == "", "\(command)")
      #expect(
        outcome.error.hasPrefix(
          "t.kernels:20:6: error: call 1 ('b') reads elements 0 to 3 of '%t', not all of which are written before\n"),
        "\(outcome.error)")
    }
  }
}
