import Foundation
import Safetensors
import Testing

@Suite struct FileTests {
  @Test func whatIsNoFileIsRefusedWithOneLine() throws {
    try withTemporaryFolder { folder in
      for path in ["\(folder)/absent", folder, "", "a\0b", "/dev/null"] {
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path) }
        #expect(error?.description.contains("\n") == false)
      }
      #expect(throws: SafetensorsError.self) { try TensorFolder(folder) }
      try Data().write(to: URL(filePath: "\(folder)/model.safetensors"))
      let error = #expect(throws: SafetensorsError.self) { try TensorFolder(folder) }
      #expect(error?.problem == .truncated(byteCount: 0))
    }
  }

  @Test func aLargeFileOpensWithoutBeingRead() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/large.safetensors"
      let count = 16 << 30
      let text =
        #"{"a":{"dtype":"F32","shape":[\#(count / 4)],"data_offsets":[0,\#(count)]}}"#
      let start = file(header: text, dataByteCount: 0)
      try Data(start).write(to: URL(filePath: path))
      let handle = try FileHandle(forWritingTo: URL(filePath: path))
      // Sparse: 16 GiB that no disk block holds.
      try handle.truncate(atOffset: UInt64(start.count + count))
      try handle.close()
      let large = try SafetensorsFile(path)
      #expect(large.entry("a")?.count == count / 4)
      #expect(try large.floats("a", elements: count / 4 - 2..<count / 4) == [0, 0])
    }
  }

  @Test func nothingIsLeftOfAFailedWrite() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      let short = TensorSource("a", .float32, shape: [3]) { _ in [1, 2] }
      let twice = TensorSource("a", .float32, shape: [1], [1])
      let wrong = TensorSource("b", .int64, shape: [1], [1])
      for tensors in [[short], [twice, twice], [wrong]] {
        #expect(throws: SafetensorsError.self) { try SafetensorsWriter.write(tensors, to: path) }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
      #expect(throws: SafetensorsError.self) {
        try SafetensorsWriter.write([twice], to: "\(folder)/absent/x.safetensors")
      }
    }
  }

  @Test func tensorsLongerThanAPieceAreWhole() throws {
    try withTemporaryFolder { folder in
      let count = SafetensorsWriter.pieceLength * 2 + 3
      let path = "\(folder)/x.safetensors"
      let tensor = TensorSource("a", .float32, shape: [count]) { $0.map { Float($0) } }
      try SafetensorsWriter.write([tensor], to: path)
      let values = try SafetensorsFile(path).floats("a")
      #expect(values.count == count && zip(values, 0...).allSatisfy { $0 == Float($1) })
    }
  }

  @Test(arguments: [
    (#"{"weight_map":{"a":"../model.safetensors"}}"#, "name in the same folder"),
    (#"{"weight_map":{"a":1}}"#, "name in the same folder"),
    (#"{"weight_map":[]}"#, "weight_map"),
    (#"{"weight_map":{"a":"one.safetensors"}}"#, "no tensor 'a'"),
    (#"{"weight_map":{"b":"one.safetensors","x":"two.safetensors"}}"#, "two.safetensors"),
    (#"{"weight_map":{}}"#, ""),
    ("{", "JSON"),
  ])
  func indexesThatLieAreRefused(_ text: String, _ message: String) throws {
    try withTemporaryFolder { folder in
      try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(TensorFolder.indexName)"))
      try SafetensorsWriter.write([], to: "\(folder)/one.safetensors")
      if message.isEmpty {
        #expect(try TensorFolder(folder).tensors.isEmpty)
      } else {
        let error = #expect(throws: SafetensorsError.self) { try TensorFolder(folder) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
      }
    }
  }
}
