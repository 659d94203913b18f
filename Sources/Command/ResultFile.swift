import Foundation
import Fragua

/// The file that results are written to, by its extension.
struct ResultFile {
  /// How results are written.
  private enum Format { case npy, csv, safetensors }

  private let path: String
  private let format: Format

  /// Checks that `results` results can be written to `path`; writes nothing.
  init(_ path: String, results: Int) throws(Diagnostic) {
    self.path = path
    switch path.split(separator: ".").last?.lowercased() {
    case "npy":
      guard results == 1 else {
        throw Diagnostic("an .npy file holds one tensor, but there are \(results) results")
          .noting("write to a .safetensors file")
      }
      format = .npy
    case "csv": format = .csv
    case "safetensors": format = .safetensors
    default:
      throw Diagnostic("cannot tell how to write '\(path)'").noting("its name must end in .npy, .csv or .safetensors")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw Diagnostic("cannot write '\(path)': there is no folder '\(folder)'")
    }
    _ = try OutputFolder(folder, for: URL(fileURLWithPath: path).lastPathComponent)
  }

  /// Writes the results, whole or not at all.
  func write(_ results: [Tensor], names: [String]) throws(Diagnostic) {
    switch format {
    case .npy: try NPY.write(results[0], to: path)
    case .safetensors:
      try Safetensors(zip(names, results).map { Safetensors.Entry($0, $1) }).write(to: path)
    case .csv:
      let text = try Self.csv(results, names)
      try writeAtomically(to: path) { append in Array(text.utf8).withUnsafeBytes(append) }
    }
  }

  /// The number of rows of a table of the results, which all of them must have.
  static func rows(_ results: [Tensor], _ names: [String]) throws(Diagnostic) -> Int {
    if let index = results.firstIndex(where: { $0.extents.isEmpty }) {
      throw Diagnostic("'\(names[index])' is \(results[index].type), which has no rows for a table")
        .noting("write to a .npy or a .safetensors file with --out")
    }
    let rows = results.first?.extents.first ?? 0
    for (result, name) in zip(results, names) where result.extents.first != rows {
      throw Diagnostic("'\(name)' is \(result.type), but a table needs \(rows) rows in every result")
        .noting("write to a .safetensors file with --out")
    }
    return rows
  }

  /// The results side by side, a line for each row: columns `name`, or `name_0`, `name_1` and so on.
  static func csv(_ results: [Tensor], _ names: [String]) throws(Diagnostic) -> String {
    let rows = try rows(results, names)
    let widths = results.map { $0.count / max(rows, 1) }
    var lines = [
      zip(names, widths).flatMap { name, width in width == 1 ? [name] : (0..<width).map { "\(name)_\($0)" } }
        .joined(separator: ",")
    ]
    for row in 0..<rows {
      var fields: [String] = []
      for (result, width) in zip(results, widths) {
        for column in 0..<width { fields.append(result[row * width + column].text) }
      }
      lines.append(fields.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
