import FraguaData
import FraguaSource
import FraguaTensors
import Testing

@Suite struct CSVTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Reads columns of a CSV file with `text`.
  func load(_ text: String, _ columns: String, _ row: TensorType) throws(Diagnostic) -> Tensor {
    guard let path = try? folder.write("d.csv", text) else { throw Diagnostic("the test cannot write") }
    return try DataSource(parsing: "\(path):\(columns)").load(expecting: row)
  }

  @Test func columnsInTheOrderAskedFor() throws {
    let text = "classes,hours,passed\n1,2.5,0\n3,-4e1,1\n"
    #expect(try load(text, "hours,classes", row(2)) == Tensor([2, 2], [2.5, 1, -40, 3] as [Float]))
    #expect(try load(text, "passed", row(1, of: .f64)) == Tensor([2, 1], [0, 1] as [Double]))
    #expect(try load(text, "passed", row(of: .i32)) == Tensor([2], [0, 1] as [Int32]))
    #expect(try load(text, "passed", row(of: .i1)) == Tensor([2], [false, true]))
    #expect(try load(text, "classes", row(of: .ui8)) == Tensor([2], [1, 3] as [UInt8]))
    #expect(try load(text, "classes", row(of: .i64)) == Tensor([2], [1, 3] as [Int64]))
    let symbolic = TensorType([.symbol("T")], .f32)
    #expect(try load(text, "hours,classes", symbolic).extents == [2, 2])
  }

  @Test(arguments: [
    "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "\u{FEFF}a,b\n1,2\n3,4", "a,b\n1,2\n3,4\n\n  \n\r\n",
    "\n\na,b\n1,2\n3,4",
    "\"a\",\"b\"\n\"1\",\"2\"\n3,\"4\"", " a , b \n 1 ,\t2\n3, 4 \n", "a;b\n1;2\n3;4\n", "a\tb\n1\t2\n3\t4\n",
    "a,b,\"c,\n\"\"x\"\"\"\n1,2,\"one,\r\ntwo\"\n3,4,\"\"\n", "i,a,i,b,\n0,1,x,2,\n0,3,,4,\n",
    "a,b\n+1,2.\n3.0,.4e1\n", "a,b\n\" 1\" , \"2 \"\n3,4\n",
  ]) func formsOfTheSameTable(text: String) throws {
    #expect(try load(text, "a,b", row(2)) == Tensor([2, 2], [1, 2, 3, 4] as [Float]))
  }

  @Test func namesWithCommasAndQuotes() throws {
    let text = "\"a,b\",\"say \"\"x\"\"\",t:c\n1,2,3\n"
    #expect(try load(text, "\"a,b\",t:c", row(2)) == Tensor([1, 2], [1, 3] as [Float]))
    #expect(try load(text, "\"say \"\"x\"\"\"", row(1)) == Tensor([1, 1], [2] as [Float]))
  }

  @Test func numbersRoundOnce() throws {
    let texts = [
      "0.1", "16777217", "1e10", "1e11", "123456.789", "3.4028235e38", "1e-45", "1e-50", "-0", "0.30000001192092896",
      "1.00000005960464477539062500000001", "8388608.5", "00000000000000000000000000001.5",
    ]
    let tensor = try load("a\n" + texts.joined(separator: "\n"), "a", row())
    let expected = texts.map { Float($0)! }
    #expect(tensor.hasSameBits(as: Tensor([texts.count], expected)))
    let doubles = try load("a\n" + texts.joined(separator: "\n"), "a", row(of: .f64))
    #expect(doubles.hasSameBits(as: Tensor([texts.count], texts.map { Double($0)! })))
  }

  @Test func integersAtTheirBounds() throws {
    #expect(
      try load("a\n-2147483648\n2147483647\n1e3\n2.0\n", "a", row(of: .i32))
        == Tensor([4], [.min, .max, 1000, 2] as [Int32]))
    #expect(
      try load("a\n-9223372036854775808\n9223372036854775807\n", "a", row(of: .i64))
        == Tensor([2], [.min, .max] as [Int64]))
    #expect(try load("a\nTrue\nfalse\n1.0\n", "a", row(of: .i1)) == Tensor([3], [true, false, true]))
  }

  @Test func gzipped() throws {
    // printf 'a\n7\n' | gzip -n
    let path = try folder.write("g.csv.gz", hex("1f8b08000000000000034be432e7020086839bdf04000000"))
    #expect(try DataSource(parsing: "\(path):a").load(expecting: row()) == Tensor([1], [7] as [Float]))
  }

  // MARK: What must be refused

  @Test func fileMistakes() throws {
    try folder.write("students.csv", "a\n1\n")
    let missing = try DataSource(parsing: folder.file("student.csv") + ":a")
    expectDiagnostic("cannot read", "student.csv", "no such file", note: "'students.csv'") { () throws(Diagnostic) in
      try missing.load(expecting: row())
    }
    let directory = DataSource(path: folder.path, format: .csv(columns: ["a"]))
    expectDiagnostic("cannot read", "is a directory") { () throws(Diagnostic) in try directory.load(expecting: row()) }
    for text in ["", "\n\n", "\u{FEFF}"] {
      expectDiagnostic("is empty") { () throws(Diagnostic) in try load(text, "a", row()) }
    }
    for text in ["a,b", "a,b\n", "a,b\n\n\n"] {
      expectDiagnostic("a header but no rows", line: 1) { () throws(Diagnostic) in try load(text, "a", row()) }
    }
    let path = try folder.write("wide.csv", [0xFF, 0xFE, 0x61, 0])
    expectDiagnostic("UTF-16", note: "UTF-8") { () throws(Diagnostic) in
      try DataSource(parsing: path + ":a").load(expecting: row())
    }
    expectDiagnostic("cannot read", "is a directory") { () throws(Diagnostic) in try readSourceFile(folder.path) }
  }

  @Test func headerMistakes() {
    expectDiagnostic("does not say which columns") { () throws(Diagnostic) in
      try DataSource(path: "a.csv", format: .csv(columns: [])).load(expecting: row())
    }
    expectDiagnostic("no column 'huors'", line: 1, column: 1, note: "did you mean 'hours'?") { () throws(Diagnostic) in
      try load("classes,hours\n1,2\n", "huors", row())
    }
    expectDiagnostic("no column 'zzz'", note: "the columns are 'classes', 'hours'") { () throws(Diagnostic) in
      try load("classes,hours\n1,2\n", "zzz", row())
    }
    expectDiagnostic("no column 'x'", note: "it holds numbers") { () throws(Diagnostic) in
      try load("1,2\n3,4\n", "x", row())
    }
    expectDiagnostic("2 columns 'a'", line: 1, column: 5, note: "the first one") { () throws(Diagnostic) in
      try load("a,b,a\n1,2,3\n", "a", row())
    }
    expectDiagnostic("gives 2 columns", "rows of tensor<f32>") { () throws(Diagnostic) in
      try load("a,b\n1,2\n", "a,b", row())
    }
    expectDiagnostic("gives 2 columns", "expected 3", "rows of tensor<3xf32>") { () throws(Diagnostic) in
      try load("a,b\n1,2\n", "a,b", row(3))
    }
    expectDiagnostic("shape [1, 2]", "rows of tensor<1x2xf32>", note: "reshape") { () throws(Diagnostic) in
      try load("a,b\n1,2\n", "a,b", row(1, 2))
    }
  }

  @Test func fieldMistakes() {
    func refuses(
      _ text: String, _ parts: String, line: Int, column: Int, note: String? = nil, _ element: ElementType = .f32,
      _ place: Testing.SourceLocation = #_sourceLocation
    ) {
      expectDiagnostic(parts, line: line, column: column, note: note, sourceLocation: place) { () throws(Diagnostic) in
        try load(text, "a,b", row(2, of: element))
      }
    }
    refuses("a,b\n1,\n", "row 1, column 'b': the field is empty", line: 2, column: 3, note: "fill the hole")
    refuses("a,b\n1,2\n1,", "row 2, column 'b': the field is empty", line: 3, column: 3)
    refuses("a,b\n,2\n", "row 1, column 'a': the field is empty", line: 2, column: 1)
    refuses("a,b\n\"\",2\n", "row 1, column 'a': the field is empty", line: 2, column: 1)
    refuses("a,b\n1,2\n3,four\n", "row 2, column 'b': 'four' is not a number", line: 3, column: 3)
    refuses("a,b\n1,2\n3,\"fo,ur\"\n", "row 2, column 'b': 'fo,ur' is not a number", line: 3, column: 3)
    refuses("é,a,b\nñañ,3,x1\n", "column 'b': 'x1' is not a number", line: 2, column: 7)
    refuses("a,b\n3,nan\n", "'nan' is not a number", line: 2, column: 3, note: "missing and infinite")
    refuses("a,b\n-Inf,3\n", "'-Inf' is not a number", line: 2, column: 1, note: "missing and infinite")
    refuses("a,b\n\"3,5\",3\n", "'3,5' is not a number", line: 2, column: 1, note: "'.'")
    refuses("a,b\n0x10,3\n", "'0x10' is not a number", line: 2, column: 1)
    refuses("a,b\n1e,3\n", "'1e' is not a number", line: 2, column: 1)
    refuses("a,b\n1 2,3\n", "'1 2' is not a number", line: 2, column: 1)
    refuses("a,b\n1,1e39\n", "'1e39' is out of the range of f32", line: 2, column: 3)
    refuses("a,b\n1,1e309\n", "'1e309' is out of the range of f64", line: 2, column: 3, .f64)
    refuses("a,b\n1,256\n", "'256' is out of the range of ui8: 0 to 255", line: 2, column: 3, .ui8)
    refuses("a,b\n1,-1\n", "'-1' is out of the range of ui8: 0 to 255", line: 2, column: 3, .ui8)
    refuses("a,b\n1,2147483648\n", "out of the range of i32", line: 2, column: 3, .i32)
    refuses("a,b\n1,9223372036854775808\n", "out of the range of i64", line: 2, column: 3, .i64)
    refuses("a,b\n1,1e30\n", "out of the range of i64", line: 2, column: 3, .i64)
    refuses("a,b\n1,2.5\n", "'2.5' is not a whole number, as i32 needs", line: 2, column: 3, .i32)
    refuses("a,b\n1,2\n", "'2' is none of 0, 1, true and false", line: 2, column: 3, .i1)
    refuses("a,b\n1,yes\n", "'yes' is none of 0, 1, true and false", line: 2, column: 3, .i1)
    refuses("a,b\n1,2\n3\n", "row 2 has 1 field, but the header has 2", line: 3, column: 1)
    refuses("a,b\n1,2,3\n", "row 1 has 3 fields, but the header has 2", line: 2, column: 5, note: "quotes")
    refuses("a,b\n1,2\n\n3,4\n", "row 2 is an empty line", line: 3, column: 1)
    refuses("a,b\n1,\"2\n3,4\n", "a quoted field does not end", line: 2, column: 3)
    refuses("a,b\n1,\"2\"x\n", "text follows the end of a quoted field", line: 2, column: 6)
    refuses("a,b\n1,2\"x\n", "a quote inside a field", line: 2, column: 4, note: "double")
    refuses("a,\"b\n", "a quoted field does not end", line: 1, column: 3)
    refuses("a,b,c\n1,2,\"x\ny\"\n1,oops,3\n", "row 2, column 'b': 'oops'", line: 4, column: 3)
  }

  @Test func renderedWithItsLine() throws {
    let path = try folder.write("d.csv", "\u{FEFF}a,b\n1,2\n3,four\n")
    do throws(Diagnostic) {
      _ = try DataSource(parsing: path + ":a,b").load(expecting: row(2))
    } catch {
      let text = error.rendered(files: [try readSourceFile(path)])
      #expect(text == "\(path):3:3: error: row 2, column 'b': 'four' is not a number\n  3,four\n    ^")
    }
  }
}
