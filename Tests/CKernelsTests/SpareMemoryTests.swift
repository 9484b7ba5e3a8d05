import CKernels
import Testing

/// Kernels pack into memory of their thread, or into memory that they are given.
@Suite struct SpareMemoryTests {
  static let sets = [CK_PORTABLE, CK_AVX2, CK_AVX512].map { Int32($0) }.filter {
    ck_isSupported($0) == 1
  }

  @Test(arguments: sets) func aProductIsTheSameInSpareMemory(set: Int32) {
    let (m, n, k) = (9, 21, 17)
    let a = (0..<m * k).map { Float($0 % 13) / 7 - 1 }
    let b = (0..<k * n).map { Float($0 % 11) / 5 - 1 }
    func product(_ spare: UnsafeMutablePointer<Float>?) -> [UInt32] {
      var c = [Float](repeating: 9, count: m * n)
      let left = ck_kernels(set).pointee.product(m, n, k, a, k, 1, b, n, 1, &c, n, 0, spare)
      #expect(left == 0)
      return c.map(\.bitPattern)
    }
    var spare = [Float](repeating: .nan, count: 1 << 16)
    let given = spare.withUnsafeMutableBufferPointer { product($0.baseAddress) }
    #expect(given == product(nil))
    #expect(spare.contains { !$0.isNaN }, "nothing was packed into the memory that was given")
  }

  @Test(arguments: sets) func withoutMemoryTheKernelsSayWhatTheyNeedAndDoNothing(set: Int32) {
    // More tokens than the address space has room for; a null operand would be the end.
    var task = CKAttention()
    task.length = 1 << 44
    task.heads = 1
    task.dimension = 1
    task.window = 1
    let kernels = ck_kernels(set).pointee
    #expect(kernels.attention(&task, nil) > 1 << 44)
    #expect(kernels.attentionBackward(&task, nil) > 1 << 44)
  }
}
