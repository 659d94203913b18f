import FraguaKernels
import FraguaScheduling
import FraguaSource
import Testing

/// Every error in a dump says where it is.
@Suite struct KernelPlacesTests {
  private static let text = """
    kernels @f version 1 {stage = "plan"}

    arguments "x"
    results "r"

    buffer %x : tensor<8x4xf32> = argument 0
    buffer %t : tensor<8x4xf32> = temporary
    buffer %r : tensor<8xf32> = result 0

    kernel @a map [8, 4] (b0: read f32[32], b1: write f32[32]) {
      scalar {
        %0 = load b0[4*d0 + d1] : f32
        %1 = exp %0 : f32
        store %1, b1[4*d0 + d1]
      }
    }

    kernel @b reduce [8; 4] (b0: read f32[32], b1: write f32[8]) {
      sweep {
        %0 = load b0[4*d0 + d1] : f32
        reductions sum %0
      }
      scalar {
        %0 = input 0 : f32
        store %0, b1[d0]
      }
    }

    call @a(%x, %t) {name = "a", origin = ""}
    call @b(%t, %r) {name = "b", origin = ""}

    schedule 2 threads {
      call 0 split d0 by 4 vector d1
      call 1 split d0 by 4 vector d0 scratch 1024
    }

    plan arena 128 lower_bound 128 scratch 128 stride 1024 {
      %t at 0
    }
    """

  /// The errors of a text: `line:column: message`.
  private func errors(_ text: String) -> [String] {
    do throws(Diagnostic) {
      let (dump, places) = try KernelParser.parseWithPlaces(SourceFile(path: "f", text: text))
      var errors = KernelVerifier.verify(dump.program, places)
      if errors.isEmpty { errors = DumpChecker.check(dump, for: Target(.avx2)).map { $0.diagnostic(in: places) } }
      return errors.map { "\($0.location.map(\.description) ?? "nowhere"): \($0.message)" }
    } catch { return [error.rendered()] }
  }

  @Test func inOrder() { #expect(errors(Self.text) == []) }

  /// A change of the text, and where the error is that it makes.
  struct Change {
    let old: String
    let new: String
    let place: String
    let message: String
  }

  @Test(arguments: [
    Change(old: "exp %0 : f32", new: "exp %0 : f64", place: "f:13:5", message: "the operand is f32, not f64"),
    Change(
      old: "%0 = load b0[4*d0 + d1]", new: "%0 = load b0[5*d0 + d1]", place: "f:12:5", message: "elements 0 to 38"),
    Change(old: "store %1, b1[4*d0 + d1]", new: "store %1, b1[4*d0]", place: "f:14:5", message: "hit an element twice"),
    Change(old: "map [8, 4]", new: "map [8, 0]", place: "f:10:8", message: "an axis of extent 0"),
    Change(old: "%t : tensor<8x4xf32>", new: "%t : tensor<8x5xf32>", place: "f:30:6", message: "where the kernel has"),
    Change(old: "= temporary", new: "= constant 3", place: "f:7:8", message: "is constant 3 of 0"),
    Change(old: "call @b(%t, %r)", new: "call @b(%t, %t)", place: "f:30:6", message: "twice and writes it"),
    Change(old: "results \"r\"", new: "results \"r\", \"s\"", place: "f:1:1", message: "result 1 has no buffer"),
    Change(
      old: "arguments \"x\"", new: "arguments \"x\", \"n\"", place: "f:1:1", message: "argument 1 has no buffer"),
    Change(
      old: "results \"r\"", new: "arguments \"x\"\nresults \"r\"", place: "f:4:1",
      message: "there are arguments already"),
    Change(
      old: "results \"r\"", new: "results \"r\"\nresults \"r\"", place: "f:5:1", message: "there are results already"),
    Change(old: "input 0 : f32", new: "input 1 : f32", place: "f:24:5", message: "input 1 of 1"),
    Change(old: "split d0 by 4 vector d1", new: "split d1 by 0", place: "f:33:8", message: "split in units of 0"),
    Change(
      old: "scratch 1024\n", new: "scratch 9223372036854775807\n", place: "f:34:8",
      message: "9223372036854775807 bytes of scratch"),
    Change(old: "2 threads", new: "9223372036854775807 threads", place: "f:32:1", message: "more than 1024"),
    Change(old: "  call 1 split", new: "  barriers 7\n  call 1 split", place: "f:35:3", message: "expected '}'"),
    Change(old: "scratch 1024\n", new: "scratch 1024\n  barriers 7\n", place: "f:35:3", message: "before call 7"),
    Change(old: "%t at 0", new: "%t at 64", place: "f:38:3", message: "ends behind the arena"),
    Change(old: "%t at 0", new: "%t at 0\n  %t at 0", place: "f:39:3", message: "has a place already"),
    Change(old: "  %t at 0\n", new: "", place: "f:37:1", message: "has no place"),
    Change(old: "stride 1024", new: "stride 64", place: "f:37:1", message: "a thread's scratch has 64 bytes"),
    Change(old: "scratch 128 ", new: "scratch 0 ", place: "f:37:1", message: "begins inside the arena"),
    Change(
      old: "arena 128 lower_bound 128 scratch 128", new: "arena 4611686018427387904 lower_bound 0 scratch 0",
      place: "f:37:1", message: "the arena has 4611686018427387904 bytes"),
  ]) func places(change: Change) {
    let text = Self.text.replacing(change.old, with: change.new, maxReplacements: 1)
    #expect(text != Self.text)
    let found = errors(text)
    #expect(
      found.contains { $0.hasPrefix("\(change.place): ") && $0.contains(change.message) }, "\(change.new): \(found)")
  }

  /// A plan whose scratch begins before its arena ends is refused even where no call needs scratch: only what lies before
  /// the scratch is allocated.
  @Test func arenaWithoutScratch() {
    let text = Self.text.replacing("vector d0 scratch 1024", with: "vector d1").replacing(
      "scratch 128 stride 1024", with: "scratch 0 stride 0")
    #expect(errors(text).contains { $0.contains("the scratch begins inside the arena") }, "\(errors(text))")
  }
}
