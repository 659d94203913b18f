import CZlib
import FraguaSource

/// zlib's inflater over bytes in memory with nothing around them, as in a zip archive; frees what zlib allocated.
struct Inflater: ~Copyable {
  /// How a run ended.
  enum End {
    /// The compressed stream ended.
    case complete
    /// The output reached its limit before the stream ended.
    case full
    /// The input ended before the stream did.
    case truncated
    /// zlib found the stream damaged.
    case corrupt(String)
  }

  /// zlib keeps this address, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot start: \(status)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Inflates `input` from byte `start`, appending at most `limit` bytes to `output`.
  ///
  /// The output grows with what is there, never with what a header claims.
  func run(_ input: [UInt8], from start: Int, to end: Int, into output: inout [UInt8], atMost limit: Int) -> End {
    let chunkBytes = 1 << 18
    var taken = start
    let stop = output.count.addingReportingOverflow(limit)
    let limitCount = stop.overflow ? Int.max : stop.partialValue
    while true {
      let room = min(chunkBytes, limitCount - output.count)
      let offered = min(end - taken, 1 << 30)
      var produced = 0
      var status: Int32 = Z_OK
      // A full output still lets zlib read the trailer: it gets room for one byte that must stay unused.
      let chunk = [UInt8](unsafeUninitializedCapacity: max(room, 1)) { buffer, filled in
        input.withUnsafeBufferPointer { bytes in
          stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress.map { $0 + taken })
          stream.pointee.avail_in = UInt32(offered)
          stream.pointee.next_out = buffer.baseAddress
          stream.pointee.avail_out = UInt32(max(room, 1))
          status = inflate(stream, Z_NO_FLUSH)
          produced = max(room, 1) - Int(stream.pointee.avail_out)
          taken += offered - Int(stream.pointee.avail_in)
        }
        filled = produced
      }
      if produced > room { return .full }
      output += chunk
      switch status {
      case Z_STREAM_END: return .complete
      case Z_OK where produced > 0 || taken < end: continue
      case Z_OK, Z_BUF_ERROR: return .truncated
      default: return .corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)")
      }
    }
  }
}
