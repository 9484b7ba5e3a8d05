import Safetensors
import Testing

/// Against files that Hugging Face's own library wrote.
@Suite struct ReferenceTests {
  @Test func readsEveryTensor() throws {
    let file = try SafetensorsFile("\(vectors)/floats.safetensors")
    #expect(file.header.metadata == ["note": "a \"quoted\" word\tand a tab"])
    let strange = "käse \"Ω\"\\\n"
    #expect(
      file.header.tensors.map(\.name) == [strange, "none", "single", "wide", "brain", "half"])
    #expect(file.entry("wide")?.shape == [3, 5, 7])
    #expect(file.entry("wide")?.type == .float32)
    #expect(file.entry("half")?.type == .float16)
    #expect(file.entry("brain")?.type == .bfloat16)
    #expect(try file.floats("single") == [2.5])
    #expect(try file.floats("none") == [])
    let signs = try file.floats(strange)
    #expect(
      signs.map(\.bitPattern) == [1, -0.0, Float.infinity, -.infinity].map(\.bitPattern))
    let wide = try file.floats("wide")
    #expect(try file.floats("wide", elements: 31..<40) == Array(wide[31..<40]))
    #expect(Set(wide).count == 105)
  }

  @Test func writesTheSameBytes() throws {
    let file = try SafetensorsFile("\(vectors)/floats.safetensors")
    let tensors = try file.header.tensors.reversed().map { entry in
      TensorSource(entry.name, entry.type, shape: entry.shape, try file.floats(entry.name))
    }
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      try SafetensorsWriter.write(tensors, metadata: file.header.metadata, to: path)
      #expect(try fileBytes(path) == fileBytes(file.path))
    }
  }

  @Test func roundsAsPyTorchDoes() throws {
    let file = try SafetensorsFile("\(vectors)/rounding.safetensors")
    let input = try file.floats("input")
    #expect(input.count == 6290)
    for (name, type) in [("float16", ElementType.float16), ("bfloat16", .bfloat16)] {
      let rounded = type.bytes(of: input)
      let back = rounded.withUnsafeBytes { type.float32Values($0) }
      let expected = try file.floats(name)
      #expect(back?.map(\.bitPattern) == expected.map(\.bitPattern), "\(name)")
    }
  }

  @Test func everyShortNumberSurvives() {
    for type in [ElementType.float16, .bfloat16] {
      let bytes = (0..<65536).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      let values = bytes.withUnsafeBytes { type.float32Values($0) } ?? []
      let back = type.bytes(of: values)
      for code in 0..<65536 where !values[code].isNaN {
        let same = back[2 * code] == bytes[2 * code] && back[2 * code + 1] == bytes[2 * code + 1]
        #expect(same, "\(type) \(code)")
      }
      // A NaN may change its payload, but stays one.
      let again = back.withUnsafeBytes { type.float32Values($0) } ?? []
      #expect(zip(values, again).allSatisfy { $0.isNaN == $1.isNaN })
    }
  }

  @Test func roundsDoublesAndRefusesIntegers() throws {
    let file = try SafetensorsFile("\(vectors)/others.safetensors")
    #expect(try file.floats("double") == [0.1, 1, 1 + 0x1p-22, -0.0])
    for name in ["long", "byte", "truth"] {
      #expect(throws: SafetensorsError.self) { try file.floats(name) }
    }
    #expect(throws: SafetensorsError.self) { try file.floats("absent") }
  }

  @Test func readsShards() throws {
    let folder = try TensorFolder("\(vectors)/sharded")
    #expect(folder.tensors.map(\.name) == ["a", "b", "c"])
    #expect(folder.files.count == 2)
    #expect(folder.entry("c")?.shape == [8])
    #expect(try folder.file(of: "b").floats("b").count == 100)
    #expect(throws: SafetensorsError.self) { try folder.file(of: "d") }
  }

  @Test func writesTheSameShards() throws {
    let source = try TensorFolder("\(vectors)/sharded")
    let tensors = try source.tensors.map {
      TensorSource($0.name, $0.type, shape: $0.shape, try source.file(of: $0.name).floats($0.name))
    }
    try withTemporaryFolder { folder in
      try TensorFolder.write(
        tensors, metadata: ["format": "pt"], shardByteLimit: 500, to: folder)
      for file in source.files {
        let name = file.path.dropFirst(source.path.count + 1)
        #expect(try fileBytes("\(folder)/\(name)") == fileBytes(file.path))
      }
      #expect(try TensorFolder(folder).tensors == source.tensors)
      try TensorFolder.write(tensors, metadata: [:], to: "\(folder)")
      #expect(try TensorFolder(folder).files.map(\.path) == ["\(folder)/model.safetensors"])
    }
  }
}
