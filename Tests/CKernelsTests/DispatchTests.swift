import CKernels
import Glibc
import Testing

@Suite struct DispatchTests {
  /// The flags that the operating system reports, an oracle that shares nothing with CPUID here.
  private static let flags: Set<String> = {
    guard let file = fopen("/proc/cpuinfo", "r") else { return [] }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1 << 16)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = line.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
      guard text.hasPrefix("flags") else { continue }
      return Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
    return []
  }()

  @Test func portableIsAlwaysSupported() {
    #expect(ck_isSupported(Int32(CK_PORTABLE)) == 1)
  }

  @Test(.enabled(if: !flags.isEmpty)) func detectionAgreesWithTheOperatingSystem() {
    let avx2: Set = ["avx2", "fma"]
    let avx512 = avx2.union(["avx512f", "avx512bw", "avx512vl", "avx512dq"])
    #expect((ck_isSupported(Int32(CK_AVX2)) != 0) == avx2.isSubset(of: Self.flags))
    #expect((ck_isSupported(Int32(CK_AVX512)) != 0) == avx512.isSubset(of: Self.flags))
  }

  @Test(arguments: [-1, 3, 1000] as [Int32])
  func unknownSetsAreNotSupportedAndFallBack(set: Int32) {
    #expect(ck_isSupported(set) == 0)
    #expect(ck_kernels(set) == ck_kernels(Int32(CK_PORTABLE)))
  }

  @Test func eachSetHasItsOwnTable() {
    let tables = [CK_PORTABLE, CK_AVX2, CK_AVX512].map { ck_kernels(Int32($0)) }
    #expect(Set(tables).count == 3)
  }

  @Test func processorsAreListedAscending() {
    var processors = [Int32](repeating: -1, count: 1024)
    let count = Int(ck_allowedProcessors(&processors, 1024))
    #expect(count >= 1)
    let listed = Array(processors.prefix(count))
    #expect(listed == listed.sorted() && Set(listed).count == count)
    #expect(ck_allowedProcessors(&processors, 1) == 1)
    #expect(ck_pinThisThread(-1) == -1)
    #expect(ck_pinThisThread(1 << 20) == -1)
  }

  /// A moved thread may run wherever it could before: only the helpers of a pool stay put.
  @Test func aMovedThreadIsNotBound() {
    var processors = [Int32](repeating: -1, count: 1024)
    let count = Int(ck_allowedProcessors(&processors, 1024))
    #expect(count > 0)
    for processor in processors.prefix(count) {
      #expect(ck_moveThisThread(processor) == 0)
      var after = [Int32](repeating: -1, count: 1024)
      #expect(Int(ck_allowedProcessors(&after, 1024)) == count)
      #expect(after.prefix(count) == processors.prefix(count))
    }
    #expect(ck_moveThisThread(-1) == -1)
    #expect(ck_moveThisThread(1 << 20) == -1)
  }
}
