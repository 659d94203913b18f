import FraguaSource

/// A kind of data file that other programs write and that is not read: what it is, and how to get its data out.
enum ForeignFile: CaseIterable {
  case parquet, excel, openDocument, feather, hdf5, pickle, json, matlab, archive

  /// The extensions of names, in small letters.
  private var extensions: [String] {
    switch self {
    case .parquet: ["parquet", "pq"]
    case .excel: ["xlsx", "xls", "xlsm", "xlsb"]
    case .openDocument: ["ods"]
    case .feather: ["feather", "arrow", "ipc"]
    case .hdf5: ["h5", "hdf5", "hdf"]
    case .pickle: ["pkl", "pickle", "pt", "pth"]
    case .json: ["json", "jsonl", "ndjson"]
    case .matlab: ["mat"]
    case .archive: ["zip", "npz", "keras"]
    }
  }

  /// What contents begin with, where that tells.
  private var signatures: [[UInt8]] {
    switch self {
    case .parquet: [Array("PAR1".utf8)]
    case .excel: [Self.zip, [0xD0, 0xCF, 0x11, 0xE0]]
    case .feather: [Array("ARROW1".utf8), Array("FEA1".utf8)]
    case .hdf5: [[0x89, 0x48, 0x44, 0x46]]
    case .matlab: [Array("MATLAB 5.0".utf8)]
    case .openDocument, .pickle, .json, .archive: []
    }
  }

  /// The kind of file that a path names by its extension, which may have columns behind a colon.
  init?(path: Substring) {
    let file = path.split(separator: "/").last ?? ""
    let name = file.split(separator: ":", maxSplits: 1).first ?? ""
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let ending = name[name.index(after: dot)...].lowercased()
    guard let kind = Self.allCases.first(where: { $0.extensions.contains(ending) }) else { return nil }
    self = kind
  }

  /// The kind of file that contents begin like. A text of such letters is none: what other programs write has zeros.
  init?(contents: [UInt8]) {
    let head = contents.prefix(1 << 16)
    guard let kind = Self.allCases.first(where: { $0.signatures.contains { contents.starts(with: $0) } }),
      head.contains(0)
    else { return nil }
    // A workbook is an archive with a folder `xl`; a checkpoint of Python's is one too.
    self = kind == .excel && contents.starts(with: Self.zip) && !head.holds("xl/") ? .archive : kind
  }

  private static let zip: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

  private var name: String {
    switch self {
    case .parquet: "a Parquet file"
    case .excel: "an Excel workbook"
    case .openDocument: "an OpenDocument spreadsheet"
    case .feather: "an Arrow file"
    case .hdf5: "an HDF5 file"
    case .pickle: "a pickle of Python objects"
    case .json: "a JSON file"
    case .matlab: "a MATLAB file"
    case .archive: "an archive (zip)"
    }
  }

  private var advice: String {
    switch self {
    case .parquet:
      "export as CSV, for example in Python: pandas.read_parquet('data.parquet').to_csv('data.csv', index=False)"
    case .excel, .openDocument: "export as CSV: save the sheet as 'CSV UTF-8'"
    case .feather:
      "export as CSV, for example in Python: pandas.read_feather('data.feather').to_csv('data.csv', index=False)"
    case .json: "export as CSV, for example in Python: pandas.read_json('data.json').to_csv('data.csv', index=False)"
    case .archive: "unpack it and name a file in it; arrays of Python's are exported with numpy.save('x.npy', x)"
    case .hdf5, .pickle, .matlab: "export the arrays from Python with numpy.save('x.npy', x), or tables as CSV"
    }
  }

  /// What is wrong with reading parameters from the file at `path`.
  func parametersDiagnostic(_ path: some StringProtocol) -> Diagnostic {
    Diagnostic("'\(path)' is \(name), not a safetensors file of parameters")
      .noting("export it from Python with safetensors.torch.save_file or safetensors.numpy.save_file")
  }

  /// What is wrong with reading the file at `path`.
  func diagnostic(_ path: some StringProtocol) -> Diagnostic {
    Diagnostic("'\(path)' is \(name), which is not read").noting(advice)
  }
}

extension Sequence<UInt8> {
  /// Whether the bytes of `text` stand in it.
  fileprivate func holds(_ text: String) -> Bool { Array(self).firstRange(of: Array(text.utf8)) != nil }
}
