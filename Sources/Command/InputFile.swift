import ArgumentParser
import Fragua
import FraguaKernels

/// What a FILE on the command line is: a graph, or a dump of kernels.
enum InputFile {
  case graph(Graph)
  case kernels(KernelDump, KernelPlaces)

  /// Reads and checks the file at `path`.
  init(_ path: String) throws(Diagnostics) {
    let file = try collecting { () throws(Diagnostic) in try readSourceFile(path) }
    if Self.firstWord(of: file) == "kernels" {
      let (dump, places) = try collecting { () throws(Diagnostic) in try KernelParser.parseWithPlaces(file) }
      self = .kernels(dump, places)
    } else {
      self = .graph(try Graph(parsing: file))
    }
  }

  /// The graph in the file at `path`.
  static func graph(_ path: String) throws(Diagnostics) -> Graph {
    guard case .graph(let graph) = try InputFile(path) else {
      throw Diagnostics([Diagnostic("'\(path)' is a dump of kernels, expected a graph").noting("'fragua run' runs it")])
    }
    return graph
  }

  /// The first word of a text, after blanks and comments, or the beginning of a long one.
  private static func firstWord(of file: SourceFile) -> String {
    var rest = file.bytes[...]
    while let byte = rest.first {
      if byte == UInt8(ascii: "/") {
        rest = rest.drop { $0 != UInt8(ascii: "\n") }
      } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
        rest = rest.dropFirst()
      } else {
        break
      }
    }
    return String(decoding: rest.prefix(16).prefix { $0 > 0x20 }, as: UTF8.self)
  }
}

extension Graph {
  /// The function, gradient or training that is meant where the user may leave it out: the only training where one is
  /// wanted, or else the function `predict`, or else the only function.
  func entry(_ wanted: FunctionName?, prefersTraining: Bool = true) throws(Diagnostic) -> String {
    let trained = trainings.map(\.name) + functions.filter { $0.role == .train }.map(\.name)
    let all = functions.map(\.name) + gradients.map(\.name) + trainings.map(\.name)
    if let wanted {
      guard all.contains(wanted.name) else { throw unknownFunction(wanted.name, in: self) }
      return wanted.name
    }
    if prefersTraining, trained.count == 1 { return trained[0] }
    if all.contains("predict") { return "predict" }
    if all.count == 1 { return all[0] }
    guard !all.isEmpty else { throw Diagnostic("'@\(name)' has no functions") }
    throw Diagnostic("'@\(name)' has several functions: which is meant?").noting(
      "choose with --function one of \(all.map { "@" + $0 }.joined(separator: ", "))")
  }
}
