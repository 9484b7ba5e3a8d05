/// How codes of a few bits become bytes.
public enum CodePacking: Sendable {
  /// Without gaps, least significant bit first: bit j of code i is bit (i * bits + j) mod 8 of byte
  /// (i * bits + j) div 8. Bits behind the last code are 0.
  case bits(Int)
  /// Five codes 0, 1, 2 in a byte: the sum of code i times 3^i. Codes behind the last are 0.
  case ternary

  /// Bytes of `count` codes, which may be any number.
  func byteCount(_ count: Int) -> Int {
    switch self {
    case .bits(let bits): count / 8 * bits + (count % 8 * bits + 7) / 8
    case .ternary: count / 5 + (count % 5 == 0 ? 0 : 1)
    }
  }

  func pack(_ codes: UnsafeBufferPointer<UInt8>, into bytes: UnsafeMutableRawBufferPointer) {
    switch self {
    case .bits(8): bytes.copyMemory(from: UnsafeRawBufferPointer(codes))
    case .bits(let bits):
      var word: UInt64 = 0
      var filled = 0
      var offset = 0
      for code in codes {
        word |= UInt64(code) << UInt64(filled)
        filled += bits
        while filled >= 8 {
          bytes[offset] = UInt8(truncatingIfNeeded: word)
          (word, filled, offset) = (word >> 8, filled - 8, offset + 1)
        }
      }
      if filled > 0 { bytes[offset] = UInt8(truncatingIfNeeded: word) }
    case .ternary:
      for offset in bytes.indices {
        var byte: UInt8 = 0
        for code in codes[(5 * offset)..<min(5 * offset + 5, codes.count)].reversed() {
          byte = 3 * byte + code
        }
        bytes[offset] = byte
      }
    }
  }

  /// The codes; nil if padding is not 0 or a byte is no sum of five codes.
  func unpack(_ bytes: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
    if case .bits(8) = self { return Array(bytes.prefix(count)) }
    var codes = [UInt8](repeating: 0, count: count)
    switch self {
    case .bits(let bits):
      var word: UInt64 = 0
      var filled = 0
      var offset = 0
      let mask = UInt64(1) << UInt64(bits) - 1
      for index in 0..<count {
        while filled < bits {
          word |= UInt64(bytes[offset]) << UInt64(filled)
          (filled, offset) = (filled + 8, offset + 1)
        }
        codes[index] = UInt8(word & mask)
        (word, filled) = (word >> UInt64(bits), filled - bits)
      }
      return word == 0 ? codes : nil
    case .ternary:
      for offset in bytes.indices {
        var rest = bytes[offset]
        for index in (5 * offset)..<min(5 * offset + 5, count) {
          codes[index] = rest % 3
          rest /= 3
        }
        if rest != 0 { return nil }
      }
      return codes
    }
  }
}
