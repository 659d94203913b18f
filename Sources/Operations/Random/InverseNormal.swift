import RealModule

/// `√2 erfinv(x)`: the number below which a standard normal variable lies with probability (1 + x) / 2; relative error
/// about 1e-15.
///
/// The oracle of `random_normal`, independent of the polynomials that it compiles to, and what the initializers draw
/// with.
/// Source: Wichura, "Algorithm AS 241: The percentage points of the normal distribution" (Applied Statistics, 1988),
/// PPND16 without the far tail.
/// - Requires: 2^-35 <= 1 - |x|, so that the far tail is not needed.
package func inverseNormal(_ x: Double) -> Double {
  let q = x / 2
  if Swift.abs(q) <= 0.425 {
    let r = 0.180625 - q * q
    return q * horner(centralNumerator, r) / horner(centralDenominator, r)
  }
  let r = (-Double.log((1 - Swift.abs(x)) / 2)).squareRoot() - 1.6
  let magnitude = horner(tailNumerator, r) / horner(tailDenominator, r)
  return x < 0 ? -magnitude : magnitude
}

/// The polynomial of `r`, the highest coefficient first.
private func horner(_ coefficients: SIMD8<Double>, _ r: Double) -> Double {
  var sum = 0.0
  for i in 0..<8 { sum = sum * r + coefficients[i] }
  return sum
}

/// In 0.180625 - q².
private let centralNumerator = SIMD8<Double>(
  2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
  1971.5909503065514427, 133.14166789178437745, 3.387132872796366608
)
/// In 0.180625 - q².
private let centralDenominator = SIMD8<Double>(
  5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
  687.1870074920579083, 42.313330701600911252, 1
)
/// In √(-ln p) - 1.6, p the probability of the nearer tail.
private let tailNumerator = SIMD8<Double>(
  7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
  3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734
)
/// In √(-ln p) - 1.6.
private let tailDenominator = SIMD8<Double>(
  1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
  0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1
)
