import Foundation
import FraguaData
import FraguaSource
import FraguaTensors
import Testing

/// What is wrong at the start of a file is said without reading, or inflating, the rest.
@Suite(.serialized) struct EarlyStopTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file of `bytes` with so many zeros behind it, that takes no place on the disk.
  private func sparse(_ name: String, _ bytes: [UInt8], _ zeros: UInt64) throws -> String {
    let path = try folder.write(name, bytes)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: UInt64(bytes.count) + zeros)
    try handle.close()
    return path
  }

  /// `bytes` gzipped, then `count` times 1 MB of `filler`, at the best rate there is.
  private func gzipped(_ name: String, _ bytes: [UInt8], filler: UInt8, count: Int) throws -> String {
    let part = [UInt8](repeating: filler, count: 1 << 20)
    return try folder.write(name, gzipStored(bytes) + Array(repeating: Self.deflated(part), count: count).joined())
  }

  /// A gzip member of the bytes, all of which are the same, by a fixed Huffman code: one literal, then copies of 258.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var bits: [UInt8] = []
    var buffer: UInt64 = 0
    var count: UInt64 = 0
    func put(_ value: UInt64, _ width: UInt64) {
      buffer |= value << count
      count += width
      while count >= 8 {
        bits.append(UInt8(truncatingIfNeeded: buffer))
        buffer >>= 8
        count -= 8
      }
    }
    func reversed(_ value: UInt64, _ width: UInt64) -> UInt64 {
      (0..<width).reduce(0) { $0 | (value >> $1 & 1) << (width - 1 - $1) }
    }
    put(0b011, 3)
    let literals = 1 + (bytes.count - 1) % 258
    for _ in 0..<literals {
      if bytes[0] < 144 {
        put(reversed(0x30 + UInt64(bytes[0]), 8), 8)
      } else {
        put(reversed(0x190 + UInt64(bytes[0]) - 144, 9), 9)
      }
    }
    // Length 258 is the code 285, distance 1 the code 0.
    for _ in 0..<(bytes.count - literals) / 258 {
      put(reversed(0xC5, 8), 8)
      put(0, 5)
    }
    put(0, 7)
    put(0, 7)
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    let trailer = [~crc, UInt32(bytes.count)].flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bits + trailer
  }

  /// Loads the source, which fails within a second.
  private func refuses(
    _ part: String, _ source: String, _ type: TensorType, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let source = try DataSource(parsing: source)
    let time = ContinuousClock().measure {
      expectDiagnostic(part, sourceLocation: sourceLocation) {
        () throws(Diagnostic) in try source.load(expecting: type)
      }
    }
    // Milliseconds are usual; reading everything takes minutes.
    #expect(time < .seconds(20), "\(source)", sourceLocation: sourceLocation)
  }

  @Test func largeFiles() throws {
    let zeros: UInt64 = 20 << 30
    try refuses("the byte 0x00 is no text", sparse("a.csv", [], zeros) + ":a", row())
    try refuses(
      "no column 'a'", sparse("b.csv", Array("x,y\n1,2\n".utf8) + Array(repeating: 0x31, count: 1 << 16), zeros) + ":a",
      row())
    try refuses("is not an NPY file", sparse("a.npy", [], zeros), row())
    try refuses("bytes follow its data", sparse("b.npy", NumPyFiles.f4, zeros), row(3))
    try refuses("there is no element type 0", sparse("a-idx1-ubyte", [], zeros), row())
    try refuses("is not a safetensors file", sparse("a.safetensors", [], zeros), row())
    try refuses("bytes follow its tensors", sparse("b.safetensors", FuzzTests.safetensors, zeros) + ":t", row(1))
  }

  @Test func filesThatInflateToMuch() throws {
    let count = 3 << 10
    try refuses("the byte 0x00 is no text", gzipped("a.csv.gz", [], filler: 0, count: count) + ":a", row())
    try refuses("does not end in its first 16 MB", gzipped("b.csv.gz", [], filler: 0x30, count: count) + ":a", row())
    try refuses("no column 'a'", gzipped("c.csv.gz", Array("x,y\n".utf8), filler: 0x30, count: count) + ":a", row())
    try refuses("is not an NPY file", gzipped("a.npy.gz", [], filler: 0, count: count), row())
    try refuses("bytes follow its data", gzipped("b.npy.gz", NumPyFiles.f4, filler: 0, count: 4), row(3))
    try refuses("there is no element type 0", gzipped("a-idx1-ubyte.gz", [], filler: 0, count: count), row())
    #expect(throws: Diagnostic.self) { try readSourceFile(gzipped("a.graph", [], filler: 0, count: count)) }
  }

  /// What is longer than one reading is read whole all the same.
  @Test func whatIsRightIsReadWhole() throws {
    let lines = (0..<200_000).map { "\($0),\($0 % 7)\n" }.joined()
    let text = Array(("\u{FEFF}a,b\n" + lines).utf8)
    let bytes = gzipStored(Array(text.prefix(60_000))) + text.dropFirst(60_000).chunked(60_000).flatMap(gzipStored)
    for (name, contents) in [("a.csv", text), ("a.csv.gz", bytes)] {
      let path = try folder.write(name, contents)
      let source = try DataSource(parsing: "\(path):b,a")
      let tensor = try source.load(expecting: row(2, of: .i32))
      #expect(tensor == Tensor([200_000, 2], (0..<200_000).flatMap { [Int32($0 % 7), Int32($0)] }))
      #expect(try readSourceFile(path).bytes.count == text.count - 3)
    }
  }

  /// A header may hold a line end in quotes, also where the first reading ends in it.
  @Test func longHeaders() throws {
    let name = String(repeating: "n\n", count: 40_000)
    let path = try folder.write("a.csv", "\"\(name)\",b\n1,2\n")
    let tensor = try DataSource(path: path, format: .csv(columns: ["b"])).load(expecting: row(of: .i64))
    #expect(tensor == Tensor([1], [2 as Int64]))
  }

  /// The line of an error is found without reading what is behind it.
  @Test func excerpts() throws {
    let path = try sparse("a.txt", Array("one\ntwo\r\nthree".utf8), 20 << 30)
    let lines = { (line: Int) in
      Diagnostic("no", at: SourceLocation(file: path, line: line, column: 2)).rendered(excerpt: readExcerpt)
    }
    #expect(lines(1) == "\(path):1:2: error: no\n  one\n   ^")
    #expect(lines(2) == "\(path):2:2: error: no\n  two\n   ^")
    #expect(lines(3).hasPrefix("\(path):3:2: error: no\n  three␀␀"))
    #expect(lines(4) == "\(path):4:2: error: no")
    #expect(
      Diagnostic("no", at: SourceLocation(file: "/dev/zero", line: 2, column: 1)).rendered(excerpt: readExcerpt)
        == "/dev/zero:2:1: error: no")
  }
}

extension RandomAccessCollection {
  /// Its parts of `count` elements, the last with what is left.
  fileprivate func chunked(_ count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map { Array(dropFirst($0).prefix(count)) }
  }
}
