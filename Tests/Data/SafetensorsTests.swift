import FraguaData
import FraguaSource
import FraguaTensors
import Testing

@Suite struct SafetensorsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file with this header and so many bytes of data.
  func file(_ header: String, dataBytes: Int = 0) -> [UInt8] {
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + Array(header.utf8)
      + (0..<dataBytes).map { UInt8(truncatingIfNeeded: $0) }
  }

  /// Reads a file of these bytes.
  func read(_ bytes: [UInt8]) throws(Diagnostic) -> Safetensors {
    guard let path = try? folder.write("p.safetensors", bytes) else { throw Diagnostic("the test cannot write") }
    return try Safetensors.read(path)
  }

  @Test func exactBytes() throws {
    let path = folder.file("out.safetensors")
    var file = Safetensors(
      [
        .init("b", Tensor([2], [1, 2] as [Float])), .init("mask", Tensor([1], [true])),
        .init("a", Tensor([], [3] as [Float])),
      ],
      metadata: ["format": "fragua", "a\"b": "x\n\u{1}é"])
    file["step"] = Tensor([1], [7] as [Int64])
    try file.write(to: path)
    let header =
      #"{"__metadata__":{"a\"b":"x\u000a\u0001é","format":"fragua"},"#
      + #""step":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"#
      + #""b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},"mask":{"dtype":"BOOL","shape":[1],"data_offsets":[20,21]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let data = hex("0700000000000000 00004040 0000803f 00000040 01")
    #expect(try readFile(path) == self.file(padded) + data)
    let back = try Safetensors.read(path)
    #expect(back.names == ["step", "a", "b", "mask"])
    #expect(back.metadata == file.metadata)
    #expect(back.tensors == file.tensors)
    #expect(try readSafetensors(path) == file.tensors)
  }

  @Test func everyElementTypeAndOrder() throws {
    let path = folder.file("all.safetensors")
    let entries = ElementType.allCases.map { type in
      Safetensors.Entry(type.rawValue, Tensor(TensorType([2, 3], type)) { Scalar(Double($0 % 2), as: type) })
    }
    try Safetensors(entries).write(to: path)
    let bytes = try readFile(path)
    #expect(try Safetensors.read(path).tensors == Safetensors(entries).tensors)
    try Safetensors(entries.reversed()).write(to: path)
    #expect(try readFile(path) == bytes)
    try Safetensors().write(to: path)
    #expect(try Safetensors.read(path) == Safetensors())
    #expect(folder.names == ["all.safetensors"])
  }

  @Test func foreignHeaders() throws {
    let header = #" { "t" : { "shape" : [ 2 , 1 ] , "data_offsets" : [ 0 , 2 ] , "dtype" : "U8" } , "u": {"#
    let rest = #""dtype":"U8","shape":[0],"data_offsets":[2,2]}, "__metadata__":{"k":"\ud83d\ude00\/\t"} }  "#
    // A header must start with a brace.
    let result = try read(file(String(header.dropFirst()) + rest, dataBytes: 2))
    #expect(result["t"] == Tensor([2, 1], [0, 1] as [UInt8]))
    #expect(result["u"]?.extents == [0])
    #expect(result.metadata == ["k": "😀/\t"])
  }

  @Test func editing() {
    var file = Safetensors()
    for name in ["a", "b", "c"] { file[name] = Tensor([1], [1] as [Float]) }
    file["a"] = nil
    file["b"] = Tensor([1], [2] as [Float])
    file["x"] = nil
    #expect(file.names == ["b", "c"])
    #expect(file["b"] == Tensor([1], [2] as [Float]))
    #expect(file["c"] == Tensor([1], [1] as [Float]))
    #expect(file["a"] == nil)
  }

  @Test func asSource() throws {
    let path = folder.file("d.safetensors")
    try Safetensors([.init("x:y", Tensor([2, 1], [1, 2] as [Float])), .init("z", Tensor([2], [1, 2] as [Double]))])
      .write(to: path)
    #expect(try DataSource(parsing: path + ":x:y").load(expecting: row(1)) == Tensor([2, 1], [1, 2] as [Float]))
    expectDiagnostic("2 arrays, and the source does not say which") { () throws(Diagnostic) in
      try DataSource(parsing: path).load(expecting: row(1))
    }
    expectDiagnostic("no array 'zz'", note: "did you mean 'z'?") { () throws(Diagnostic) in
      try DataSource(parsing: path + ":zz").load(expecting: row(1))
    }
    expectDiagnostic("holds f64 elements, expected f32") { () throws(Diagnostic) in
      try DataSource(parsing: path + ":z").load(expecting: row())
    }
  }

  @Test func mistakes() throws {
    func refuses(_ part: String, _ bytes: [UInt8], _ place: Testing.SourceLocation = #_sourceLocation) {
      expectDiagnostic(part, "p.safetensors", sourceLocation: place) { () throws(Diagnostic) in try read(bytes) }
    }
    func tensor(_ dtype: String, _ shape: String, _ offsets: String) -> String {
      #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }
    let good = tensor("U8", "[2]", "[0,2]")
    refuses("is empty", [])
    refuses("truncated: a safetensors file has at least 8 bytes, this one 3", [1, 2, 3])
    refuses("not a safetensors file", Array("this is a text".utf8))
    refuses("not a safetensors file", file("[]"))
    refuses("truncated: its header takes 255 bytes, but 1 are there", hex("ff00000000000000 7b"))
    refuses("malformed header: expected '\"'", file("{1}"))
    refuses("a string does not end", file(#"{"a"#))
    refuses("expected ':'", file(#"{"a" 1}"#))
    refuses("expected '}'", file(#"{"t":\#(good)"#, dataBytes: 2))
    refuses("something follows the object", file(#"{"t":\#(good)}x"#, dataBytes: 2))
    refuses("'t' stands there twice", file(#"{"t":\#(good),"t":\#(good)}"#, dataBytes: 2))
    refuses("'dtype' of 't' stands there twice", file(#"{"t":{"dtype":"U8","dtype":"U8"}}"#))
    refuses("'dtype' of 't' is missing", file(#"{"t":{"shape":[2],"data_offsets":[0,2]}}"#, dataBytes: 2))
    refuses("'data_offsets' of 't' is missing", file(#"{"t":{"shape":[2],"dtype":"U8"}}"#, dataBytes: 2))
    refuses("unknown field 'colour'", file(#"{"t":{"colour":"red"}}"#))
    refuses("expected a number", file(#"{"t":{"shape":[-1]}}"#))
    refuses("expected a number", file(#"{"t":{"shape":[99999999999999999999]}}"#))
    refuses("are not two numbers", file(#"{"t":{"data_offsets":[1]}}"#))
    refuses("elements of type F8", file(#"{"t":\#(tensor("F8", "[2]", "[0,2]"))}"#, dataBytes: 2))
    refuses("do not fit its shape [3]", file(#"{"t":\#(tensor("U8", "[3]", "[0,2]"))}"#, dataBytes: 2))
    refuses("do not fit its shape [2]", file(#"{"t":\#(tensor("U8", "[2]", "[2,0]"))}"#, dataBytes: 2))
    refuses(
      "do not fit its shape", file(#"{"t":\#(tensor("F64", "[4294967296,4294967296,2]", "[0,0]"))}"#, dataBytes: 0))
    refuses("truncated: 't' ends at byte 2 of its data, but there are 1", file(#"{"t":\#(good)}"#, dataBytes: 1))
    refuses("1 byte follows its tensors", file(#"{"t":\#(good)}"#, dataBytes: 3))
    refuses(
      "'u' starts at byte 1 of its data, but what is before it ends at 2",
      file(#"{"t":\#(good),"u":\#(tensor("U8", "[2]", "[1,3]"))}"#, dataBytes: 3))
    refuses(
      "'u' starts at byte 3 of its data, but what is before it ends at 2",
      file(#"{"t":\#(good),"u":\#(tensor("U8", "[1]", "[3,4]"))}"#, dataBytes: 4))
    refuses("half a surrogate pair", file(#"{"\ud800":\#(good)}"#, dataBytes: 2))
    refuses("half a surrogate pair", file(#"{"\ud800\u0041":\#(good)}"#, dataBytes: 2))
    refuses("four hexadecimal digits", file(#"{"\u12"#))
    refuses("an unknown escape", file(#"{"\q":1}"#))
    refuses("a control character", file("{\"a\nb\":1}"))
    var invalid = file(#"{"??":1}"#)
    invalid[10] = 0xFF
    refuses("not UTF-8", invalid)
    refuses("malformed", file(String(repeating: "{\"a\":", count: 100_000)))
  }
}
