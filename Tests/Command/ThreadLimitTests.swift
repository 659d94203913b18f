import Foundation
import Testing

/// Commands where the system starts no thread: each does its work on the one that it has.
@Suite(.timeLimit(.minutes(10))) struct ThreadLimitTests {
  /// What runs a command that may start no thread. The limit of processes does not hold for root, so that such tests
  /// run the command as nobody then.
  private static var runner: [String] {
    let limit = ["/usr/bin/prlimit", "--nproc=1"]
    return getuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups"] + limit : limit
  }

  /// A folder that anybody may use, with a copy of the command and of a graph.
  private static func folder() throws -> TestFolder {
    let folder = try TestFolder()
    let files = FileManager.default
    // By a process of its own: what another test starts meanwhile would have the file open for writing, and no file that
    // is can be run.
    let copy = try Process.run(
      URL(filePath: "/bin/cp"), arguments: [FraguaProcess.executable, folder.file("fragua")])
    copy.waitUntilExit()
    try #require(copy.terminationStatus == 0)
    try files.copyItem(atPath: repository + "/graphs/bench/mnist-mlp.graph", toPath: folder.file("mlp.graph"))
    try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    return folder
  }

  private func run(_ arguments: [String], _ folder: TestFolder, isLimited: Bool) throws -> FraguaProcess.Outcome {
    let runner = (isLimited ? Self.runner : []) + [folder.file("fragua")]
    return try FraguaProcess(arguments, in: folder.path, cacheHome: folder.file("cache"), runner: runner)
      .wait(timeoutSeconds: 120)
  }

  /// Compiling, which several threads would share, and a step that two would run.
  @Test func aStepCompilesAndRunsWithoutThreads() throws {
    let folder = try Self.folder()
    let arguments = ["bench", "mlp.graph", "--batch", "128", "--threads", "2", "--steps", "2", "--json"]
    let (free, limited) = (
      try run(arguments, folder, isLimited: false), try run(arguments, folder, isLimited: true)
    )
    #expect(limited.status == 0, "\(limited.error)")
    let (all, one) = (try #require(free.objects().first), try #require(limited.objects().first))
    #expect(all["threads"] as? Int == 2 && one["threads"] as? Int == 1)
    #expect(all["loss0"] as? Double == one["loss0"] as? Double && all["loss1"] as? Double == one["loss1"] as? Double)
  }

  /// A training with a smaller last batch, which would be compiled on a thread of its own, and its prediction.
  @Test func trainingWorksWithoutThreads() throws {
    let folder = try Self.folder()
    try folder.write("x.csv", "x\n" + (0..<50).map { "\(Double($0) / 25 - 1)\n" }.joined())
    try folder.write("y.csv", "y\n" + (0..<50).map { "\(Double($0 % 7) / 7)\n" }.joined())
    try folder.write(
      "wide.graph",
      """
      graph @wide version 1

      param @w1: tensor<1x512xf32> = normal(stddev = 0.3)
      param @w2: tensor<512x512xf32> = normal(stddev = 0.03)
      param @w3: tensor<512x1xf32> = normal(stddev = 0.03)

      func @predict(%x: tensor<Bx1xf32>) -> tensor<Bx1xf32> {
        %a = matmul %x, @w1
        %b = tanh %a
        %c = matmul %b, @w2
        %d = tanh %c
        %p = matmul %d, @w3
        return %p
      }

      func @loss(%x: tensor<Bx1xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
        %p = call @predict(%x)
        %l = mean_squared_error %p, %y
        return %l
      }

      train @fit minimize @loss { optimizer = sgd(learning_rate = 0.01) }

      """)
    for (out, isLimited) in [("free", false), ("limited", true)] {
      let train = [
        "train", "wide.graph", "--data", "x=x.csv:x", "--data", "y=y.csv:y", "--epochs", "2", "--threads", "2",
        "--no-cache", "--out", out,
      ]
      let outcome = try run(train, folder, isLimited: isLimited)
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(outcome.error.contains("the system gives 1 of 2 threads") == isLimited, "\(outcome.error)")
      let predict = [
        "predict", "wide.graph", "--params", out + "/parameters.safetensors", "--data", "x=x.csv:x", "--threads", "2",
        "--no-cache", "--out", out + "/p.npy",
      ]
      let prediction = try run(predict, folder, isLimited: isLimited)
      #expect(prediction.status == 0, "\(prediction.error)")
    }
    for name in ["parameters.safetensors", "p.npy"] {
      #expect(try folder.bytes("free/" + name) == folder.bytes("limited/" + name), "\(name)")
    }
  }
}
