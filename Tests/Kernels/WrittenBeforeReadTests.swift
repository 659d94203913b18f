import FraguaKernels
import FraguaSource
import FraguaTensors
import Testing

/// No element of a temporary or a result is read before it is written, and results are written whole.
@Suite struct WrittenBeforeReadTests {
  /// A program in which some calls write a temporary `%t` of 64 elements, and then one reads it.
  private func program(writers: [String], reader: String = "load b0[d0] : f32", readerAxes: String = "64") -> String {
    var text = """
      kernels @f version 1 {stage = "lower"}
      arguments "x"
      results "r"
      buffer %x : tensor<64xf32> = argument 0
      buffer %t : tensor<64xf32> = temporary
      buffer %r : tensor<64xf32> = result 0

      """
    for (i, writer) in writers.enumerated() {
      let parts = writer.split(separator: ";", maxSplits: 1)
      text += """
        kernel @w\(i) map [\(parts[0])] (b0: read f32[64], b1: write f32[64]) {
          scalar {
            %0 = load b0[0] : f32
        \(parts[1].split(separator: ";").map { "    store %0, \($0.drop { $0 == " " })" }.joined(separator: "\n"))
          }
        }

        """
    }
    text += """
      kernel @r map [\(readerAxes)] (b0: read f32[64], b1: write f32[64]) {
        scalar {
          %0 = \(reader)
          store %0, b1[d0]
        }
      }

      """
    for i in writers.indices { text += "call @w\(i)(%x, %t) {name = \"w\(i)\", origin = \"\"}\n" }
    return text + "call @r(%t, %r) {name = \"r\", origin = \"\"}\n"
  }

  /// What the verifier says of a text.
  private func errors(_ text: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws -> [String] {
    let (dump, places) = try KernelParser.parseWithPlaces(SourceFile(path: "f.kernels", text: text))
    let errors = KernelVerifier.verify(dump.program, places)
    for error in errors { #expect(error.location != nil, "\(error.message)", sourceLocation: sourceLocation) }
    return errors.map(\.message)
  }

  /// What covers all elements, whatever strides it takes.
  @Test(arguments: [
    ["64; b1[d0]"], ["64; b1[-d0 + 63]"], ["8, 8; b1[8*d0 + d1]"], ["8, 8; b1[d0 + 8*d1]"],
    ["32; b1[d0]; b1[d0 + 32]"], ["32; b1[2*d0]; b1[2*d0 + 1]"], ["32; b1[d0]", "32; b1[d0 + 32]"],
    ["32; b1[d0 + 32]", "16; b1[d0]", "16; b1[d0 + 16]"],
    // Guards along one axis are counted.
    ["80; b1[d0] if 0 <= d0 < 64"], ["64; b1[d0] if 0 <= d0 < 40", "24; b1[d0 + 40]"],
    // Once more, partly.
    ["64; b1[d0]", "3; b1[d0 + 5]"],
  ]) func whole(writers: [String]) throws {
    #expect(try errors(program(writers: writers)) == [])
  }

  /// What leaves elements out.
  @Test(arguments: [
    ["63; b1[d0]"], ["8, 7; b1[8*d0 + d1]"], ["32; b1[2*d0]"], ["31; b1[2*d0]; b1[2*d0 + 1]"],
    ["32; b1[d0]", "31; b1[d0 + 33]"], ["64; b1[d0] if 0 <= d0 - 1 < 64"],
    ["8, 8; b1[8*d0 + d1] if 0 <= d0 + d1 < 14"],
  ]) func partial(writers: [String]) throws {
    let found = try errors(program(writers: writers))
    #expect(found.count == 1)
    #expect(
      found.first?.hasSuffix("('r') reads elements 0 to 63 of '%t', not all of which are written before") == true,
      "\(found)")
  }

  /// What is read may be less than the buffer, also behind a guard.
  @Test func readsOfWhatIsThere() throws {
    let half = ["32; b1[d0]"]
    #expect(try errors(program(writers: half, reader: "load b0[0] : f32")) == [])
    let guarded = "load b0[d0] if 0 <= d0 < 32 else 0.0 : f32"
    #expect(try errors(program(writers: half, reader: guarded)) == [])
    let found = try errors(program(writers: half, reader: "load b0[d0] if 0 <= d0 < 33 else 0.0 : f32"))
    #expect(found == ["call 1 ('r') reads elements 0 to 32 of '%t', not all of which are written before"])
  }

  /// A result that has holes holds what lay in memory before.
  @Test func resultsAreWhole() throws {
    let found = try errors(program(writers: ["64; b1[d0]"], readerAxes: "60"))
    #expect(found == ["result 0, '%r', is not written whole"])
  }

  /// An update reads what it writes.
  @Test func updatesOfNothing() throws {
    let text = """
      kernels @f version 1 {stage = "lower"}
      results "r"
      buffer %r : tensor<4xf32> = result 0
      kernel @k map [4] (b0: update f32[4]) {
        scalar {
          %0 = load b0[d0] : f32
          %1 = add %0, %0 : f32
          store %1, b0[d0]
        }
      }
      call @k(%r) {name = "k", origin = ""}
      """
    #expect(try errors(text) == ["call 0 ('k') reads '%r', which nothing has written"])
  }

  /// One error is one error: what follows from it is not said.
  @Test func noErrorsOfErrors() throws {
    let found = try errors(program(writers: ["64; b1[d0 + 1]"]))
    #expect(found.count == 1 && found[0].contains("elements 1 to 64 of buffer 1, which has 64"), "\(found)")
  }
}
