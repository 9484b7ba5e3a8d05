import Kernels
import Testing

@Suite struct BufferTests {
  @Test(arguments: [0, 1, 15, 16, 17, 1000, (4 << 20) / 4 - 1, (4 << 20) / 4, 3_000_001])
  func zeroedAndAligned(count: Int) {
    let buffer = FloatBuffer(count: count)
    #expect(buffer.count == count)
    #expect(buffer.array.allSatisfy { $0.bitPattern == 0 })
    buffer.withUnsafeBytes { bytes in
      #expect(bytes.count == 4 * count)
      #expect(Int(bitPattern: bytes.baseAddress) % 64 == 0)
    }
  }

  @Test func copiesAndFills() {
    let a = FloatBuffer([1, 2, 3])
    let b = FloatBuffer(count: 3)
    b.copy(from: a)
    a.fill(7)
    a[1] = 8
    #expect(a.array == [7, 8, 7] && b.array == [1, 2, 3])
  }

  @Test func bytesAreLittleEndian() {
    let buffer = FloatBuffer([1, -2.5, 0, .infinity])
    #expect(buffer.littleEndianBytes(0..<2) == [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0])
    #expect(buffer.littleEndianBytes(3..<4) == [0, 0, 0x80, 0x7f])
    #expect(buffer.littleEndianBytes(2..<2).isEmpty)
    let copy = FloatBuffer(count: 5)
    copy.setLittleEndianBytes(buffer.littleEndianBytes(0..<4), at: 1)
    #expect(copy.array == [0, 1, -2.5, 0, .infinity])
    copy.withUnsafeMutableBytes { $0.storeBytes(of: Float(3), as: Float.self) }
    #expect(copy[0] == 3)
  }

  @Test func windowsShareTheirBuffer() {
    let buffer = FloatBuffer((0..<20).map(Float.init))
    let matrix = Matrix(buffer, offset: 2, rows: 3, columns: 4, rowStride: 6)
    #expect(matrix.array == [2, 3, 4, 5, 8, 9, 10, 11, 14, 15, 16, 17])
    #expect(matrix.rows(1..<3).columns(1..<3).array == [9, 10, 15, 16])
    #expect(matrix.rows(3..<3).array.isEmpty && matrix.columns(4..<4).rows == 3)
    matrix.rows(2..<3)[0, 3] = 100
    #expect(buffer[17] == 100)
    let vector = Vector(buffer, offset: 5, count: 4).elements(1..<3)
    #expect(vector.array == [6, 7])
    vector[1] = -1
    #expect(buffer[7] == -1)
  }

  @Test func windowsKeepTheirBufferAlive() {
    weak var weakBuffer: FloatBuffer?
    var window: Matrix?
    do {
      let buffer = FloatBuffer([1, 2, 3, 4])
      weakBuffer = buffer
      window = Matrix(buffer, rows: 2, columns: 2)
    }
    #expect(window?.array == [1, 2, 3, 4] && weakBuffer != nil)
    window = nil
    #expect(weakBuffer == nil)
  }

  @Test func badUseTraps() async {
    await #expect(processExitsWith: .failure) { _ = FloatBuffer(count: 3)[3] }
    await #expect(processExitsWith: .failure) { FloatBuffer(count: 3)[-1] = 0 }
    await #expect(processExitsWith: .failure) {
      _ = Matrix(FloatBuffer(count: 11), rows: 3, columns: 4)
    }
    await #expect(processExitsWith: .failure) {
      let m = Matrix(FloatBuffer(count: 12), rows: 3, columns: 4)
      Arithmetic(workers: Workers(threads: 1)).product(m, m.transposed, into: m)
    }
    await #expect(processExitsWith: .failure) {
      let m = Matrix(FloatBuffer(count: 16), rows: 4, columns: 4)
      Arithmetic(workers: Workers(threads: 1)).product(m, m, into: m)
    }
  }

  @Test func instructionSetsAreOrdered() {
    #expect(InstructionSet.portable < .avx2 && InstructionSet.avx2 < .avx512)
    #expect(InstructionSet.portable.isSupported && InstructionSet.best.isSupported)
    #expect(InstructionSet.allCases.allSatisfy { !$0.isSupported || $0 <= .best })
    #expect(InstructionSet(rawValue: "avx512") == .avx512)
    #expect(arithmeticVersion == 2)
  }

  @Test func aKernelWithoutMemoryGetsABufferOfItsOwn() {
    var counts: [Int] = []
    Machine.all[0].arithmetic.withSpareMemory { spare in
      guard let spare else { return 100 }
      for i in 0..<100 { spare[i] = 1 }
      counts.append(100)
      return 0
    }
    #expect(counts == [100])
    Machine.all[0].arithmetic.withSpareMemory { spare in
      #expect(spare == nil)
      return 0
    }
  }
}
