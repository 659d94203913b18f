import FraguaKernels
import FraguaTensors
import TestSupport
import Testing

/// The floats of 16 bits, whose conversions are written with bits, beside the Swift types that hold them.
@Suite struct NarrowFloatTests {
  /// Every number of 16 bits becomes the `f32` that it is; denormals of `bf16` become zeros.
  @Test(arguments: [ElementType.f16, .bf16]) func widens(type: ElementType) {
    var arithmetic = ScalarArithmetic()
    for bits in UInt64(0)...0xFFFF {
      let x = Scalar(type: type, bits: bits)
      let wide = withDenormalsAsZeros { VectorMath.convert(x, to: .f32, in: &arithmetic) }
      let expected = Scalar(x.asDouble, as: .f32)
      if x.asDouble.isNaN {
        #expect(wide.float.isNaN, "\(bits)")
      } else {
        let flushed = expected.isDenormal ? Scalar(type: .f32, bits: expected.bits & 0x8000_0000) : expected
        #expect(wide == flushed, "\(bits)")
      }
    }
  }

  /// Every number of 16 bits that is not NaN, and the places between it and the next where rounding changes its mind.
  @Test(arguments: [ElementType.f16, .bf16]) func narrowsAtTies(type: ElementType) {
    for bits in UInt64(0)..<type.infinityBits {
      let (low, high) = (Scalar(type: type, bits: bits).asDouble, Scalar(type: type, bits: bits + 1).asDouble)
      let next = high.isFinite ? high : 2 * low - Scalar(type: type, bits: bits - 1).asDouble
      let tie = (low + next) / 2
      for x in [low, tie, tie.nextUp, tie.nextDown, Double(Float(tie).nextUp), Double(Float(tie).nextDown)] {
        for signed in [x, -x] {
          expect(Scalar(signed), type)
          if Double(Float(signed)) == signed { expect(Scalar(Float(signed)), type) }
        }
      }
    }
  }

  /// The host's tensors, which constants are folded on, convert alike where denormals are zeros: those of `f16` stay.
  @Test func hostKeepsDenormalsOfHalves() {
    withDenormalsAsZeros {
      for bits in UInt16(0)...0xFFFF where Float16(bitPattern: bits).isFinite {
        let half = Float16(bitPattern: bits)
        let tensor = Tensor([1], [half])
        let back = Tensor(TensorType([1], .f16), rounding: tensor.doubles).elements(as: Float16.self)![0]
        #expect(back.bitPattern == bits)
      }
      #expect(Tensor([1], [Float16(bitPattern: 1)]).doubles == [0x1p-24])
    }
  }

  /// Numbers of all exponents, and what is no number.
  @Test(arguments: [ElementType.f16, .bf16]) func narrowsAnything(type: ElementType) {
    var random = RandomSource(seed: 7)
    for _ in 0..<300_000 {
      expect(Scalar(Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))), type)
      expect(Scalar(Double(bitPattern: random.next())), type)
    }
    for x in [Double.infinity, -.infinity, .nan, -.nan, 0, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude] {
      expect(Scalar(x), type)
      expect(Scalar(Float(x)), type)
    }
  }

  /// `x` narrowed is what the Swift type rounds it to, where a denormal of `x` or of `bf16` is a zero.
  private func expect(_ x: Scalar, _ type: ElementType) {
    var arithmetic = ScalarArithmetic()
    let found = withDenormalsAsZeros { VectorMath.convert(x, to: type, in: &arithmetic) }
    let zero = Scalar(type: type, bits: x.asDouble.sign == .minus ? type.signMask : 0)
    var expected = x.isDenormal ? zero : Scalar(x.asDouble, as: type)
    // As an f32 it is a zero, unless it rounds to the least normal one.
    if type == .bf16, expected.isDenormal || x.asDouble.magnitude < 0x1p-126 * (1 - 0x1p-25) { expected = zero }
    if x.asDouble.isNaN {
      #expect(found.asDouble.isNaN && found.isCanonical)
    } else {
      #expect(found == expected, "\(x) became \(found), not \(expected)")
    }
  }
}
