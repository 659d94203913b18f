import Foundation
import Fragua

/// Where trained parameters go that cannot be saved where they should have been.
enum RescueFile {
  /// Saves `checkpoint` in the first of ``folders`` that takes it, under a name that nothing has.
  /// - Returns: `failure`, which is why it is saved there, with what became of the parameters.
  static func save(_ checkpoint: Checkpoint, because failure: Diagnostic) -> Diagnostic {
    var result = failure
    for folder in folders {
      let path = unusedPath(in: folder)
      do throws(Diagnostic) {
        try checkpoint.write(to: path)
        return result.noting(
          "the trained parameters were saved to '\(path)' instead; '--init \(path)' goes on from there")
      } catch { result = result.noting(error.message) }
    }
    return result.noting("the trained parameters could not be saved anywhere")
  }

  /// The working directory, then where there may be space although it is full: other disks, and memory.
  private static var folders: [String] {
    var folders = ["."]
    for folder in [NSHomeDirectory(), NSTemporaryDirectory(), "/dev/shm"] {
      let path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
      if !path.isEmpty, !folders.contains(path) { folders.append(path) }
    }
    return folders
  }

  /// The path of a file in `folder` that is not there.
  private static func unusedPath(in folder: String) -> String {
    while true {
      let digits = String(UInt32.random(in: 0...(.max)), radix: 16)
      let path = "\(folder)/fragua-rescue-\(digits).safetensors"
      if !FileManager.default.fileExists(atPath: path) { return path }
    }
  }
}
