import Foundation
import Kernels
import Testing

/// Every binary32 number, all 2^32 of them, on the best instruction set: the bounds that
/// docs/arithmetic.md states. It takes minutes, so it runs only if POGO_EXHAUSTIVE is set.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["POGO_EXHAUSTIVE"] != nil))
struct ExhaustiveMathTests {
  @Test(arguments: ElementaryFunction.all)
  func errorsAreWithinTheirBounds(function: ElementaryFunction) {
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    let chunk = 1 << 20
    let (x, y) = (FloatBuffer(count: chunk), FloatBuffer(count: chunk))
    var (worst, place) = (0.0, Float(0))
    for first in stride(from: UInt64(0), to: 1 << 32, by: chunk) {
      for i in 0..<chunk { x[i] = Float(bitPattern: UInt32(first) + UInt32(i)) }
      function.compute(arithmetic, Vector(x), Vector(y))
      for i in 0..<chunk {
        let error = ulps(y[i], function.oracle(Double(x[i])))
        if !(error <= worst) { (worst, place) = (error, x[i]) }
      }
    }
    #expect(worst <= function.bound, "\(function) is off by \(worst) ulp at \(place)")
    print("\(function): at most \(worst) ulp, at \(place)")
  }
}
