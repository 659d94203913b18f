import Foundation
import FraguaCodeGen
import FraguaCompiler
import FraguaSource
import FraguaTensors

/// The compiled versions of one function, one for each binding of its symbols.
///
/// Usable from several threads; each version is compiled once.
package final class Specializations: @unchecked Sendable {
  /// A version, or that a thread is compiling it.
  private enum State {
    case compiling
    case done(Result<CompiledFunction, Diagnostics>)
  }

  /// Runs its argument on another thread.
  package typealias StartThread = @Sendable (@escaping @Sendable () -> Void) throws(Diagnostic) -> Void

  private let compile: @Sendable ([String: Int]) throws(Diagnostics) -> CompiledFunction
  private let startThread: StartThread
  private let condition = NSCondition()
  private var states: [[String: Int]: State] = [:]

  /// - Parameters:
  ///   - startThread: runs its argument on another thread, or throws where there can be none.
  ///   - compile: makes the version for some bindings.
  package init(
    startThread: @escaping StartThread = Specializations.start,
    _ compile: @escaping @Sendable ([String: Int]) throws(Diagnostics) -> CompiledFunction
  ) {
    self.startThread = startThread
    self.compile = compile
  }

  /// Runs `body` on a thread of its own.
  package static let start: StartThread = { (body) throws(Diagnostic) in
    try SystemThread(stackBytes: SystemThread.compilerStackBytes, body).detach()
  }

  /// The version for `bindings`; waits where it is being compiled.
  package func version(for bindings: [String: Int]) throws(Diagnostics) -> CompiledFunction {
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

  /// Starts to compile the version for `bindings` on a thread of its own; where there can be none, it is compiled once
  /// it is asked for.
  package func prepare(_ bindings: [String: Int]) {
    condition.lock()
    defer { condition.unlock() }
    guard states[bindings] == nil else { return }
    states[bindings] = .compiling
    do throws(Diagnostic) { try startThread { [self] in _ = make(bindings) } } catch { states[bindings] = nil }
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
