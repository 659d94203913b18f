import Foundation
import FraguaData
import FraguaTensors
import Testing

/// The models of `graphs/`, as a user runs them.
@Suite(.timeLimit(.minutes(10))) struct GraphsTests {
  static let models = ["perceptron", "student", "fashion"]
  static let benchmarks = ["student", "tiny-deep", "mnist-mlp", "wide-mlp", "tanh-mlp", "deep-1000"]

  /// Every file there is checks.
  @Test func allCheck() throws {
    let files = try FileManager.default.subpathsOfDirectory(atPath: repository + "/graphs").filter {
      $0.hasSuffix(".graph")
    }
    #expect(Set(files) == Set((Self.models + Self.benchmarks.map { "bench/" + $0 }).map { $0 + ".graph" }))
    for file in files {
      let outcome = try succeed("check", "graphs/" + file)
      #expect(outcome.output.hasPrefix("graphs/\(file): graph @"))
      #expect(outcome.output.contains("is in order: ") && outcome.output.contains("1 training"))
    }
  }

  /// The worked example: weights 3 and -2, bias 1, x = (-1, 2) gives sigmoid(-6).
  @Test func perceptron() throws {
    for options in [[], ["--interpret"], ["--cpu", "scalar"]] {
      let outcome = try fragua(["run", "graphs/perceptron.graph", "--data", "x=[[-1, 2]]", "--json"] + options)
      let result = try #require(try outcome.objects().first)
      let value = try #require((result["value"] as? [[Double]])?.first?.first)
      #expect(abs(value - 1 / (1 + exp(6.0))) < 1e-9)
      #expect(String(format: "%.7f", value) == "0.0024726")
    }
    // The derivative of (p - y)^2 with respect to the bias, for p = sigmoid(-6) and y = 1.
    let data = ["--data", "x=[[-1, 2]]", "--data", "y=[[1]]"]
    let slope = try fragua(["run", "graphs/perceptron.graph", "--function", "@slope", "--json"] + data)
    let derivatives = try slope.objects().map { $0["value"] }
    let p = 1 / (1 + exp(6.0))
    let expected = 2 * (p - 1) * p * (1 - p)
    let bias = try #require((derivatives[1] as? [Double])?.first)
    let weights = try #require(derivatives[0] as? [[Double]]).map { $0[0] }
    for (value, wanted) in [(bias, expected), (weights[0], -expected), (weights[1], 2 * expected)] {
      #expect(abs(value - wanted) < 1e-6 * abs(wanted))
    }
  }

  /// A long chain of operations becomes kernels of a bounded size: it neither exhausts the stack nor takes long.
  @Test func longChain() throws {
    let folder = try TestFolder()
    let count = 5000
    var text = "graph @chain version 1\n\nfunc @f(%v0: tensor<2xf32>) -> tensor<f32> {\n"
    for i in 1...count { text += "  %v\(i) = sigmoid %v\(i - 1)\n" }
    text += "  %s = reduce_sum %v\(count)\n  return %s\n}\n\ngradient @g of @f wrt %v0\n"
    let path = try folder.write("chain.graph", text)
    let result = try succeed("run", path, "--function", "f", "--data", "v0=[0, 1]", "--json").objects()
    // The fixed point of sigmoid, twice.
    #expect(abs(try #require(result.first?["value"] as? Double) - 2 * 0.659046) < 1e-5)
    let slope = try succeed("run", path, "--function", "g", "--data", "v0=[0, 1]", "--json").objects()
    #expect(slope.first?["value"] as? [Double] == [0, 0])
  }

  /// Held-out rows: within 0.03 of the 0.8824 that no classifier exceeds.
  @Test(arguments: [1, 2, 3]) func student(seed: Int) throws {
    let folder = try TestFolder()
    let data = "graphs/data/students.csv"
    let held = "graphs/data/students-test.csv"
    try succeed(
      "train", "graphs/student.graph", "--data", "x=\(data):classes,hours", "--data", "y=\(data):passed", "--epochs",
      "30", "--seed", "\(seed)", "--out", folder.path)
    let parameters = folder.file("parameters.safetensors")
    let accuracy = try succeed(
      "predict", "graphs/student.graph", "--function", "@accuracy", "--params", parameters, "--data",
      "x=\(held):classes,hours", "--data", "y=\(held):passed", "--json")
    let means = try #require(try accuracy.objects().first?["means"] as? [String: Double])
    #expect(means.count == 1 && means.values.allSatisfy { $0 > 0.8824 - 0.03 && $0 <= 1 })
    // The generator's own probability for 4 classes and 5 hours is 0.4013.
    let outcome = try succeed(
      "run", "graphs/student.graph", "--params", parameters, "--data", "x=[[4, 5]]", "--json")
    let probability = try #require((try outcome.objects().first?["value"] as? [[Double]])?.first?.first)
    #expect(abs(probability - 0.4013) < 0.1)
  }

  /// A benchmark reports everything that the table of the design names.
  @Test(arguments: benchmarks) func bench(name: String) throws {
    let fit = name != "deep-1000"
    let options = ["--batch", "4", "--threads", "2", "--seconds", "0", "--function", fit ? "@fit" : "@predict"]
    let arguments = ["bench", "graphs/bench/\(name).graph"] + options
    let outcome = try fragua(arguments + ["--json"])
    let objects = try outcome.objects()
    try #require(objects.count == 1 && outcome.status == 0, "\(outcome.error)")
    for field in [
      "first_s", "step_us", "min_us", "flops", "gflops", "peak_gflops", "arena_bytes", "arena_lower_bound_bytes",
      "compile_s",
    ] {
      let value = try #require(objects[0][field] as? Double, "'\(field)' is missing")
      #expect(value >= 0, "\(field)")
    }
    let figures = objects[0].compactMapValues { $0 as? Double }
    #expect(figures["min_us"]! <= figures["step_us"]! && figures["compile_s"]! <= figures["first_s"]!)
    #expect(figures["arena_lower_bound_bytes"]! <= figures["arena_bytes"]!)
    #expect(figures["flops"]! > 0 && figures["peak_gflops"]! > 0)
    #expect(objects[0]["function"] as? String == (fit ? "@fit" : "@predict") && figures["batch"] == 4)
    // Many steps on the same rows learn them.
    let (first, last) = (objects[0]["loss0"] as? Double, objects[0]["loss1"] as? Double)
    if fit { #expect(try #require(last) < #require(first)) } else { #expect(objects[0].keys.contains("loss0")) }
    // For people, the same figures, a line each.
    let lines = try fragua(arguments).lines
    #expect(lines.map { String($0.prefix { $0 != " " }) }.sorted() == objects[0].keys.sorted())
  }

  /// With `--steps` so many steps run whatever the time: each leaves another loss, always the same. The peak, which is
  /// measured for a time, is left out.
  @Test func benchSteps() throws {
    func losses(_ steps: Int) throws -> [Double] {
      let options = ["--threads", "1", "--steps", String(steps), "--json"]
      let outcome = try fragua(["bench", "graphs/bench/student.graph"] + options)
      let objects = try outcome.objects()
      try #require(objects.count == 1 && outcome.status == 0, "\(outcome.error)")
      #expect(objects[0].keys.contains("step_us") && !objects[0].keys.contains("peak_gflops"))
      return try ["loss0", "loss1"].map { try #require(objects[0][$0] as? Double) }
    }
    let (one, two, twelve) = (try losses(1), try losses(2), try losses(12))
    #expect(one[0] == two[0] && one[0] == twelve[0])
    #expect(one[0] > one[1] && one[1] > two[1] && two[1] > twelve[1])
    #expect(try losses(12) == twelve)
  }

  /// Without a graph, a benchmark of what the processor can do at most, in both types of floats.
  @Test(arguments: [[], ["--cpu", "scalar"]]) func peak(options: [String]) throws {
    let arguments = ["bench", "--peak", "--threads", "2"] + options
    let outcome = try fragua(arguments + ["--json"])
    let objects = try outcome.objects()
    try #require(objects.count == 1 && outcome.status == 0 && outcome.error == "", "\(outcome.error)")
    #expect(Set(objects[0].keys) == ["threads", "cpu", "peak_f32_gflops", "peak_f64_gflops"])
    #expect(objects[0]["threads"] as? Int == 2)
    let instructionSet = try #require(objects[0]["cpu"] as? String)
    let known = options.isEmpty ? ["avx512", "avx2", "scalar", "neon"] : ["scalar"]
    #expect(known.contains(instructionSet))
    for field in ["peak_f32_gflops", "peak_f64_gflops"] {
      #expect(try #require(objects[0][field] as? Double) > 0, "\(field)")
    }
    // For people, the same figures in the same order, a line each.
    let lines = try fragua(arguments).lines
    let names = lines.map { String($0.prefix { $0 != " " }) }
    #expect(names == ["threads", "cpu", "peak_f32_gflops", "peak_f64_gflops"])
    #expect(lines[1].hasSuffix(" " + instructionSet))
  }

  /// What the processor cannot run is refused, with or without a graph.
  @Test(arguments: [["--peak"], ["graphs/student.graph"]]) func foreignProcessor(what: [String]) throws {
    #if arch(x86_64)
      let foreign = "neon"
    #else
      let foreign = "avx2"
    #endif
    let outcome = try fragua(["bench", "--cpu", foreign, "--seconds", "0"] + what)
    #expect(outcome.status == 1 && outcome.output == "")
    #expect(outcome.error.hasPrefix("error: this processor cannot run code for '\(foreign)'\nnote: its best"))
  }
}
