import FraguaData
import FraguaSource
import FraguaTensors
import Testing

@Suite struct NPYTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Reads an NPY file of these bytes.
  func read(_ bytes: [UInt8]) throws(Diagnostic) -> Tensor {
    guard let path = try? folder.write("a.npy", bytes) else { throw Diagnostic("the test cannot write") }
    return try NPY.read(path)
  }

  /// An NPY file with this header text and data.
  func file(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
    let length = header.utf8.count
    let lengthBytes = version == 1 ? [length & 255, length >> 8] : [length & 255, length >> 8, 0, 0]
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes.map(UInt8.init) + Array(header.utf8) + data
  }

  @Test func whatNumPyWrites() throws {
    #expect(try read(NumPyFiles.f4) == Tensor([2, 3], [0, 1, 2, 3, 4, 5] as [Float]))
    #expect(try read(NumPyFiles.f8BigV2) == Tensor([2, 3], [0, 0.5, 1, 1.5, 2, 2.5] as [Double]))
    #expect(try read(NumPyFiles.i4FortranV3) == Tensor([2, 3], [0, 1, 2, 3, 4, 5] as [Int32]))
    #expect(try read(NumPyFiles.fortranCube) == Tensor([2, 3, 4], (0..<24).map(Int32.init)))
    #expect(try read(NumPyFiles.i8) == Tensor([2], [-1, 1 << 40] as [Int64]))
    #expect(try read(NumPyFiles.u1) == Tensor([2], [0, 255] as [UInt8]))
    #expect(try read(NumPyFiles.b1) == Tensor([2], [true, false]))
    #expect(try read(NumPyFiles.i2Big) == Tensor([2], [-2, 300] as [Int16]))
    #expect(try read(NumPyFiles.half) == Tensor([1], [0] as [Float16]))
    #expect(try read(NumPyFiles.scalar) == Tensor([], [1.5] as [Double]))
  }

  @Test func writtenIsWhatNumPyWrites() throws {
    let path = folder.file("out.npy")
    let tensor = try read(NumPyFiles.f4)
    try NPY.write(tensor, to: path)
    #expect(try readFile(path) == NumPyFiles.f4)
    for type in ElementType.allCases {
      for extents in [[], [1], [3], [2, 3], [1, 2, 3]] {
        let tensor = Tensor(TensorType(extents, type)) { Scalar(Double($0 % 2), as: type) }
        try NPY.write(tensor, to: path)
        // NumPy has no bf16.
        let written = type == .bf16 ? tensor.arithmetic : tensor
        #expect(try readFile(path).count == 128 + written.type.byteCount)
        #expect(try NPY.read(path).hasSameBits(as: written))
      }
    }
    #expect(folder.names == ["a.npy", "out.npy"])
  }

  @Test func npz() throws {
    let path = try folder.write("a.npz", NumPyFiles.npz)
    #expect(try NPZ.read(path, key: "x") == Tensor([3], [0, 1, 2] as [Int32]))
    #expect(try NPZ.read(path, key: "label") == Tensor([2], [1, 2] as [UInt8]))
    let compressed = try folder.write("c.npz", NumPyFiles.npzCompressed)
    #expect(try NPZ.read(compressed, key: nil) == Tensor([100], (0..<100).map(Int64.init)))
    #expect(try DataSource(parsing: path + ":x").load(expecting: row(of: .i64)) == Tensor([3], [0, 1, 2] as [Int64]))
  }

  // MARK: What must be refused

  @Test func npzMistakes() throws {
    func refuses(
      _ part: String, _ bytes: [UInt8], key: String? = nil, note: String? = nil,
      _ place: Testing.SourceLocation = #_sourceLocation
    ) throws {
      let path = try folder.write("z.npz", bytes)
      expectDiagnostic(part, note: note, sourceLocation: place) { () throws(Diagnostic) in try NPZ.read(path, key: key)
      }
    }
    let good = NumPyFiles.npz
    try refuses("2 arrays, and the source does not say which", good, note: "'x', 'label'")
    try refuses("no array 'lable'", good, key: "lable", note: "did you mean 'label'?")
    try refuses("no array 'other'", good, key: "other", note: "it has 'x', 'label'")
    try refuses("is empty", [])
    try refuses("not a zip archive", Array("hello, this is no archive at all".utf8))
    try refuses("truncated", Array(good.dropLast(30)), key: "x")
    // The data of x starts 128 bytes after its local header of 30 + 5 + 20 bytes.
    var damaged = good
    damaged[30 + 5 + 20 + 128] ^= 1
    try refuses("the checksum of 'x.npy' does not agree", damaged, key: "x")
    damaged = NumPyFiles.npzCompressed
    for i in 60..<90 { damaged[i] = 0xFF }
    try refuses("is corrupt", damaged)
    /// The file with the 16 bits at `offset` in the first entry of its central directory replaced.
    func directory(_ bytes: [UInt8], _ offset: Int, _ value: UInt16) throws -> [UInt8] {
      var bytes = bytes
      let start = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
      bytes[start + offset] = UInt8(value & 255)
      bytes[start + offset + 1] = UInt8(value >> 8)
      return bytes
    }
    try refuses("method 12", try directory(good, 10, 12), key: "x")
    try refuses("is encrypted", try directory(good, 8, 1), key: "x")
    try refuses("reaches beyond the end", try directory(good, 22, 0x7FFF), key: "x")
    try refuses("is larger than the directory says", try directory(NumPyFiles.npzCompressed, 24, 8))
    try refuses("does not agree", try directory(NumPyFiles.npzCompressed, 24, 0x7000))
    try refuses("not where the directory says", try directory(good, 42, 5), key: "x")
    try refuses("zip64", try directory(directory(good, 22, 0xFFFF), 20, 0xFFFF), key: "x", note: ".npy")
  }

  @Test func headerMistakes() throws {
    func refuses(
      _ part: String, _ bytes: [UInt8], note: String? = nil, _ place: Testing.SourceLocation = #_sourceLocation
    ) {
      expectDiagnostic(part, "a.npy", note: note, sourceLocation: place) { () throws(Diagnostic) in try read(bytes) }
    }
    refuses("is empty", [])
    refuses("is not an NPY file", Array("1,2,3\n".utf8))
    refuses("truncated: it ends in its header", Array(NumPyFiles.f4.prefix(8)))
    refuses("truncated: it ends in its header", Array(NumPyFiles.f4.prefix(50)))
    refuses("NPY version 4.0", file("{}", version: 4))
    refuses("'descr' is missing", file("{'fortran_order': False, 'shape': (1,)}"))
    refuses("'shape' is missing", file("{'descr': '|u1', 'fortran_order': False}"))
    refuses("twice", file("{'descr': '|u1', 'descr': '|u1'}"))
    refuses("unknown key 'colour'", file("{'colour': 'red'}"))
    refuses("expected '{'", file("[1]"))
    refuses("a string does not end", file("{'descr"))
    refuses("expected True or False", file("{'fortran_order': 1}"))
    refuses("expected an extent", file("{'shape': (-1,)}"))
    refuses("expected an extent", file("{'shape': (99999999999999999999,)}"))
    refuses("expected ')'", file("{'shape': (1 2)}"))
    refuses("something follows", file("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x", [1]))
    refuses("structured array", NumPyFiles.structured, note: "each field")
    refuses(
      "type '<c8'", file("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", Array(repeating: 0, count: 8)),
      note: "astype")
    let huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}"
    refuses("more elements than can be counted", file(huge))
    refuses("more elements than can be counted", file(huge.replacing("(4294967296,", with: "(0, 4294967296,")))
    refuses("truncated: the shape [2, 3] takes 24 bytes, but there are 23", Array(NumPyFiles.f4.dropLast()))
    refuses("1 byte follows its data", NumPyFiles.f4 + [0])
    expectDiagnostic("cannot read", "no such file") { () throws(Diagnostic) in try NPY.read("/nowhere/x.npy") }
  }

  // MARK: Conversions

  /// Loads an NPY file as rows of `row`.
  func load(_ tensor: Tensor, _ row: TensorType) throws(Diagnostic) -> Tensor {
    try NPY.write(tensor, to: folder.file("a.npy"))
    return try DataSource(parsing: folder.file("a.npy")).load(expecting: row)
  }

  @Test func losslessConversions() throws {
    let bytes = Tensor([2], [0, 255] as [UInt8])
    #expect(try load(bytes, row(of: .i32)) == Tensor([2], [0, 255] as [Int32]))
    #expect(try load(bytes, row(of: .i64)) == Tensor([2], [0, 255] as [Int64]))
    #expect(try load(Tensor([2], [7, 1 << 20] as [Int64]), row(of: .i32)) == Tensor([2], [7, 1 << 20] as [Int32]))
    #expect(try load(Tensor([2], [7, 1] as [Int64]), row(of: .ui8)) == Tensor([2], [7, 1] as [UInt8]))
    #expect(try load(Tensor([2], [0, 1] as [Int32]), row(of: .i1)) == Tensor([2], [false, true]))
    #expect(try load(Tensor([2], [false, true]), row(of: .i64)) == Tensor([2], [0, 1] as [Int64]))
    #expect(try load(Tensor([2], [0.1, 1] as [Float]), row(of: .f64)) == Tensor([2], [Double(0.1 as Float), 1]))
    #expect(try load(Tensor([2], [0.1, .infinity] as [Double]), row()) == Tensor([2], [0.1, .infinity] as [Float]))
  }

  @Test func conversionsThatAreRefused() throws {
    func refuses(
      _ parts: String, _ tensor: Tensor, _ row: TensorType, note: String? = nil,
      _ place: Testing.SourceLocation = #_sourceLocation
    ) {
      expectDiagnostic(parts, "a.npy", note: note, sourceLocation: place) { () throws(Diagnostic) in
        try load(tensor, row)
      }
    }
    refuses("row 2 of", Tensor([2], [7, 1 << 40] as [Int64]), row(of: .i32))
    refuses("1099511627776 is out of the range of i32", Tensor([2], [7, 1 << 40] as [Int64]), row(of: .i32))
    refuses("-1 is out of the range of ui8", Tensor([2, 1], [-1, 0] as [Int32]), row(1, of: .ui8))
    refuses("row 2 of", Tensor([2, 2], [0, 1, 1, 2] as [Int32]), row(2, of: .i1))
    refuses("1e+300 is out of the range of f32", Tensor([1], [1e300] as [Double]), row())
    refuses("holds ui8 elements, expected f32", Tensor([1], [1] as [UInt8]), row(), note: "convert it in the graph")
    refuses("holds f64 elements, expected i32", Tensor([1], [1] as [Double]), row(of: .i32), note: "round the numbers")
  }

  @Test func shapesThatDiffer() throws {
    let images = Tensor([2, 2, 3], [UInt8](repeating: 1, count: 12))
    expectDiagnostic(
      "shape [2, 2, 3]", "expected rows of tensor<6xui8>", note: "declare the argument as tensor<Bx2x3xui8> and reshape"
    ) { () throws(Diagnostic) in try load(images, row(6, of: .ui8)) }
    expectDiagnostic("shape [2, 2, 3]", "expected rows of tensor<5xui8>") { () throws(Diagnostic) in
      try load(images, row(5, of: .ui8))
    }
    expectDiagnostic("shape [2, 1]", "expected rows of tensor<f32>", note: "tensor<Bx1xf32>") { () throws(Diagnostic) in
      try load(Tensor([2, 1], [1, 2] as [Float]), row())
    }
    expectDiagnostic("shape []", note: "a scalar has no rows") { () throws(Diagnostic) in
      try load(Tensor([], [1] as [Float]), row())
    }
    expectDiagnostic("is empty", "[0, 3]") { () throws(Diagnostic) in try load(Tensor([0, 3], [Float]()), row(3)) }
    let twice = TensorType([.symbol("T"), .symbol("T")], .ui8)
    expectDiagnostic("shape [2, 2, 3]", "rows of tensor<TxTxui8>") { () throws(Diagnostic) in try load(images, twice) }
    #expect(try load(Tensor([1, 3, 3], [UInt8](repeating: 1, count: 9)), twice).extents == [1, 3, 3])
  }

  @Test func wholeValues() throws {
    func load(_ text: String, _ columns: String, _ type: TensorType) throws(Diagnostic) -> Tensor {
      guard let path = try? folder.write("w.csv", text) else { throw Diagnostic("the test cannot write") }
      return try DataSource(parsing: path + ":" + columns).load(whole: type)
    }
    #expect(try load("a,b\n1,2\n", "b", row()) == Tensor([], [2] as [Float]))
    #expect(try load("a,b\n1,2\n3,4\n", "b", row(2)) == Tensor([2], [2, 4] as [Float]))
    #expect(try load("a,b\n1,2\n3,4\n", "a,b", row(2, 2)) == Tensor([2, 2], [1, 2, 3, 4] as [Float]))
    expectDiagnostic("shape [2]", "expected tensor<3xf32>") { () throws(Diagnostic) in
      try load("a,b\n1,2\n3,4\n", "b", row(3))
    }
    expectDiagnostic("shape [2]", "expected tensor<f32>") { () throws(Diagnostic) in
      try load("a,b\n1,2\n3,4\n", "b", row())
    }
    try NPY.write(Tensor([], [5] as [Float]), to: folder.file("s.npy"))
    #expect(try DataSource(parsing: folder.file("s.npy")).load(whole: row()) == Tensor([], [5] as [Float]))
  }
}
