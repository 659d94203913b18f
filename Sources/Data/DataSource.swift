import Foundation
import FraguaSource

/// A file and the part of it that an argument is read from: what a command line calls SOURCE.
///
/// `file.csv:COLUMN,…`, `file.npy`, `file.npz:KEY`, `file.safetensors:KEY`, or an IDX file such as
/// `train-images-idx3-ubyte.gz`. CSV, NPY and IDX files may be gzipped, with `.gz` behind their name.
public struct DataSource: Sendable, Hashable, CustomStringConvertible {
  /// How the file is read, and which part of it.
  public enum Format: Sendable, Hashable {
    /// The columns of these names, in this order.
    case csv(columns: [String])
    case npy
    /// The array of this name, or the only one.
    case npz(key: String?)
    case idx
    /// The tensor of this name, or the only one.
    case safetensors(key: String?)
  }

  /// The path as the user wrote it.
  public let path: String
  public let format: Format
  /// What the user wrote.
  public let description: String

  /// The part `format` of the file at `path`.
  public init(path: String, format: Format) {
    self.path = path
    self.format = format
    switch format {
    case .csv(let columns): description = path + ":" + columns.joined(separator: ",")
    case .npz(let key?), .safetensors(let key?): description = path + ":" + key
    default: description = path
    }
  }

  /// Parses a SOURCE; the file is not touched.
  ///
  /// Everything up to the last `.csv:`, `.npz:` or `.safetensors:` is the path, so that paths, and names after it, may
  /// have colons. The columns are themselves a record of CSV: a name with a comma goes in quotes.
  public init(parsing text: String) throws(Diagnostic) {
    description = text
    let (path, rest) = Self.split(text)
    self.path = path
    guard !path.isEmpty else { throw Diagnostic("the source '\(text)' has no file").noting(Self.forms) }
    let key = rest.flatMap { $0.isEmpty ? nil : $0 }
    switch Self.extensionName(path) {
    case "csv", "tsv":
      guard let rest = key else {
        throw Diagnostic("the source '\(text)' does not say which columns").noting("write '\(path):COLUMN,COLUMN'")
      }
      let columns = CSVFile.fields(of: rest) ?? [""]
      guard !columns.contains("") else {
        throw Diagnostic("the source '\(text)' has a column without a name").noting("write '\(path):COLUMN,COLUMN'")
      }
      format = .csv(columns: columns)
    case "npy": format = .npy
    case "npz": format = .npz(key: key)
    case "safetensors": format = .safetensors(key: key)
    case let name:
      let file = (path.split(separator: "/").last ?? "").lowercased()
      if let foreign = ForeignFile(path: path[...]) { throw foreign.diagnostic(path.split(separator: ":").first ?? "") }
      let folder = String(path.split(separator: ":").first ?? "")
      if isFolder(folder) { throw .unreadable(folder, EISDIR) }
      guard name == "" || file.contains("idx") || file.contains("ubyte") else {
        throw Diagnostic("cannot tell what kind of file '\(path)' is").noting(Self.forms)
      }
      format = .idx
    }
  }

  /// Parses `NAME=SOURCE`, where NAME is an argument of the function, with or without its `%`.
  public static func parse(binding text: String) throws(Diagnostic) -> (name: String, source: DataSource) {
    guard let equals = text.firstIndex(of: "=") else {
      throw Diagnostic("'\(text)' is not NAME=SOURCE").noting("for example x=data.csv:a,b")
    }
    let name = text[..<equals].drop { $0 == "%" }
    guard !name.isEmpty else { throw Diagnostic("'\(text)' names no argument before the '='") }
    return (String(name), try DataSource(parsing: String(text[text.index(after: equals)...])))
  }

  /// What a source looks like.
  static let forms = "SOURCE is file.csv:COLUMN,…, file.npy, file.npz:KEY, file.safetensors:KEY or an IDX file"

  /// Splits a source at the colon behind the last file name that takes a key.
  private static func split(_ text: String) -> (path: String, rest: String?) {
    let lowercased = Array(text.utf8).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    let endings = [".csv:", ".csv.gz:", ".tsv:", ".tsv.gz:", ".npz:", ".safetensors:"].map { Array($0.utf8) }
    for i in lowercased.indices.reversed() where lowercased[i] == UInt8(ascii: ":") {
      guard endings.contains(where: { lowercased[...i].suffix($0.count).elementsEqual($0) }) else { continue }
      let bytes = Array(text.utf8)
      return (String(decoding: bytes[..<i], as: UTF8.self), String(decoding: bytes[(i + 1)...], as: UTF8.self))
    }
    return (text, nil)
  }

  /// The path's extension in small letters, without a `.gz`.
  private static func extensionName(_ path: String) -> String {
    var parts = (path.split(separator: "/").last ?? "").split(separator: ".", omittingEmptySubsequences: false)
      .dropFirst()
    if parts.last?.lowercased() == "gz" { parts.removeLast() }
    return parts.last?.lowercased() ?? ""
  }
}
