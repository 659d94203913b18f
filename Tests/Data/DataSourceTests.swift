import FraguaData
import FraguaSource
import Testing

@Suite struct DataSourceTests {
  @Test(
    arguments: [
      ("a.csv:x", "a.csv", .csv(columns: ["x"])), ("d/a.csv:x, y ,z", "d/a.csv", .csv(columns: ["x", "y", "z"])),
      ("c:/a.b/t.CSV:x", "c:/a.b/t.CSV", .csv(columns: ["x"])), ("a.csv:t:c", "a.csv", .csv(columns: ["t:c"])),
      ("a.csv:b.csv:c", "a.csv:b.csv", .csv(columns: ["c"])),
      ("a.csv:\"x,y\",z", "a.csv", .csv(columns: ["x,y", "z"])),
      ("a.csv.gz:x", "a.csv.gz", .csv(columns: ["x"])), ("a.tsv:x", "a.tsv", .csv(columns: ["x"])),
      ("a.csv:b.npy", "a.csv", .csv(columns: ["b.npy"])), ("10:30.npy", "10:30.npy", .npy),
      ("x.npy.gz", "x.npy.gz", .npy),
      ("a:b.npz:k:1", "a:b.npz", .npz(key: "k:1")), ("b.npz", "b.npz", .npz(key: nil)),
      ("p.safetensors:w.1", "p.safetensors", .safetensors(key: "w.1")),
      ("p.safetensors", "p.safetensors", .safetensors(key: nil)),
      ("/d/train-images-idx3-ubyte.gz", "/d/train-images-idx3-ubyte.gz", .idx),
      ("train-images.idx3-ubyte", "train-images.idx3-ubyte", .idx), ("labels.idx", "labels.idx", .idx),
      ("d.v1/labels", "d.v1/labels", .idx), ("labels.gz", "labels.gz", .idx),
    ] as [(String, String, DataSource.Format)])
  func forms(text: String, path: String, format: DataSource.Format) throws {
    let source = try DataSource(parsing: text)
    #expect(source.path == path)
    #expect(source.format == format)
    #expect(source.description == text)
  }

  @Test func mistakes() {
    func refuses(_ text: String, _ part: String, note: String, _ place: Testing.SourceLocation = #_sourceLocation) {
      expectDiagnostic(part, note: note, sourceLocation: place) { () throws(Diagnostic) in try DataSource(parsing: text)
      }
    }
    refuses("", "has no file", note: "SOURCE is")
    refuses("a.csv", "'a.csv' does not say which columns", note: "write 'a.csv:COLUMN")
    refuses("a.csv:", "does not say which columns", note: "write 'a.csv:COLUMN")
    refuses("a.csv:x,,y", "a column without a name", note: "a.csv:COLUMN")
    refuses("a.csv:x,", "a column without a name", note: "a.csv:COLUMN")
    refuses("a.csv:\"x", "a column without a name", note: "a.csv:COLUMN")
    refuses("a.txt", "cannot tell what kind of file 'a.txt' is", note: "SOURCE is file.csv:COLUMN")
  }

  @Test func bindings() throws {
    let (name, source) = try DataSource.parse(binding: "x=dir=1/a.csv:b=c")
    #expect(name == "x")
    #expect(source.path == "dir=1/a.csv")
    #expect(source.format == .csv(columns: ["b=c"]))
    #expect(try DataSource.parse(binding: "%y=a.npy").name == "y")
    expectDiagnostic("'a.npy' is not NAME=SOURCE") { () throws(Diagnostic) in
      try DataSource.parse(binding: "a.npy").name
    }
    expectDiagnostic("names no argument") { () throws(Diagnostic) in try DataSource.parse(binding: "=a.npy").name }
  }
}
