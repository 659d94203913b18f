import FraguaSource
import FraguaTensors

/// The batches of an epoch: the rows in their order, so many at a time; the last batch may be smaller.
public struct RowBatches: Sequence, Sendable {
  /// All rows, in the epoch's order.
  public let rows: [Int]
  /// How many rows a batch has.
  public let size: Int

  /// How many batches there are.
  public var count: Int { (rows.count + size - 1) / size }

  /// The rows of batch `index`.
  /// - Requires: `index` is from 0 to `count` - 1.
  public subscript(index: Int) -> ArraySlice<Int> { rows[index * size..<Swift.min(index * size + size, rows.count)] }

  public var underestimatedCount: Int { count }

  public func makeIterator() -> AnyIterator<ArraySlice<Int>> {
    var index = 0
    return AnyIterator {
      guard index < count else { return nil }
      defer { index += 1 }
      return self[index]
    }
  }
}

extension Dataset {
  /// The batches of `size` rows in an epoch of the given order.
  public func batches(size: Int, order: RowOrder = .sequential) throws(Diagnostic) -> RowBatches {
    guard size >= 1 else { throw Diagnostic("the batch size is \(size), expected at least 1") }
    switch order {
    case .sequential: return RowBatches(rows: Array(0..<rowCount), size: Swift.min(size, rowCount))
    case .shuffled(let seed, let epoch):
      return RowBatches(rows: shuffledRows(rowCount, seed: seed, epoch: epoch), size: Swift.min(size, rowCount))
    }
  }

  /// Copies the rows at `indices` of the input called `name` one after another to `buffer`.
  ///
  /// A loop over batches looks the name up once: ``copyRows(_:ofColumn:into:)``.
  /// - Requires: there is such an input; the rest as there.
  public func copyRows(_ indices: ArraySlice<Int>, of name: String, into buffer: UnsafeMutableRawBufferPointer) {
    copyRows(indices, ofColumn: required(name), into: buffer)
  }

  /// Copies the rows at `indices` of the input at `position` one after another to the start of `buffer`; allocates
  /// nothing.
  /// - Requires: the indices are rows, and `buffer` holds at least as many.
  public func copyRows(
    _ indices: ArraySlice<Int>, ofColumn position: Int, into buffer: UnsafeMutableRawBufferPointer
  ) {
    let column = columns[position]
    let size = column.rowByteCount
    precondition(indices.count * size <= buffer.count, "\(indices.count) rows do not fit in \(buffer.count) bytes")
    guard size > 0, !indices.isEmpty, let target = buffer.baseAddress else { return }
    column.tensor.withBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      var offset = 0
      for row in indices {
        precondition(row >= 0 && row < rowCount, "there is no row \(row)")
        // The sizes of labels and of small rows, where a call of memcpy would cost more than the copy.
        switch size {
        case 1: (target + offset).storeBytes(of: source.load(fromByteOffset: row, as: UInt8.self), as: UInt8.self)
        case 4:
          (target + offset).storeBytes(
            of: source.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self), as: UInt32.self)
        case 8:
          (target + offset).storeBytes(
            of: source.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self), as: UInt64.self)
        default: (target + offset).copyMemory(from: source + row * size, byteCount: size)
        }
        offset += size
      }
    }
  }

  /// The rows at `indices` of the input called `name`, as a tensor.
  /// - Requires: there is such an input, and the indices are rows.
  public func gatherRows(_ indices: ArraySlice<Int>, of name: String) -> Tensor {
    let column = columns[required(name)]
    let type = TensorType([indices.count] + column.rowType.extents, column.tensor.element)
    return withUnsafeTemporaryAllocation(byteCount: type.byteCount, alignment: 16) { buffer in
      copyRows(indices, ofColumn: required(name), into: buffer)
      return Tensor(type, bytes: UnsafeRawBufferPointer(buffer))
    }
  }
}
