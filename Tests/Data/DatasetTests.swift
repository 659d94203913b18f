import FraguaData
import FraguaSource
import FraguaTensors
import Testing

@Suite struct DatasetTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func batchesInOrder() throws {
    let data = try Dataset([
      .init("x", Tensor([5, 2], (0..<10).map(Float.init))), .init("y", Tensor([5], (0..<5).map(Int64.init))),
    ])
    #expect(data.rowCount == 5)
    let batches = try data.batches(size: 2)
    #expect(batches.count == 3)
    #expect(batches.map(Array.init) == [[0, 1], [2, 3], [4]])
    #expect(data.gatherRows(batches[2], of: "x") == Tensor([1, 2], [8, 9] as [Float]))
    #expect(data.gatherRows([4, 0, 4], of: "x") == Tensor([3, 2], [8, 9, 0, 1, 8, 9] as [Float]))
    #expect(data.gatherRows([3, 1], of: "y") == Tensor([2], [3, 1] as [Int64]))
    #expect(try data.batches(size: 100).map(Array.init) == [[0, 1, 2, 3, 4]])
    #expect(try data.batches(size: .max).count == 1)
    #expect(data["x"]?.extents == [5, 2])
    #expect(data["z"] == nil)
  }

  @Test func shuffledBatchesHaveEveryRowOnce() throws {
    let data = try Dataset([.init("x", Tensor([1000], (0..<1000).map(Int32.init)))])
    let batches = try data.batches(size: 64, order: .shuffled(seed: 3, epoch: 9))
    #expect(batches.flatMap(Array.init) == shuffledRows(1000, seed: 3, epoch: 9))
    #expect(Set(batches.flatMap(Array.init)).count == 1000)
    #expect(batches.count == 16 && batches[15].count == 40)
  }

  @Test(arguments: ElementType.allCases) func rowsOfEverySize(element: ElementType) throws {
    for width in [1, 2, 3, 7] {
      let tensor = Tensor(TensorType([6, width], element)) { Scalar(Double($0 % 2), as: element) }
      let data = try Dataset([.init("x", tensor)])
      let rows = data.gatherRows([5, 2], of: "x")
      for i in 0..<width {
        #expect(rows[i] == tensor[5 * width + i])
        #expect(rows[width + i] == tensor[2 * width + i])
      }
    }
  }

  @Test func mistakes() throws {
    let three = Tensor([3], [1, 2, 3] as [Float])
    let two = Tensor([2], [1, 2] as [Float])
    expectDiagnostic("no inputs") { () throws(Diagnostic) in try Dataset([]) }
    expectDiagnostic("the input 'x' is given twice") { () throws(Diagnostic) in
      try Dataset([.init("x", two), .init("x", two)])
    }
    expectDiagnostic("'x' and 'y' differ in their rows: 3 and 2", note: "'y' is read from 'b.csv:y'") {
      () throws(Diagnostic) in
      try Dataset([
        .init("x", three, source: DataSource(parsing: "a.npy")),
        .init("y", two, source: DataSource(parsing: "b.csv:y")),
      ])
    }
    expectDiagnostic("'x' has no rows") { () throws(Diagnostic) in try Dataset([.init("x", Tensor([0], [Float]()))]) }
    let data = try Dataset([.init("x", two)])
    for size in [0, -1, Int.min] {
      expectDiagnostic("the batch size is \(size), expected at least 1") { () throws(Diagnostic) in
        try data.batches(size: size)
      }
    }
  }

  @Test func labels() throws {
    let path = try folder.write("d.csv", "x,y\n1,0\n2,9\n3,10\n4,11\n")
    let source = try DataSource(parsing: path + ":y")
    let data = try Dataset.load([
      ("x", try DataSource(parsing: path + ":x"), row(of: .f32)), ("y", source, row(of: .i32)),
    ])
    try data.checkLabels(of: "y", below: 12)
    expectDiagnostic("row 3 of", "d.csv:y", "the label 10 is out of range, expected 0 to 9", line: 4, column: 3) {
      () throws(Diagnostic) in try data.checkLabels(of: "y", below: 10)
    }
    for tensor in [
      Tensor([2, 2], [0, 1, -1, 0] as [Int64]), Tensor([2, 2], [0, 1, 10, 0] as [UInt8]),
      Tensor([2], [9, 10] as [Int32]),
    ] {
      expectDiagnostic("row 2 of 'y'", "expected 0 to 9") { () throws(Diagnostic) in
        try Dataset([.init("y", tensor)]).checkLabels(of: "y", below: 10)
      }
    }
    try checkLabels(Tensor([2], [false, true]), below: 2, name: "y")
    expectDiagnostic("row 2 of 'y': the label 1 is out of range") { () throws(Diagnostic) in
      try checkLabels(Tensor([2], [false, true]), below: 1, name: "y")
    }
  }

  @Test func trapsAreOnlyForDefects() async {
    await #expect(processExitsWith: .failure) {
      let data = try Dataset([.init("x", Tensor([2], [1, 2] as [Float]))])
      _ = data.gatherRows([2], of: "x")
    }
    await #expect(processExitsWith: .failure) {
      let data = try Dataset([.init("x", Tensor([2], [1, 2] as [Float]))])
      withUnsafeTemporaryAllocation(byteCount: 4, alignment: 4) { data.copyRows([0, 1], of: "x", into: $0) }
    }
  }
}
