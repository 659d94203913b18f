import FraguaSource
import FraguaTensors

/// Reading NPZ files, NumPy's format for several arrays: a zip archive of NPY files.
public enum NPZ {
  /// The array called `key` in the file at `path`; without a key, the only array there is.
  public static func read(_ path: String, key: String?) throws(Diagnostic) -> Tensor {
    let archive = try ZipArchive(readFile(path), path: path)
    let arrays = archive.members.filter { $0.name.hasSuffix(".npy") }
    let names = arrays.map { String($0.name.dropLast(4)) }
    let name = try choose(key, among: names, path: path)
    // The last member of a name is the one that counts, as in Python.
    guard let index = names.lastIndex(of: name) else { preconditionFailure("the chosen key is one of the names") }
    // What the array's header says decides how much is inflated.
    let place = "\(path):\(name)"
    let start = try archive.contents(of: arrays[index], atMost: NPY.headerBytes)
    if start.count == arrays[index].bytes { return try NPY.tensor(in: start, path: place) }
    let header = try NPYHeader(start, path: place)
    let size = try NPY.size(header, place)
    guard header.dataOffset + size == arrays[index].bytes else {
      throw Diagnostic(
        "'\(place)' is corrupt: the shape \(header.extents) takes \(size) bytes, but there are \(arrays[index].bytes - header.dataOffset)"
      )
    }
    return try NPY.tensor(in: archive.contents(of: arrays[index]), path: place)
  }
}

/// The tensor called `key` among those of the file at `path`, or the only one where no key is given.
func choose(_ key: String?, among names: [String], path: String) throws(Diagnostic) -> String {
  let shown = names.prefix(20).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  guard let key else {
    if names.count == 1 { return names[0] }
    let error = Diagnostic("'\(path)' holds \(names.count) arrays, and the source does not say which")
    throw names.isEmpty ? error : error.noting("write '\(path):KEY' with one of \(shown)")
  }
  if names.contains(key) { return key }
  let error = Diagnostic("'\(path)' has no array '\(key)'")
  if let near = nearestName(to: key, among: names) { throw error.noting("did you mean '\(near)'?") }
  throw names.isEmpty ? error : error.noting("it has \(shown)")
}
