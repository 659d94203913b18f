import Foundation
import FraguaData
import FraguaTensors
import Testing

/// Files come from strangers: they write nothing outside the folder named, say nothing to the terminal, and cost
/// nothing before they are refused.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TrustTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    try folder.write("id.graph", Self.graph)
  }

  private static let graph = """
    graph @id version 1

    param @w: tensor<2xf32> = zeros

    func @f(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
      %y = add %x, @w
      return %y
    }

    """

  private func run(_ arguments: String...) throws -> MeasuredRun { try MeasuredRun(arguments, in: folder) }

  // MARK: Names

  /// A program of one kernel, with names in all places where a dump has strings.
  private func kernels(
    argument: String = "x", result: String = "y", parameter: String = "w", call: String = "f", origin: String = "a:1:1"
  ) -> String {
    """
    kernels @f version 1 {stage = "lower"}

    arguments "\(argument)"
    results "\(result)"

    buffer %x : tensor<2xf32> = argument 0
    buffer %w : tensor<2xf32> = parameter "\(parameter)"
    buffer %y : tensor<2xf32> = result 0

    kernel @k0 map [2] (b0: read f32[2], b1: read f32[2], b2: write f32[2]) {
      scalar {
        %0 = load b0[d0] : f32
        %1 = load b1[d0] : f32
        %2 = add %0, %1 : f32
        store %2, b2[d0]
      }
    }

    call @k0(%x, %w, %y) {name = "\(call)", origin = "\(origin)"}

    """
  }

  @Test func namesInDumpsOfKernels() throws {
    try Safetensors([.init("w", Tensor([2], [1, 2] as [Float]))]).write(to: folder.file("w.safetensors"))
    try folder.write("f.kernels", kernels())
    let arguments = ["run", "f.kernels", "--data", "x=[1,2]", "--params", "w.safetensors", "--out", "out"]
    #expect(try MeasuredRun(arguments, in: folder).status == 0)
    #expect(folder.contents.contains { $0.hasPrefix("out/y.npy ") })
    let before = folder.contents
    for name in ["../home/y", "/tmp/fragua-y", "a/b", "a\\u{0}b", "a\\u{1b}[2Jb", "a b", "ä", "a\\n", "-", "\\\\"] {
      for text in [
        kernels(argument: name), kernels(result: name), kernels(parameter: name), kernels(call: name),
      ] {
        try folder.write("f.kernels", text)
        for command in [arguments, ["check", "f.kernels"], ["print", "f.kernels"]] {
          let run = try MeasuredRun(command, in: folder)
          run.expectRefusal("is not a name: letters, digits, '_' and '.' are")
          #expect(run.error.contains(/f.kernels:[0-9]+:[0-9]+: error/))
        }
      }
    }
    // A place may be any text, and is shown without its orders to the terminal.
    try folder.write("f.kernels", kernels(origin: "\\u{1b}[2J\\u{9b}31m:1:1"))
    for command in [
      arguments, ["check", "f.kernels"], ["print", "f.kernels"], ["print", "f.kernels", "--stage", "llvm"],
    ] {
      let run = try MeasuredRun(command, in: folder)
      #expect(run.status == 0)
      expectNoControl(in: run.output + run.error)
    }
    #expect(folder.contents.map { $0.prefix { $0 != " " } } == before.map { $0.prefix { $0 != " " } })
  }

  /// A metric's name becomes a file's as well.
  @Test func namesInDumpsOfGraphs() throws {
    for name in ["../m", "a/b", "a b", "a\u{202E}b"] {
      try folder.write(
        "m.graph", Self.graph.replacing("-> tensor<Bx2xf32> {", with: "-> (tensor<Bx2xf32> {metric = \"\(name)\"}) {"))
      for command in [["check", "m.graph"], ["run", "m.graph", "--data", "x=[[1,2]]", "--out", "out"]] {
        try MeasuredRun(command, in: folder).expectRefusal("is not a name: letters, digits, '_' and '.' are")
      }
    }
    for name in ["a\u{1B}[2Jb", "a\u{7F}b"] {
      try folder.write("m.graph", Self.graph.replacing("= zeros", with: "= zeros loc(\"\(name)\":1:1)"))
      try run("check", "m.graph").expectRefusal("cannot stand in a string")
    }
    #expect(!folder.contents.contains { $0.hasPrefix("out") })
  }

  /// Results of one name do not overwrite each other.
  @Test func resultsOfOneName() throws {
    try folder.write(
      "two.graph",
      Self.graph.replacing("-> tensor<Bx2xf32>", with: "-> (tensor<Bx2xf32>, tensor<Bx2xf32>)").replacing(
        "return %y", with: "return %y, %y"))
    let run = try run("run", "two.graph", "--data", "x=[[1,2]]", "--out", "out")
    #expect(run.status == 0 && run.output.split(separator: "\n").count == 2)
    #expect(folder.contents.count { $0.hasPrefix("out/y") } == 2)
  }

  /// What an error's place names is not read because a dump says so.
  @Test func placesThatADumpClaims() throws {
    try folder.write("secret.txt", "the secret\n")
    let dump = Self.graph.replacing("-> tensor<Bx2xf32> {", with: "-> tensor<Bx2xf32> loc(\"secret.txt\":1:1) {")
    try folder.write("dump.graph", dump)
    let run = try run("print", "dump.graph", "--after", "specialize", "--bind", "B=1000000000000000")
    run.expectRefusal("secret.txt:1:1: error: ")
    #expect(!run.error.contains("the secret"), "\(run.error)")
  }

  // MARK: The terminal

  /// Control characters in the names of files: errors, success lines and objects.
  @Test func namesOfFiles() throws {
    let name = "a\u{1B}[31m\u{9B}2J\u{7}\u{202E}b\nc"
    try folder.write(name + ".graph", Self.graph)
    try folder.write(name + ".csv", "a,\u{1B}[2Jb\n1,2\n3,\u{1B}]0;x\u{7}\n")
    try Safetensors([.init("w", Tensor([2], [1, 2] as [Float]))]).write(to: folder.file(name + ".safetensors"))
    let data = "x=\(name).csv:a,\u{1B}[2Jb"
    let runs = [
      ["check", "\(name).graph"], ["check", "\(name)"], ["check", "--json", "\(name).graph"],
      ["run", "\(name).graph", "--data", "x=[[1,2]]", "--out", name],
      ["run", "\(name).graph", "--json", "--data", "x=[[1,2]]", "--out", name],
      ["run", "\(name).graph", "--data", data], ["run", "\(name).graph", "--data", "\(name)=[[1,2]]"],
      ["run", "id.graph", "--function", name, "--data", "x=[[1,2]]"], ["run", "id.graph", "--params", name],
      [
        "predict", "id.graph", "--function", "@f", "--params", "\(name).safetensors", "--data", "x=[[1,2]]", "--out",
        "\(name).npy",
      ], ["ops", name], [name], ["check", "--\(name)"], ["print", "id.graph", "--after", name],
      ["print", "id.graph", "--bind", "\(name)=2"], ["print", "id.graph", "--stage", name],
    ]
    for arguments in runs {
      let run = try MeasuredRun(arguments, in: folder)
      #expect([0, 1, 2].contains(run.status), "\(arguments): \(run.error)")
      expectNoControl(in: run.output + run.error)
      // A line end in a name makes no line of its own.
      #expect(!(run.output + run.error).contains("\nc"), "\(arguments): \(run.output) \(run.error)")
    }
  }

  // MARK: Bounds

  @Test func filesThatAreSomethingElse() throws {
    for (name, byte) in [("nul.csv", UInt8(0)), ("text.csv", UInt8(ascii: "a")), ("spaces.csv", UInt8(ascii: " "))] {
      try folder.write(name, [UInt8](repeating: byte, count: 100 << 20))
      let place = byte == 0 ? "the byte 0x00 is no text" : byte == 0x20 ? "is empty" : "does not end in its first 16 MB"
      if byte != 0x20 {
        try run("run", "id.graph", "--data", "x=\(name):a,b").expectRefusal(place)
      }
      try FileManager.default.moveItem(atPath: folder.file(name), toPath: folder.file("other.graph"))
      if byte != 0x20 { try run("check", "other.graph").expectRefusal("error: ") }
      try FileManager.default.removeItem(atPath: folder.file("other.graph"))
    }
    try run("run", "id.graph", "--data", "x=/dev/zero:a").expectRefusal("error: ")
    try run("check", "/dev/zero").expectRefusal("the byte 0x00 is no text")
  }

  /// One token of 2 MB in each place that a graph has.
  @Test func longTokens() throws {
    let long = String(repeating: "long", count: 1 << 19)
    for (from, to) in [
      ("add", long), ("%x,", "%\(long),"), ("@w\n", "@\(long)\n"), ("%y =", "%\(long) ="), ("@f(", "@\(long)@("),
      ("zeros", long), ("zeros", "zeros(\(long) = 1)"), ("2xf32> = zeros", "\(long)> = zeros"),
      ("2xf32> = zeros", "\(String(repeating: "9", count: 1 << 21))xf32> = zeros"),
      ("zeros", "normal(stddev = \(String(repeating: "9", count: 1 << 21)))"),
      ("zeros", "normal(stddev = 0.\(String(repeating: "9", count: 1 << 21))x)"),
      ("zeros", "normal(stddev = \"\(long)\")"), ("zeros", "normal(stddev = @\(long))"),
      ("zeros", "dense<\"0x\(long)\">"), ("zeros", "dense<\(long)>"), ("func", long), ("graph @id", "graph @\(long) x"),
      ("version 1", "version 1\(String(repeating: "1", count: 1 << 21))"), ("version 1", "version 1 {\(long) = \"\"}"),
      ("version 1", "version 1 {mode = \"\(long)\"}"), ("version 1", "version 1 {stage = \"\(long)\"}"),
      ("add %x, @w", "call @\(long)(%x)"), ("add %x, @w", "add %x, @w {\(long) = 1}"), ("Bx2xf32> {", "Bx2x\(long)> {"),
      ("add %x, @w", "add %x, @w loc(\"\(long)\":0:1)"), ("add %x, @w", "matmul %x, @w loc(\"\(long)\":1:1)"),
      ("= add", "? \(long)"), ("= add", String(repeating: "é", count: 1 << 20)), ("return %y", "return %\(long)"),
    ] {
      let text = Self.graph.replacing(from, with: to)
      try folder.write("long.graph", text)
      try run("check", "long.graph").expectRefusal("error: ", lines: 40)
    }
    try folder.write("long.graph", Self.graph + "gradient @g of @\(long) wrt %x\n")
    try run("check", "long.graph").expectRefusal("error: ")
    try folder.write("long.kernels", kernels().replacing("add %0", with: "\(long) %0"))
    try run("check", "long.kernels").expectRefusal("there is no instruction")
    try folder.write("long.kernels", kernels(result: "/" + long))
    try run("check", "long.kernels").expectRefusal("is not a name")
    try folder.write("long.csv", "\(long),b\n1,2\n")
    try run("run", "id.graph", "--data", "x=long.csv:a,b").expectRefusal("no column 'a'")
    try folder.write("long.csv", "a,b\n1,\(long)\n")
    try run("run", "id.graph", "--data", "x=long.csv:a,b").expectRefusal("is not a number")
    try folder.write("long.csv", "a,b\n1,\(String(repeating: "9", count: 1 << 21))\n")
    try run("run", "id.graph", "--data", "x=long.csv:a,b").expectRefusal("is out of the range")
  }

  /// As many misspelt names as there are names.
  @Test func manyMisspeltNames() throws {
    let count = 20_000
    let parameters = (0..<count).map { "param @layer\($0): tensor<f32> = zeros\n" }.joined()
    let uses = (0..<count).map { "  %y\($0) = negate @layre\($0)\n" }.joined()
    try folder.write(
      "many.graph",
      "graph @many version 1\n\n\(parameters)\nfunc @f() -> tensor<f32> {\n\(uses)  return %y0\n}\n")
    try run("check", "many.graph").expectRefusal("did you mean '@layer0'?", lines: 30)
    try folder.write(
      "right.graph",
      "graph @right version 1\n\n\(parameters)\nfunc @f() -> tensor<f32> {\n\(uses.replacing("layre", with: "layer"))  return %y0\n}\n"
    )
    let tensors = (0..<count).map { Safetensors.Entry("layre\($0)", Tensor([], [Float(1)])) }
    try Safetensors(tensors).write(to: folder.file("many.safetensors"))
    try run("run", "right.graph", "--params", "many.safetensors").expectRefusal("did you mean '@layer")
    let names = (0..<count).map { "layer\($0)" }.joined(separator: ",")
    try folder.write("many.csv", names + "\n" + Array(repeating: "1", count: count).joined(separator: ",") + "\n")
    // All but one argument's worth of a command line.
    let wanted = (0..<8000).map { "layer\($0)" }.joined(separator: ",") + ",layre19999"
    try run("run", "id.graph", "--data", "x=many.csv:\(wanted)").expectRefusal("no column 'layre19999'")
  }

  // MARK: Memory

  private static let wide = """
    graph @wide version 1

    func @f(%x: tensor<Bx1024xf32>) -> tensor<Bx1024xf32> {
      %e = exp %x
      %m = matmul %e, @w
      return %m
    }

    param @w: tensor<1024x1024xf32> = normal(stddev = 1)

    """

  /// Under each limit that a shell can set: refused before it is allocated, with status 1.
  @Test(arguments: ["ulimit -v 2000000", "ulimit -d 1000000"]) func limitsOfTheProcess(limit: String) throws {
    try folder.write("wide.graph", Self.wide)
    let bench = ["bench", "wide.graph", "--function", "@f", "--threads", "1", "--cpu", "avx2"]
    let refused = try MeasuredRun(bench + ["--batch", "300000"], in: folder, limit: limit)
    refused.expectRefusal("of memory that there is")
    // Data that are too large for it, though the file says so little.
    try folder.write("zeros.npy", Self.header(of: "(262144, 1024)"))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("zeros.npy")))
    try handle.truncate(atOffset: 128 + 1 << 30)
    try handle.close()
    let data = try MeasuredRun(
      ["run", "wide.graph", "--data", "x=zeros.npy", "--threads", "1"], in: folder, limit: limit)
    data.expectRefusal("of memory that there is")
  }

  /// The start of an array of f32, 128 bytes.
  private static func header(of shape: String) -> [UInt8] {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
    let padded = text + String(repeating: " ", count: 117 - text.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8)
  }

  /// With ever less memory the command ends well, or with a diagnostic, whoever asked for what was not there.
  @Test func everyAllocationMayFail() throws {
    try folder.write("wide.graph", Self.wide)
    var statuses: Set<Int32> = []
    for limit in stride(from: 30_000, through: 900_000, by: 30_000) {
      let run = try MeasuredRun(
        ["bench", "wide.graph", "--function", "@f", "--batch", "64", "--steps", "2", "--threads", "1"], in: folder,
        limit: "ulimit -v \(limit)")
      // Less than the system's loader needs for the libraries.
      if run.error.contains("error while loading shared libraries") || run.status == 127 { continue }
      statuses.insert(run.status)
      #expect(run.status == 0 || run.status == 1, "\(limit): \(run.status) \(run.error.prefix(400))")
      if run.status == 1 { #expect(run.error.contains("error: "), "\(limit): \(run.error)") }
    }
    #expect(statuses == [0, 1])
  }
}
