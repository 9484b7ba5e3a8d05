import HDF5
import Testing

@Suite struct RoundTripTests {
  private func check<T: HDF5Scalar & Equatable>(_ values: [T]) throws {
    let large = (0..<5000).map { values[$0 % values.count] }
    try roundTrip { root in
      try root.createDataset("small", shape: [values.count], values: values)
      try root.createDataset("large", shape: [50, 100], values: large)
      try root.createDataset("plain", shape: [5000], values: large, storage: .contiguous)
      try root.createDataset("scalar", shape: [], values: [values[0]])
      try root.createDataset("empty", shape: [3, 0], values: [T]())
      try root.attributes.set("array", values)
      try root.attributes.set("one", values[1])
    } _: { (root) throws in
      #expect(try root.dataset("small").read() == values)
      #expect(try root.dataset("large").read(T.self) == large)
      #expect(try root.dataset("large").shape == [50, 100])
      #expect(try root.dataset("large").elementType == T.elementType)
      #expect(try root.dataset("plain").read(T.self) == large)
      #expect(try root.dataset("scalar").shape == [])
      #expect(try root.dataset("scalar").read(T.self) == [values[0]])
      #expect(try root.dataset("empty").shape == [3, 0])
      #expect(try root.dataset("empty").read(T.self) == [])
      #expect(try root.attributes.array("array", as: T.self) == values)
      #expect(try root.attributes.shape(of: "array") == [values.count])
      #expect(try root.attributes.scalar("one", as: T.self) == values[1])
      #expect(try root.attributes.shape(of: "one") == [])
      #expect(try root.attributes.elementType(of: "one") == T.elementType)
    }
  }

  @Test func everyNumberTypeComesBack() throws {
    try check([Int8.min, -1, 0, 1, Int8.max])
    try check([Int16.min, -1, 0, 1, Int16.max])
    try check([Int32.min, -1, 0, 1, Int32.max])
    try check([Int64.min, -1, 0, 1, Int64.max])
    try check([UInt8.min, 1, UInt8.max])
    try check([UInt16.min, 1, 0x1234, UInt16.max])
    try check([UInt32.min, 1, 0x1234_5678, UInt32.max])
    try check([UInt64.min, 1, 0x1234_5678_9abc_def0, UInt64.max])
    try check([Float.greatestFiniteMagnitude, -0.1, .leastNonzeroMagnitude, .infinity, -.infinity])
    try check([Double.greatestFiniteMagnitude, -0.1, .leastNonzeroMagnitude, .infinity])
  }

  @Test func floatBitsComeBack() throws {
    let bits: [UInt32] = [0x8000_0000, 0x7fc0_0000, 0xffc1_2345, 0x7f80_0001, 0x0000_0001]
    try roundTrip { root in
      try root.createDataset("bits", shape: [5], values: bits.map { Float(bitPattern: $0) })
    } _: { (root) throws in
      #expect(try root.dataset("bits").read(Float.self).map(\.bitPattern) == bits)
    }
  }

  @Test func numbersAreStoredLittleEndian() throws {
    try withTemporaryFolder { folder in
      let file = try File.create(folder + "/a.h5")
      try file.root.createDataset("x", shape: [2], values: [UInt32(0x0102_0304), 0x0506_0708])
      try file.close()
      let pattern: [UInt8] = [4, 3, 2, 1, 8, 7, 6, 5]
      let image = try bytes(of: folder + "/a.h5")
      let isFound = (0...(image.count - 8)).contains { Array(image[$0..<($0 + 8)]) == pattern }
      #expect(isFound)
    }
  }

  @Test func valuesNeverWrittenAreNotANumber() throws {
    try roundTrip { root in
      try root.createDataset("f", shape: [2000], of: Float.self)
      try root.createDataset("d", shape: [3], of: Double.self)
      try root.createDataset("i", shape: [3], of: Int32.self)
      try root.createStringDataset("s", shape: [2])
    } _: { (root) throws in
      #expect(try root.dataset("f").read(Float.self).allSatisfy(\.isNaN))
      #expect(try root.dataset("d").read(Double.self).allSatisfy(\.isNaN))
      #expect(try root.dataset("i").read(Int32.self) == [0, 0, 0])
      #expect(try root.dataset("s").readStrings() == ["", ""])
    }
  }

  @Test func textsComeBack() throws {
    let texts = [
      "", "a", "größe µ → ∞", "日本語", "👩‍🚀🏳️‍🌈", "e\u{301}", "line\nline\t\"'\\",
      String(repeating: "x", count: 70_000),
    ]
    try roundTrip { root in
      try root.createDataset("texts", shape: [2, 4], strings: texts)
      try root.createDataset("scalar", shape: [], strings: ["ü"])
      try root.createDataset("none", shape: [0], strings: [])
      for (index, text) in texts.enumerated() { try root.attributes.set("t\(index)", text) }
    } _: { (root) throws in
      let read = try root.dataset("texts").readStrings()
      #expect(read == texts)
      // == on String compares up to canonical equivalence; the bytes must be the same too.
      #expect(read.map { Array($0.utf8) } == texts.map { Array($0.utf8) })
      #expect(try root.dataset("texts").elementType == .string)
      #expect(try root.dataset("scalar").readStrings() == ["ü"])
      #expect(try root.dataset("none").readStrings() == [])
      for (index, text) in texts.enumerated() {
        #expect(try root.attributes.string("t\(index)") == text)
      }
    }
  }

