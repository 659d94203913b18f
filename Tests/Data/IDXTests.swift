import FraguaData
import FraguaSource
import FraguaTensors
import Testing

@Suite struct IDXTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Reads an IDX file of these bytes.
  func read(_ bytes: [UInt8]) throws(Diagnostic) -> Tensor {
    guard let path = try? folder.write("d-idx1-ubyte", bytes) else { throw Diagnostic("the test cannot write") }
    return try IDX.read(path)
  }

  @Test func everyElementType() throws {
    #expect(
      try read(hex("00000802 00000002 00000003 000102fdfeff")) == Tensor([2, 3], [0, 1, 2, 253, 254, 255] as [UInt8]))
    #expect(try read(hex("00000901 00000002 80ff")) == Tensor([2], [-128, -1] as [Int8]))
    #expect(try read(hex("00000b01 00000002 fffe 012c")) == Tensor([2], [-2, 300] as [Int16]))
    #expect(try read(hex("00000c01 00000002 fffffffe 0000012c")) == Tensor([2], [-2, 300] as [Int32]))
    #expect(try read(hex("00000d01 00000002 3fc00000 ff800000")) == Tensor([2], [1.5, -.infinity] as [Float]))
    #expect(try read(hex("00000e01 00000001 3ff8000000000000")) == Tensor([1], [1.5] as [Double]))
  }

  @Test func asRows() throws {
    let path = try folder.write("train-images-idx3-ubyte", hex("00000803 00000002 00000001 00000002 01020304"))
    let source = try DataSource(parsing: path)
    #expect(try source.load(expecting: row(1, 2, of: .ui8)) == Tensor([2, 1, 2], [1, 2, 3, 4] as [UInt8]))
    #expect(try source.load(expecting: row(1, 2, of: .i32)) == Tensor([2, 1, 2], [1, 2, 3, 4] as [Int32]))
    expectDiagnostic("shape [2, 1, 2]", "rows of tensor<2xui8>", note: "tensor<Bx1x2xui8>") { () throws(Diagnostic) in
      try source.load(expecting: row(2, of: .ui8))
    }
    expectDiagnostic("holds ui8 elements, expected f32") { () throws(Diagnostic) in
      try source.load(expecting: row(1, 2))
    }
    let doubles = try folder.write("d-idx1-double", hex("00000e01 00000001 3ff8000000000000"))
    expectDiagnostic("holds f64 elements, expected f32", note: "in the graph") { () throws(Diagnostic) in
      try DataSource(parsing: doubles).load(expecting: row())
    }
  }

  /// bytes 0…9 twice in one IDX file, by `gzip -n`.
  static let zipped = gzipStored(hex("00000801 00000014") + Array(0..<10) + Array(0..<10))

  @Test func gzipped() throws {
    #expect(try read(Self.zipped) == Tensor([20], (Array(0..<10) + Array(0..<10)) as [UInt8]))
    // Two members, one after the other, are one file.
    let members = gzipStored(hex("00000801 00000002 07")) + gzipStored([8])
    #expect(try read(members) == Tensor([2], [7, 8] as [UInt8]))
    // More than one chunk of output.
    let many = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(try read(gzipStored(hex("00000801 000f4240") + many)) == Tensor([1_000_000], many))
  }

  @Test func mistakes() throws {
    func refuses(_ part: String, _ bytes: [UInt8], _ place: Testing.SourceLocation = #_sourceLocation) {
      expectDiagnostic(part, "d-idx1-ubyte", sourceLocation: place) { () throws(Diagnostic) in try read(bytes) }
    }
    refuses("is empty", [])
    refuses("truncated: its header takes 4 bytes, but there are 2", [0, 0])
    refuses("truncated: its header takes 12 bytes, but there are 8", hex("00000802 00000002"))
    refuses("not an IDX file: it does not start with two zero bytes", Array("1,2,3,4".utf8))
    refuses("there is no element type 10", hex("00000a01 00000001 00"))
    refuses("truncated: the shape [3] takes 11 bytes, but there are 10", hex("00000801 00000003 0102"))
    refuses("the extents [1] take 9 bytes, but more follow", hex("00000801 00000001 0102"))
    refuses("more elements than can be counted", hex("00000803 ffffffff ffffffff ffffffff"))
    refuses("truncated", hex("00000802 ffffffff 00ffffff"))
    let zipped = Self.zipped
    refuses("is truncated: its gzip data ends after 40 bytes", Array(zipped.prefix(40)))
    refuses("is truncated", Array(zipped.dropLast()))
    refuses("is truncated", [0x1F, 0x8B])
    refuses("3 bytes after its gzip data", zipped + [1, 2, 3])
    refuses("is corrupt: incorrect data check", zipped.dropLast(8) + [1] + zipped.suffix(7))
    refuses("is corrupt: invalid", zipped.prefix(10) + [0xFF] + zipped.dropFirst(11))
    refuses("takes 11 bytes, but there are 9", gzipStored(hex("00000801 00000003 01")))
    refuses("the extents [1] take 9 bytes, but more follow", gzipStored(hex("00000801 00000001 0102")))
    refuses("more than", gzipStored(hex("00000802 ffffffff 00ffffff")))
    expectDiagnostic("cannot read", "no such file") { () throws(Diagnostic) in try IDX.read("/nowhere/x-idx1-ubyte") }
  }
}

/// `bytes` as a gzip member whose blocks are stored (RFC 1951, 1952).
func gzipStored(_ bytes: [UInt8]) -> [UInt8] {
  var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
  var start = 0
  repeat {
    let block = bytes[start..<min(start + 65535, bytes.count)]
    start += block.count
    let size = UInt16(block.count)
    out.append(start == bytes.count ? 1 : 0)
    for word in [size, ~size] { out += [UInt8(word & 255), UInt8(word >> 8)] }
    out += block
  } while start < bytes.count
  var checksum = ~UInt32(0)
  for byte in bytes {
    checksum ^= UInt32(byte)
    for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
  for word in [~checksum, UInt32(bytes.count)] { out += (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  return out
}
