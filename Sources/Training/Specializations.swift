import Foundation
import FraguaCompiler
import FraguaSource

/// The compiled versions of one function, one for each binding of its symbols.
///
/// Usable from several threads; each version is compiled once.
final class Specializations: @unchecked Sendable {
  /// A version, or that a thread is compiling it.
  private enum State {
    case compiling
    case done(Result<CompiledFunction, Diagnostics>)
  }

  private let compile: @Sendable ([String: Int]) throws(Diagnostics) -> CompiledFunction
  private let condition = NSCondition()
  private var states: [[String: Int]: State] = [:]

  /// - Parameter compile: makes the version for some bindings.
  init(_ compile: @escaping @Sendable ([String: Int]) throws(Diagnostics) -> CompiledFunction) {
    self.compile = compile
  }

  /// The version for `bindings`; waits where it is being compiled.
  func version(for bindings: [String: Int]) throws(Diagnostics) -> CompiledFunction {
    condition.lock()
    while case .compiling? = states[bindings] { condition.wait() }
    if case .done(let result)? = states[bindings] {
      condition.unlock()
      return try result.get()
    }
    states[bindings] = .compiling
    condition.unlock()
    return try make(bindings).get()
  }

  /// Starts to compile the version for `bindings` on a thread of its own.
  func prepare(_ bindings: [String: Int]) {
    condition.lock()
    defer { condition.unlock() }
    guard states[bindings] == nil else { return }
    states[bindings] = .compiling
    let thread = Thread { [self] in _ = make(bindings) }
    // As much as a process's first thread has: LLVM's passes recurse.
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Compiles a version that is marked as being compiled, and tells who waits.
  private func make(_ bindings: [String: Int]) -> Result<CompiledFunction, Diagnostics> {
    let result: Result<CompiledFunction, Diagnostics>
    do throws(Diagnostics) { result = .success(try compile(bindings)) } catch { result = .failure(error) }
    condition.lock()
    states[bindings] = .done(result)
    condition.broadcast()
    condition.unlock()
    return result
  }
}
