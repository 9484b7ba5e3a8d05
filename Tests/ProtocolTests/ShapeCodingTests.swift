import Models
import Proofs
import Protocol
import Testing

@Suite("Canonical bytes of shapes")
struct ShapeCodingTests {
  static func encode(_ shape: ModelShape) -> [UInt8] {
    var writer = CanonicalWriter()
    writer.append(shape)
    return writer.bytes
  }

  static func decode(_ bytes: [UInt8]) throws -> ModelShape {
    var reader = CanonicalReader(bytes)
    return try reader.read()
  }

  static func tiny(_ family: String, window: Int? = 3) throws -> ModelShape {
    let pattern = ModelShape.AttentionPattern.layers(
      window == nil ? [.global, .global] : [.local, .global], window: window)
    if family == "gpt3" {
      return try .gpt3(
        layerCount: 2, dModel: 6, headCount: 3, contextLength: 7, vocabularySize: 9,
        feedForwardWidth: 5, attention: pattern)
    }
    return try .gemma3(
      layerCount: 2, dModel: 6, headCount: 4, kvHeadCount: 2, headDimension: 8,
      feedForwardWidth: 5, contextLength: 7, vocabularySize: 9, attention: pattern,
      settings: Gemma3Settings(
        queryScale: 11, localRope: .init(base: 100, scaling: 2),
        globalRope: .init(base: 1000, scaling: 4), normEpsilon: 1e-5, paddingToken: 2))
  }

  @Test("every preset and both families come back", arguments: ["gpt3", "gemma3"])
  func roundTrip(family: String) throws {
    let presets = ModelShape.presets.map(\.shape).filter { $0.family == family }
    for shape in try presets + [Self.tiny(family), Self.tiny(family, window: nil)] {
      #expect(try Self.decode(Self.encode(shape)) == shape)
    }
    #expect(Set(presets.map(Self.encode)).count == presets.count)
  }

  @Test("the bytes are those of docs/protocol.md")
  func layout() throws {
    var expected: [UInt8] = [1]
    for size in [2, 6, 4, 2, 8, 5, 7, 9, 3] as [UInt32] {
      expected += withUnsafeBytes(of: size.littleEndian, Array.init)
    }
    expected += [1, 0]
    for number in [11, 100, 2, 1000, 4, 1e-5] as [Double] {
      expected += withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init)
    }
    expected += [3, 0, 0, 0]
    #expect(try Self.encode(Self.tiny("gemma3")) == expected)
  }

  @Test("a change of any byte is refused or gives another shape", arguments: ["gpt3", "gemma3"])
  func everyByteCounts(family: String) throws {
    for shape in [try Self.tiny(family), try Self.tiny(family, window: nil)] {
      let bytes = Self.encode(shape)
      var refused = 0
      for index in bytes.indices {
        for bit in 0..<8 {
          var changed = bytes
          changed[index] ^= 1 << bit
          var reader = CanonicalReader(changed)
          do {
            let other: ModelShape = try reader.read()
            #expect(other != shape, "byte \(index)")
            // One shape has one encoding.
            #expect(Self.encode(other) == Array(changed.prefix(reader.offset)), "byte \(index)")
          } catch {
            refused += 1
          }
        }
      }
      #expect(refused > 8 * 2)
    }
  }

  @Test("bytes that end early are refused")
  func truncation() throws {
    let bytes = Self.encode(try Self.tiny("gemma3"))
    for count in bytes.indices {
      #expect(throws: CanonicalError.self) { try Self.decode(Array(bytes.prefix(count))) }
    }
  }
}
