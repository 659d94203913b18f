import CZlib
import FraguaSource

/// Inflates a gzip file, all its members one after another, as far as is asked for.
///
/// Checksums are verified as far as it is read. A truncated or corrupt file, or anything behind the last member, is a
/// `Diagnostic`.
final class GzipStream {
  private let path: String
  /// zlib keeps this address, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  /// Compressed bytes that were read, and which of them zlib has not taken.
  private var input: [UInt8]
  private var rest: Range<Int>
  /// How many compressed bytes were read.
  private var readCount: Int
  private var inputHasEnded = false
  /// Whether zlib is between two members.
  private var isBetweenMembers = false
  private var hasEnded = false

  private static let chunkBytes = 1 << 16

  /// A stream of the file at `path`, whose first bytes are `start`.
  init(_ path: String, startingWith start: [UInt8]) {
    self.path = path
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot start: \(status)")
    input = start + [UInt8](repeating: 0, count: Self.chunkBytes - start.count)
    rest = 0..<start.count
    readCount = start.count
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Inflates some bytes into `buffer`, reading the file at `descriptor`, which has `fileBytes` bytes where that is
  /// known; 0 at the end.
  /// - Requires: `buffer` is not empty.
  func read(
    into buffer: UnsafeMutableBufferPointer<UInt8>, from descriptor: Int32, of fileBytes: Int?
  ) throws(Diagnostic) -> Int {
    while !hasEnded {
      try fill(descriptor, isBetweenMembers ? 2 : 1)
      if isBetweenMembers {
        if rest.isEmpty {
          hasEnded = true
          break
        }
        guard input[rest].starts(with: [0x1F, 0x8B]) else {
          let count = fileBytes.map { "\($0 - readCount + rest.count)" } ?? "more"
          throw Diagnostic("'\(path)' has \(count) bytes after its gzip data")
        }
        inflateReset(stream)
        isBetweenMembers = false
      }
      let (count, status) = inflate(into: buffer)
      switch status {
      case Z_STREAM_END: isBetweenMembers = true
      case Z_OK: break
      case Z_BUF_ERROR:
        if inputHasEnded, rest.isEmpty {
          throw Diagnostic("'\(path)' is truncated: its gzip data ends after \(readCount) bytes")
        }
      default:
        throw Diagnostic(
          "'\(path)' is corrupt: \(stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)")")
      }
      if count > 0 { return count }
      if inputHasEnded, rest.isEmpty, !isBetweenMembers {
        throw Diagnostic("'\(path)' is truncated: its gzip data ends after \(readCount) bytes")
      }
    }
    return 0
  }

  /// Runs zlib once on the input that there is.
  private func inflate(into buffer: UnsafeMutableBufferPointer<UInt8>) -> (count: Int, status: Int32) {
    let room = min(buffer.count, 1 << 30)
    let status = input.withUnsafeMutableBufferPointer { bytes in
      stream.pointee.next_in = bytes.baseAddress! + rest.lowerBound
      stream.pointee.avail_in = UInt32(rest.count)
      stream.pointee.next_out = buffer.baseAddress
      stream.pointee.avail_out = UInt32(room)
      return CZlib.inflate(stream, Z_NO_FLUSH)
    }
    rest = rest.upperBound - Int(stream.pointee.avail_in)..<rest.upperBound
    return (room - Int(stream.pointee.avail_out), status)
  }

  /// Reads on until there are `count` bytes of input, or all.
  private func fill(_ descriptor: Int32, _ count: Int) throws(Diagnostic) {
    guard rest.count < count, !inputHasEnded else { return }
    let kept = Array(input[rest])
    input.replaceSubrange(0..<kept.count, with: kept)
    rest = 0..<kept.count
    while rest.count < count, !inputHasEnded {
      var failure: Diagnostic?
      let got = input.withUnsafeMutableBufferPointer { bytes -> Int in
        do throws(Diagnostic) {
          return try readBytes(descriptor, UnsafeMutableBufferPointer(rebasing: bytes[rest.upperBound...]), of: path)
        } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      inputHasEnded = got == 0
      rest = 0..<rest.upperBound + got
      readCount += got
    }
  }
}

/// Whether `bytes` start like a gzip file.
func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

/// The most that deflate can compress: no stream inflates to more than this many times its size.
let deflateMaximumRatio = 1032
