import Fragua
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling

extension KernelDump {
  /// Checks that the dump, in which everything stands at `places`, can run: its program, and where it is to be
  /// compiled for `processor` its schedule and its plan.
  func check(_ places: KernelPlaces, for processor: Processor?) throws(Diagnostics) {
    let errors = KernelVerifier.verify(program, places)
    if !errors.isEmpty { throw Diagnostics(errors) }
    guard let processor else { return }
    let violations = DumpChecker.check(self, for: processor.target)
    if violations.isEmpty { return }
    let name = processor.target.instructionSet.rawValue
    throw Diagnostics(
      violations.map {
        let found = $0.diagnostic(in: places)
        let error = Diagnostic(
          "the schedule or plan cannot run: \(found.message)", at: found.location, notes: found.notes)
        return error.noting(
          "the target is '\(name)'; '--cpu' chooses another, and without its schedule and plan the dump gets new ones")
      })
  }
}
