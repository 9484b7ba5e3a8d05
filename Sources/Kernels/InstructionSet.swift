package import CKernels

/// The instruction sets that the kernels are written for, in rising order of speed.
///
/// All of them give the same bits (docs/arithmetic.md); the choice is one of speed alone.
public enum InstructionSet: String, Sendable, CaseIterable, Comparable {
  /// Plain C without fma instructions.
  case portable
  /// AVX2 and FMA.
  case avx2
  /// AVX-512 F, BW, VL and DQ.
  case avx512

  /// The fastest one that this processor supports.
  public static var best: InstructionSet { allCases.last { $0.isSupported } ?? .portable }

  /// Whether this processor and its operating system can run it.
  public var isSupported: Bool { ck_isSupported(level) != 0 }

  public static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.level < b.level }

  /// The kernels; they may be called only if the set is supported.
  package var kernels: UnsafePointer<CKKernels> { ck_kernels(level) }

  private var level: Int32 {
    switch self {
    case .portable: Int32(CK_PORTABLE)
    case .avx2: Int32(CK_AVX2)
    case .avx512: Int32(CK_AVX512)
    }
  }
}

/// The version of the written contract (docs/arithmetic.md) that this module computes.
public let arithmeticVersion = Int(CK_ARITHMETIC_VERSION)
