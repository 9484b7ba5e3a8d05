import Models
import Proofs

/// Canonical bytes of a shape: `docs/protocol.md`, section 3.
extension ModelShape: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    switch architecture {
    case .gpt3: writer.append(UInt8(0))
    case .gemma3: writer.append(UInt8(1))
    }
    for size in [
      layerCount, dModel, headCount, kvHeadCount, headDimension, feedForwardWidth, contextLength,
      vocabularySize, window ?? 0,
    ] {
      writer.append(UInt32(size))
    }
    for reach in reaches { writer.append(reach == .local) }
    if case .gemma3(let settings) = architecture {
      for number in [
        settings.queryScale, settings.localRope.base, settings.localRope.scaling,
        settings.globalRope.base, settings.globalRope.scaling, settings.normEpsilon,
      ] {
        writer.append(number)
      }
      writer.append(UInt32(settings.paddingToken.map { $0 + 1 } ?? 0))
    }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let family = try reader.readUInt8()
    var sizes: [Int] = []
    for _ in 0..<9 { sizes.append(Int(try reader.readUInt32())) }
    func fail(_ actual: String) -> CanonicalError {
      .invalidValue(offset: start, expected: "a model shape", actual: actual)
    }
    // Before so many are read.
    guard sizes[0] <= 1024 else { throw fail("\(sizes[0]) layers") }
    var reaches: [AttentionReach] = []
    for _ in 0..<sizes[0] { reaches.append(try reader.readBool() ? .local : .global) }
    let pattern = AttentionPattern.layers(reaches, window: sizes[8] == 0 ? nil : sizes[8])
    let shape: ModelShape
    do {
      switch family {
      case 0:
        shape = try .gpt3(
          layerCount: sizes[0], dModel: sizes[1], headCount: sizes[2], contextLength: sizes[6],
          vocabularySize: sizes[7], feedForwardWidth: sizes[5], attention: pattern)
      case 1:
        var numbers: [Double] = []
        for _ in 0..<6 { numbers.append(try reader.readDouble()) }
        let padding = Int(try reader.readUInt32())
        shape = try .gemma3(
          layerCount: sizes[0], dModel: sizes[1], headCount: sizes[2], kvHeadCount: sizes[3],
          headDimension: sizes[4], feedForwardWidth: sizes[5], contextLength: sizes[6],
          vocabularySize: sizes[7], attention: pattern,
          settings: Gemma3Settings(
            queryScale: numbers[0],
            localRope: .init(base: numbers[1], scaling: numbers[2]),
            globalRope: .init(base: numbers[3], scaling: numbers[4]), normEpsilon: numbers[5],
            paddingToken: padding == 0 ? nil : padding - 1))
      default: throw fail("family \(family)")
      }
    } catch let error as CanonicalError {
      throw error
    } catch {
      throw fail("\(error)")
    }
    // One shape has one encoding: derived sizes agree, and there is no window without a local layer.
    guard shape.kvHeadCount == sizes[3], shape.headDimension == sizes[4],
      shape.window ?? 0 == sizes[8]
    else { throw fail("sizes that do not fit each other") }
    self = shape
  }
}
