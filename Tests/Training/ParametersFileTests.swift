import Foundation
import Fragua
import FraguaTraining
import Testing

/// The checksum and the metadata of parameters files.
@Suite struct ParametersFileTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private let progress = Checkpoint.Progress(graph: "linear", seed: 7, epochs: 3, steps: 2, batch: 8, rows: 50)
  private var checkpoint: Checkpoint {
    Checkpoint(
      parameters: [
        "w": Tensor([2, 1], [1, 2] as [Float]), "b": Tensor([1], [3] as [Float]), "step": Tensor([], [4] as [Int64]),
        "none": Tensor([0], [] as [Float]),
      ], progress: progress)
  }

  private func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  private func refuses(
    _ message: String, _ path: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let errors = diagnostics { try Checkpoint(contentsOf: path) }
    #expect(errors.map(\.message) == [message], sourceLocation: sourceLocation)
  }

  /// A flipped bit anywhere in the tensors is found, whether they are read as parameters or as data.
  @Test func findsEveryFlippedBit() throws {
    let path = folder.file("p.safetensors")
    try checkpoint.write(to: path)
    #expect(try Checkpoint(contentsOf: path) == checkpoint)
    let good = try bytes(path)
    let data = 2 * 4 + 4 + 8
    for position in good.count - data..<good.count {
      for bit in 0..<8 {
        var bad = good
        bad[position] ^= 1 << bit
        let file = folder.file("bad.safetensors")
        try Data(bad).write(to: URL(fileURLWithPath: file))
        let errors = diagnostics { try Checkpoint(contentsOf: file) }
        #expect(errors.first?.message.hasPrefix("'\(file)' is corrupt: the checksum of its tensors is crc32:") == true)
        #expect(diagnostics { try readSafetensors(file) }.map(\.message) == errors.map(\.message))
      }
    }
  }

  /// What reads as another tensor is found too: two names that changed places, another type of the same size.
  @Test func findsChangedHeaders() throws {
    let path = folder.file("p.safetensors")
    var checkpoint = checkpoint
    checkpoint.parameters["v"] = Tensor([2, 1], [5, 6] as [Float])
    try checkpoint.write(to: path)
    let good = try bytes(path)
    let header = String(decoding: good.dropFirst(8).prefix { $0 != 0 && $0 < 128 }, as: UTF8.self)
    for (old, new) in [("\"v\":", "\"x\":"), ("[2,1]", "[1,2]"), ("\"F32\",\"shape\":[1]", "\"I32\",\"shape\":[1]")] {
      try #require(header.contains(old))
      var bad = good
      let range = try #require(Data(good).range(of: Data(old.utf8)))
      bad.replaceSubrange(range, with: Array(new.utf8))
      let file = folder.file("bad.safetensors")
      try Data(bad).write(to: URL(fileURLWithPath: file))
      let errors = diagnostics { try Checkpoint(contentsOf: file) }
      #expect(errors.first?.message.contains("is corrupt: the checksum") == true, "\(old): \(errors)")
    }
  }

  /// The checksum is gzip's CRC-32 of names, types, shapes and bytes in the order of the names: it may not change, or
  /// files of before are taken for corrupt.
  @Test func checksumIsThatOfTheFormat() throws {
    let path = folder.file("p.safetensors")
    try Checkpoint(parameters: ["b": Tensor([2], [1, 2] as [Float]), "a": Tensor([1], [7] as [Int64])]).write(to: path)
    // python3 -c 'import zlib,struct; print(hex(zlib.crc32(b"a\0I64[1]\0" + struct.pack("<q", 7) + b"b\0F32[2]\0"
    // + struct.pack("<2f", 1, 2))))'
    #expect(try Safetensors.read(path).metadata == ["checksum": "crc32:9d9b2b5f"])
  }

  /// Files from elsewhere have no checksum, or one of their own.
  @Test func acceptsFilesFromElsewhere() throws {
    let path = folder.file("p.safetensors")
    for metadata in [[:], ["format": "pt"], ["checksum": "sha256:00"], ["epoch": "-1", "format": "np"]] {
      try Safetensors([.init("w", Tensor([1], [1] as [Float]))], metadata: metadata).write(to: path)
      let read = try Checkpoint(contentsOf: path)
      #expect(read.progress == nil && read.parameters.keys.sorted() == ["w"])
    }
  }

  /// Metadata that cannot be are an error that says what and where.
  @Test func refusesMetadataThatCannotBe() throws {
    let path = folder.file("p.safetensors")
    let good = [
      "format": "fragua", "graph": "linear", "seed": "7", "epoch": "3", "step": "2", "batch": "8", "rows": "50",
    ]
    func write(_ key: String, _ value: String?) throws {
      var metadata = good
      metadata[key] = value
      try Safetensors([.init("w", Tensor([1], [1] as [Float]))], metadata: metadata).write(to: path)
    }
    try write("seed", "18446744073709551615")
    #expect(try Checkpoint(contentsOf: path).progress?.seed == .max)
    try write("seed", "7")
    #expect(try Checkpoint(contentsOf: path).progress == progress)
    let largest = Int.max
    for (key, value, range) in [
      ("epoch", "-1", "0 to 1000000000"), ("epoch", "1000000001", "0 to 1000000000"), ("epoch", "x", "0 to 1000000000"),
      ("epoch", "", "0 to 1000000000"), ("step", "-1", "0 to 6"), ("step", "7", "0 to 6"),
      ("batch", "0", "1 to \(largest)"), ("rows", "0", "1 to \(largest)"), ("rows", "1e9", "1 to \(largest)"),
      ("rows", "99999999999999999999", "1 to \(largest)"), ("seed", "-7", "0 to 18446744073709551615"),
      ("seed", "18446744073709551616", "0 to 18446744073709551615"),
    ] {
      try write(key, value)
      refuses(
        "'\(path)' is corrupt: its metadata have '\(key)' as '\(value)', expected a number from \(range)", path)
    }
    for key in good.keys.sorted() where key != "format" {
      try write(key, nil)
      refuses("'\(path)' is corrupt: its metadata lack '\(key)'", path)
    }
  }

  /// Parameters that another graph was trained with are refused, also where their tensors would fit.
  @Test func refusesParametersOfAnotherGraph() throws {
    let path = folder.file("p.safetensors")
    var other = Checkpoint(
      parameters: ["w": Tensor([2, 1], [1, 2] as [Float]), "b": Tensor([1], [3] as [Float])], progress: progress)
    other.progress?.graph = "ridge"
    try other.write(to: path)
    let message = "'\(path)' has parameters of the graph '@ridge', but this graph is '@linear'"
    let graph = try linearGraph()
    #expect(diagnostics { try Model(graph, parameters: path) }.map(\.message) == [message])
    let trained = diagnostics { try Trainer(graph, training: plane(5), initial: (Checkpoint(contentsOf: path), path)) }
    #expect(trained.map(\.message) == [message])
    other.progress = nil
    try other.write(to: path)
    _ = try Model(graph, parameters: path)
  }

  /// A number that is not finite is named with its tensor and the file, before anything is trained.
  @Test func refusesToStartFromNumbersThatAreNotFinite() throws {
    var checkpoint = Checkpoint(
      parameters: ["w": Tensor([2, 1], [1, .nan] as [Float]), "b": Tensor([1], [3] as [Float])])
    func messages() -> [String] {
      diagnostics { try Trainer(linearGraph(), training: plane(5), initial: (checkpoint, "p")) }.map(\.message)
    }
    #expect(messages() == ["'p' has nan in 'w', element 2"])
    checkpoint.parameters["b"] = Tensor([1], [-Float.infinity])
    #expect(messages() == ["'p' has nan in 'w', element 2 (and in 1 more tensor)"])
    checkpoint.parameters["w"] = Tensor([2, 1], [1, 1] as [Float])
    #expect(messages() == ["'p' has -inf in 'b', element 1"])
    checkpoint.parameters["b"] = Tensor([1], [1] as [Float])
    #expect(messages() == [])
  }
}
