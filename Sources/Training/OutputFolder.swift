import Foundation
import FraguaSource

/// The folder that a training saves to.
package struct OutputFolder: Sendable {
  package let path: String

  /// Checks that a file called `file` can be written there once the folder is made; makes nothing.
  package init(_ path: String, for file: String) throws(Diagnostic) {
    guard !path.isEmpty else { throw Diagnostic("the name of the folder to write to is empty") }
    self.path = path
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: path + "/" + file, isDirectory: &isFolder), isFolder.boolValue {
      throw Diagnostic("cannot write '\(path)/\(file)': it is a folder")
    }
    // The nearest folder that is there decides.
    var place = URL(fileURLWithPath: path).standardizedFileURL
    while !manager.fileExists(atPath: place.path, isDirectory: &isFolder), place.path != "/" {
      place.deleteLastPathComponent()
    }
    guard isFolder.boolValue else {
      throw Diagnostic("cannot write to the folder '\(path)': '\(place.path)' is a file")
    }
    guard access(place.path, W_OK | X_OK) == 0 else {
      throw Diagnostic("cannot write to the folder '\(path)': \(String(cString: strerror(errno)).lowercased())")
    }
  }

  /// Makes the folder, and those it lies in, where it is not there.
  package func make() throws(Diagnostic) {
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      throw Diagnostic("cannot make the folder '\(path)': \(String(cString: strerror(errno)).lowercased())")
    }
  }
}