  @Test func namesMayBeUnicode() throws {
    try roundTrip { root in
      try root.createGroup("größe")
      try root.attributes.set("µ", Int32(1))
    } _: { (root) throws in
      #expect(try root.names == ["größe"])
      #expect(try root.attributes.names == ["µ"])
    }
  }

  @Test func childrenAndAttributesKeepTheirOrder() throws {
    // More than the eight that are stored compactly, in an order that is not that of the letters.
    let names = (0..<40).map { "n\(($0 * 17) % 40)" }
    try roundTrip { root in
      let group = try root.createGroup("group")
      let data = try root.createDataset("data", shape: [1], values: [Int8(1)])
      for name in names {
        try group.createDataset(name, shape: [1], values: [Int8(1)])
        try root.createGroup(name)
        try group.attributes.set(name, "v")
        try data.attributes.set(name, Int32(2))
        try root.attributes.set(name, 0.5)
      }
    } _: { (root) throws in
      #expect(try root.names == ["group", "data"] + names)
      #expect(try root.group("group").names == names)
      #expect(try root.attributes.names == names)
      #expect(try root.group("group").attributes.names == names)
      #expect(try root.dataset("data").attributes.names == names)
    }
  }

  @Test func pathsLeadToObjects() throws {
    try roundTrip { root in
      let inner = try root.createGroup("a").createGroup("b")
      try inner.createDataset("c", shape: [1], values: [Int8(7)])
    } _: { (root) throws in
      #expect(try root.dataset("a/b/c").read(Int8.self) == [7])
      #expect(try root.group("a/b").path == "/a/b")
      #expect(try root.kind(of: "a") == .group)
      #expect(try root.kind(of: "a/b/c") == .dataset)
      #expect(try root.contains("a/b/c"))
      for absent in ["x", "a/x", "a/b/c/d", "", "/", "a//b", "./a", "a/", "a\0b"] {
        #expect(try !root.contains(absent))
      }
    }
  }

  @Test func rowsAreReadAndWritten() throws {
    let values = (0..<6000).map { Int32($0) }
    try roundTrip { root in
      let data = try root.createDataset("x", shape: [600, 10], of: Int32.self)
      try data.write(Array(values[..<1000]), rows: 0..<100)
      try data.write(Array(values[1000...]), rows: 100..<600)
      try data.write([Int32](), rows: 5..<5)
      try root.createDataset("bytes", shape: [300], values: (0..<300).map { UInt8($0 % 256) })
    } _: { (root) throws in
      let data = try root.dataset("x")
      #expect(try data.read(Int32.self) == values)
      #expect(try data.read(Int32.self, rows: 7..<9) == Array(values[70..<90]))
      #expect(try data.read(Int32.self, rows: 600..<600) == [])
      let bytes = try root.dataset("bytes")
      #expect(try bytes.readBytes(254..<258) == [254, 255, 0, 1])
      #expect(try bytes.readBytes(0..<300) == bytes.read())
      expectError("outOfRange") { _ = try bytes.readBytes(299..<301) }
      expectError("outOfRange") { _ = try bytes.readBytes(-1..<1) }
      expectError("wrongType") { _ = try data.readBytes(0..<1) }
    }
  }

  @Test func anAttributeIsReplaced() throws {
    try roundTrip { root in
      try root.attributes.set("a", "text")
      try root.attributes.set("a", [Int32(1), 2])
    } _: { (root) throws in
      #expect(try root.attributes.array("a", as: Int32.self) == [1, 2])
      #expect(try root.attributes.names == ["a"])
    }
  }

  @Test func aRandomLookingLargeArrayComesBack() throws {
    var state: UInt64 = 1
    let values = (0..<1_000_003).map { _ -> UInt32 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32(truncatingIfNeeded: state >> 33)
    }
    try roundTrip { root in
      try root.createDataset("x", shape: [values.count], values: values)
    } _: { (root) throws in
      #expect(try root.dataset("x").read() == values)
      #expect(
        try root.dataset("x").read(UInt32.self, rows: 999_990..<1_000_003) == values.suffix(13))
    }
  }

  @Test(arguments: [[1], [1 << 20], [3, 1 << 20], [7, 1, 100_000], [1, 1, 5_000_001]])
  func chunksFitTheShape(shape: [Int]) {
    let chunk = Storage.chunkShape(shape, elementBytes: 8)
    #expect(chunk.count == shape.count)
    #expect(zip(chunk, shape).allSatisfy { 1 <= $0 && $0 <= $1 })
    #expect(chunk.reduce(8, *) <= 1 << 20)
  }
}
