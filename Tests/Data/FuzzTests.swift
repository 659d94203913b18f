import FraguaData
import FraguaSource
import FraguaTensors
import Testing

/// Damaged files: whatever the bytes are, a reader returns a tensor or throws a `Diagnostic`. A trap ends the test run.
@Suite struct FuzzTests {
  /// Random numbers from a seed, so that a failure can be had again.
  struct Numbers: RandomNumberGenerator {
    let seed: UInt32
    var count: UInt32 = 0

    mutating func next() -> UInt64 {
      count += 1
      let words = Philox.words(counter: (count, 0, 0, 0), key: (seed, 0))
      return UInt64(words.0) << 32 | UInt64(words.1)
    }
  }

  static let safetensors: [UInt8] = {
    let header =
      #"{"__metadata__":{"a":"\u00e9"},"t":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
      + #""u":{"dtype":"BOOL","shape":[3],"data_offsets":[8,11]}}"#
    return [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [UInt8](repeating: 1, count: 11)
  }()

  /// Sources with files that are right.
  static let files: [(source: String, bytes: [UInt8], row: TensorType)] = [
    ("a.csv:a,b", Array("a,b,\"c\"\r\n1,2.5e3,\"x,\"\"y\"\n-3,.4,\n\n".utf8), row(2)),
    ("i.csv:a", Array("a,b,\"c\"\r\n1,2.5e3,\"x,\"\"y\"\n-3,.4,\n\n".utf8), row(of: .i64)),
    ("a.npy", NumPyFiles.f4, row(3)), ("b.npy", NumPyFiles.f8BigV2, row(3)),
    ("c.npy", NumPyFiles.fortranCube, row(3, 4, of: .i64)), ("a.npz:x", NumPyFiles.npz, row(of: .i32)),
    ("b.npz", NumPyFiles.npzCompressed, row(of: .i32)),
    ("a.idx", hex("00000802 00000002 00000003 000102fdfeff"), row(3, of: .i32)),
    ("g.idx", IDXTests.zipped, row(of: .ui8)),
    ("a.safetensors:t", safetensors, row(1)), ("b.safetensors:u", safetensors, row(of: .i1)),
  ]

  @Test(arguments: 0..<files.count) func damagedFiles(index: Int) throws {
    let folder = try TemporaryFolder()
    let (name, bytes, row) = Self.files[index]
    let file = folder.file(String(name.prefix { $0 != ":" }))
    let source = try DataSource(parsing: folder.file(name))

    /// Loads the source from these bytes; whether it could.
    func load(_ bytes: [UInt8]) throws -> Bool {
      try folder.write(String(file.dropFirst(folder.path.count + 1)), bytes)
      do throws(Diagnostic) {
        let tensor = try source.load(expecting: row)
        #expect(tensor.element == row.element && tensor.rank == row.rank + 1)
        return true
      } catch {
        #expect(!error.rendered().isEmpty)
        return false
      }
    }
    #expect(try load(bytes))
    for length in 0..<bytes.count { _ = try load(Array(bytes.prefix(length))) }
    var numbers = Numbers(seed: UInt32(index))
    for _ in 0..<1000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        let i = Int.random(in: 0..<damaged.count, using: &numbers)
        switch Int.random(in: 0..<5, using: &numbers) {
        case 0: damaged[i] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        case 1: damaged[i] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &numbers)!
        case 2: damaged[i] = Array("0129-.,:;'\"\\{}[]() \n\reEnLx".utf8).randomElement(using: &numbers)!
        case 3: damaged.insert(UInt8.random(in: 0...255, using: &numbers), at: i)
        default: if damaged.count > 1 { damaged.remove(at: i) }
        }
      }
      _ = try load(damaged)
    }
  }
}

extension Tensor {
  /// The number of axes.
  fileprivate var rank: Int { extents.count }
}
