import Testing

/// Numbers on the command line, in brackets and alone.
@Suite(.timeLimit(.minutes(5))) struct LiteralTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    for (name, type) in [("f32", "f32"), ("i32", "i32"), ("i1", "i1")] {
      try folder.write(
        "\(name).graph",
        "graph @one version 1\nfunc @f(%x: tensor<\(type)>) -> tensor<\(type)> {\n  return %x\n}\n")
    }
  }

  /// A number alone, with letters in it too, is no file.
  @Test(arguments: [
    ("f32", "nan", "nan"), ("f32", "-inf", "-inf"), ("f32", "inf", "inf"), ("f32", "0x1.8p-3", "0.1875"),
    ("f32", "0x3F800000", "1.0"), ("f32", "-2.5e1", "-25.0"), ("i32", "0x10", "16"), ("i32", "-0x10", "-16"),
    ("i1", "true", "true"), ("i1", "false", "false"),
  ]) func numbersAlone(_ type: String, _ text: String, _ expected: String) throws {
    let outcome = try fragua(["run", "\(type).graph", "--data", "x=\(text)"], in: folder.path)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.split(separator: "\n").last.map(String.init) == expected)
  }

  /// What stands in brackets is never a file.
  @Test(arguments: [("[N/A]", "'N/A'"), ("[1/2]", "'1/2'"), ("[one]", "'one'")])
  func wordsInBrackets(_ text: String, _ quoted: String) throws {
    try folder.write(
      "row.graph", "graph @row version 1\nfunc @f(%x: tensor<1xf32>) -> tensor<1xf32> {\n  return %x\n}\n")
    let outcome = try fragua(["run", "row.graph", "--data", "x=\(text)"], in: folder.path)
    #expect(outcome.status == 1)
    #expect(outcome.error.hasPrefix("error: in the data for '%x', \(quoted)"), "\(outcome.error)")
  }
}
