import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaSyntax
import FraguaTensors
import Testing

/// One rule for a number, wherever a user writes it.
@Suite struct NumberTests {
  /// A text, a type, and the bits or why there are none.
  static let numbers: [(text: String, type: ElementType, bits: UInt64?, message: String)] = [
    ("1", .f32, 0x3F80_0000, ""), ("-0.0", .f32, 0x8000_0000, ""), ("1e-60", .f32, 0, ""),
    ("0x1.8p-3", .f32, 0x3E40_0000, ""), ("0x7F800000", .f32, 0x7F80_0000, ""),
    ("340282346638528859811704183484516925440", .f32, 0x7F7F_FFFF, ""),
    ("0.1", .f64, 0x3FB9_9999_9999_999A, ""), ("1e308", .f64, (1e308).bitPattern, ""),
    ("1e39", .f32, nil, "'1e39' is out of the range of f32"),
    ("-1e400", .f64, nil, "'-1e400' is out of the range of f64"),
    ("1e400", .f32, nil, "'1e400' is out of the range of f32"),
    ("0x1p1000", .f32, nil, "'0x1p1000' is not a number that f32 holds"),
    ("0x7FF0000000000000", .f32, nil, "'0x7FF0000000000000' does not write the bits of f32"),
    ("3", .i32, 3, ""), ("3.0", .i32, 3, ""), ("3e2", .i32, 300, ""), ("0x10", .i32, 16, ""), ("-0x10", .i32, ~15, ""),
    ("9223372036854775807", .i64, UInt64(Int64.max), ""), ("-9223372036854775808", .i64, 1 << 63, ""),
    ("255", .ui8, 255, ""), ("true", .i1, 1, ""), ("0", .i1, 0, ""), ("True", .i1, 1, ""), ("FALSE", .i1, 0, ""),
    ("9007199254740993", .i64, 9_007_199_254_740_993, ""),
    // Rounded once: by way of a Double it would be 1.
    ("1.00000005960464477539062500000001", .f32, 0x3F80_0001, ""),
    ("0.5", .i32, nil, "'0.5' is not a whole number, as i32 needs"),
    ("256", .ui8, nil, "'256' is out of the range of ui8: 0 to 255"),
    ("-1", .ui8, nil, "'-1' is out of the range of ui8: 0 to 255"),
    ("2147483648", .i32, nil, "'2147483648' is out of the range of i32: -2147483648 to 2147483647"),
    (
      "9223372036854775808", .i64, nil, "'9223372036854775808' is out of the range of i64: \(Int64.min) to \(Int64.max)"
    ),
    ("2", .i1, nil, "'2' is none of 0, 1, true and false"),
    ("true", .f32, nil, "'true' is not a number"),
  ]

  @Test(arguments: numbers.indices) func rule(_ index: Int) throws {
    let (text, type, bits, message) = Self.numbers[index]
    do throws(Diagnostic) {
      let scalar = try Scalar(parsing: text, as: type)
      #expect(scalar == bits.map { Scalar(type: type, bits: $0) }, "\(text) as \(type)")
    } catch { #expect(error.message == message && bits == nil, "\(text) as \(type)") }
  }

  /// A constant of a graph and one of a kernel are the same number, or refused with the same words.
  @Test(arguments: numbers.indices) func oneInGraphsAndKernels(_ index: Int) throws {
    let (text, type, bits, message) = Self.numbers[index]
    let graph = "graph @g version 1\nstate @w: tensor<\(type.rawValue)> = dense<\(text)>\n"
    let kernel = """
      kernels @k version 1 {stage = "lower"}
      results "y"
      buffer %y : tensor<1x\(type.rawValue)> = result 0
      kernel @k0 map [1] (b0: write \(type.rawValue)[1]) {
        scalar {
          %0 = constant \(text) : \(type.rawValue)
          store %0, b0[d0]
        }
      }
      call @k0(%y) {name = "k", origin = ""}
      """
    let file = SourceFile(path: "t", text: kernel)
    if bits == nil {
      #expect(errors(graph).first == "2:\(28 + type.rawValue.count): " + message)
      do throws(Diagnostic) {
        _ = try KernelParser.parse(file)
        Issue.record("\(text) is accepted")
      } catch { #expect(error.message == message && error.location?.line == 6) }
    } else {
      #expect(errors(graph) == [])
      _ = try KernelParser.parse(file)
    }
  }

  /// A number that becomes the elements of a parameter, or of a margin, is the same one.
  @Test(arguments: numbers.indices) func oneInAttributes(_ index: Int) throws {
    let (text, type, bits, message) = Self.numbers[index]
    let graph = """
      graph @g version 1
      state @w: tensor<\(type.rawValue)> = constant(value = \(text))
      func @f(%x: tensor<2x\(type.rawValue)>) {
        %y = pad %x {low = [1], high = [1], fill = \(text)}
        return %y
      }
      """
    guard let bits else {
      // A word is none of the numbers, for which another error stands.
      if text == "true" { return #expect(errors(graph).count == 2) }
      let found = errors(graph)
      for attribute in ["'value' of 'constant'", "'fill' of 'pad'"] {
        #expect(
          found.contains { $0.hasSuffix("the attribute \(attribute) does not fit: " + message) }, "\(found)")
      }
      return
    }
    let read = try parse(graph)
    let expected = Attribute.element(Scalar(type: type, bits: bits))
    #expect(read.parameters[0].initializer.attributes["value"] == expected)
    #expect(read.functions[0].nodes[0].attributes["fill"] == expected)
    let again = try parse(GraphPrinter.print(read))
    #expect(again.parameters[0].initializer.attributes["value"] == expected)
    #expect(again.functions[0].nodes[0].attributes["fill"] == expected)
  }

  /// Attributes of truth take the words that elements do.
  @Test func truthInAttributes() throws {
    func text(_ word: String) -> String {
      """
      graph @g version 1
      param @w: tensor<2xf32> = zeros
      func @l() {
        %m = reduce_mean @w
        return %m
      }
      train @fit minimize @l { optimizer = sgd(momentum = 0.9, nesterov = \(word)) }
      """
    }
    for (word, truth) in [("true", true), ("True", true), ("FALSE", false)] {
      #expect(try parse(text(word)).trainings[0].optimizerAttributes["nesterov"] == .boolean(truth))
    }
    #expect(
      errors(text("yes")).first
        == "7:69: the attribute 'nesterov' of 'sgd' is the word 'yes', expected true or false")
  }

  /// What people write whose spreadsheet groups thousands.
  @Test func groupedDigits() {
    let hints: [(String, String?)] = [
      ("1_000", "write the number without thousands separators: 1000"),
      ("1'234'567", "write the number without thousands separators: 1234567"),
      ("1 234.5", "write the number without thousands separators: 1234.5"),
      ("-1,234,567", "write the number without thousands separators: -1234567"),
      ("1,234", "write 1234 where the comma groups thousands, or 1.234 where it is a decimal comma"),
      ("4,5", "write the decimal point as '.'"),
      ("1.234,5", "write 1234.5: no thousands separators, and the decimal point as '.'"),
      ("abc", nil), ("1 2", nil), ("1__0", nil), ("12,", "write the decimal point as '.'"),
    ]
    for (text, hint) in hints {
      let error = Diagnostic.noElement(text, of: .f32)
      #expect(error.message == "'\(text)' is not a number")
      #expect(error.notes.first?.message == hint, "\(text)")
    }
  }
}
