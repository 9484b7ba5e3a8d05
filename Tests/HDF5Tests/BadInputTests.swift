import CHDF5
import Foundation
import HDF5
import Testing

@Suite struct BadInputTests {
  @Test func whatIsNoFileIsRefused() throws {
    try withTemporaryFolder { folder in
      expectError("cannotOpen unreadable") { _ = try File.open(folder + "/absent.h5") }
      expectError("cannotOpen notARegularFile") { _ = try File.open(folder) }
      expectError("cannotOpen notARegularFile") { _ = try File.open("/dev/zero") }
      expectError("invalidArgument") { _ = try File.open("") }
      expectError("invalidArgument") { _ = try File.open("a\0b") }
      for text in ["", "not HDF5", String(repeating: "x", count: 10_000)] {
        try Data(text.utf8).write(to: URL(filePath: folder + "/text"))
        expectError("cannotOpen notHDF5") { _ = try File.open(folder + "/text") }
      }
    }
  }

  @Test func everyTruncationIsRefused() throws {
    try withTemporaryFolder { folder in
      try writeSampleResults(folder + "/a.h5")
      let image = try bytes(of: folder + "/a.h5")
      for length in [1, 7, 8, 12, 47, 48, 500, image.count / 2, image.count - 1] {
        try Data(image.prefix(length)).write(to: URL(filePath: folder + "/cut.h5"))
        let error = errorThrown { _ = try File.open(folder + "/cut.h5") }
        #expect(caseName(error) == (length < 8 ? "cannotOpen notHDF5" : "cannotOpen damaged"))
        #expect(error?.place.file == folder + "/cut.h5")
      }
    }
  }

  @Test func everyFlippedByteOfTheSuperblockIsRefused() throws {
    try withTemporaryFolder { folder in
      try writeSampleResults(folder + "/a.h5")
      let image = try bytes(of: folder + "/a.h5")
      #expect(image[8] == 2, "superblock of version 2: 48 bytes with a checksum")
      for index in 0..<48 {
        var changed = image
        changed[index] ^= 0x41
        try Data(changed).write(to: URL(filePath: folder + "/flip.h5"))
        let error = errorThrown {
          _ = try File.open(folder + "/flip.h5")
        }
        #expect(caseName(error).hasPrefix("cannotOpen"))
      }
    }
  }

  @Test func aFlippedByteOfCompressedDataIsNoticed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.h5"
      let file = try File.create(path)
      let values = (0..<100_000).map { Float($0) }
      try file.root.createDataset("x", shape: [values.count], values: values)
      try file.close()
      var image = try bytes(of: path)
      // The only large thing in the file is the data, so its middle is data.
      image[image.count / 2] ^= 1
      try Data(image).write(to: URL(filePath: path))
      let data = try File.open(path).root.dataset("x")
      let error = errorThrown { _ = try data.read(Float.self) }
      #expect(caseName(error) == "libraryFailure")
      #expect(error?.description.contains("/x: read dataset: HDF5 refused (H5Dread: ") == true)
    }
  }

  @Test func errorsNameThePlace() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.h5"
      try writeSampleResults(path)
      let root = try File.open(path).root
      let error = errorThrown {
        _ = try root.dataset("loss").attributes.scalar("units", as: Float.self)
      }
      #expect(
        error?.description
          == "\(path): /loss@units: read attribute: expected float32, found string")
      expectError("notFound") { _ = try root.dataset("nothing") }
      expectError("notFound") { _ = try root.dataset("hashes/nothing") }
      expectError("notFound") { _ = try root.kind(of: "nothing") }
      expectError("notFound") { _ = try root.attributes.string("nothing") }
      expectError("wrongType") { _ = try root.dataset("hashes") }
      expectError("wrongType") { _ = try root.group("loss") }
      expectError("wrongType") { _ = try root.dataset("loss").read(Double.self) }
      expectError("wrongType") { _ = try root.dataset("loss").readStrings() }
      expectError("wrongType") { _ = try root.dataset("variant").read(UInt64.self) }
      expectError("wrongType") { _ = try root.dataset("hashes/root").read(Int8.self) }
      expectError("wrongType") { _ = try root.attributes.array("title", as: UInt8.self) }
      expectError("wrongCount") {
        _ = try root.group("hashes").attributes.scalar("counts", as: Int32.self)
      }
      expectError("invalidArgument") { try root.createGroup("new") }
      expectError("invalidArgument") { try root.dataset("loss").write([Float](), rows: 0..<0) }
      expectError("invalidArgument") { try root.attributes.set("new", "x") }
    }
  }

  @Test func wrongCallsLeaveTheFileAsItWas() throws {
    try roundTrip { root in
      let data = try root.createDataset("x", shape: [2], values: [Int8(1), 2])
      expectError("alreadyExists") { try root.createDataset("x", shape: [1], values: [Int8(1)]) }
      expectError("alreadyExists") { try root.createGroup("x") }
      expectError("wrongCount") { try root.createDataset("y", shape: [3], values: [Int8(1)]) }
      expectError("wrongCount") { try root.createDataset("y", shape: [], values: [Int8]()) }
      expectError("wrongCount") { try root.createDataset("y", shape: [2], strings: ["a"]) }
      expectError("invalidArgument") { try root.createDataset("y", shape: [1], strings: ["a\0b"]) }
      expectError("invalidArgument") { try root.createDataset("y", shape: [-1], values: [Int8]()) }
      expectError("invalidArgument") {
        try root.createDataset("y", shape: [1 << 62, 4], of: Double.self)
      }
      expectError("invalidArgument") {
        try root.createDataset("y", shape: [Int](repeating: 1, count: 33), values: [Int8(1)])
      }
      for name in ["", ".", "..", "a/b", "/", "a\0"] {
        expectError("invalidArgument") { try root.createGroup(name) }
      }
      expectError("invalidArgument") { try root.attributes.set("", "x") }
      expectError("invalidArgument") { try root.attributes.set("a", "x\0") }
      expectError("wrongCount") { try data.write([Int8(1)]) }
      expectError("wrongCount") { try data.write([Int8(1)], rows: 0..<2) }
      expectError("wrongType") { try data.write([UInt8(1), 2]) }
      expectError("wrongType") { try data.writeStrings(["a", "b"]) }
    } _: { (root) throws in
      #expect(try root.names == ["x"])
      #expect(try root.attributes.names == [])
      #expect(try root.dataset("x").read(Int8.self) == [1, 2])
    }
  }

  @Test func aClaimAboveTheLimitIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.h5"
      let file = try File.create(path)
      // Never written, so the file is small and only claims to be large.
      try file.root.createDataset("huge", shape: [1 << 40], of: Double.self, storage: .contiguous)
      try file.root.createStringDataset("texts", shape: [1 << 40])
      try file.root.attributes.set("array", [Float](repeating: 1, count: 1000))
      try file.close()
      #expect(try bytes(of: path).count < 100_000)
      let root = try File.open(path).root
      expectError("tooLarge") { _ = try root.dataset("huge").read(Double.self) }
      expectError("tooLarge") {
        _ = try root.dataset("huge").read(Double.self, rows: 1..<(1 << 39))
      }
      expectError("tooLarge") { _ = try root.dataset("texts").readStrings() }
      #expect(try root.dataset("huge").read(Double.self, rows: 5..<7).allSatisfy(\.isNaN))
      let narrow = try File.open(path, byteLimit: 1000).root
      expectError("tooLarge") { _ = try narrow.attributes.array("array", as: Float.self) }
    }
  }

  @Test func typesOfOtherWritersAreNamed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/foreign.h5"
      let file = H5Fcreate(path, get_H5F_ACC_TRUNC(), get_H5P_DEFAULT(), get_H5P_DEFAULT())
      let space = H5Screate(H5S_SCALAR)
      let text = H5Tcopy(get_H5T_C_S1())
      H5Tset_size(text, 6)
      let badText = H5Tcopy(get_H5T_C_S1())
      H5Tset_size(badText, get_H5T_VARIABLE())
      let empty = H5Screate(H5S_NULL)
      func make(_ name: String, _ type: hid_t, _ space: hid_t) -> hid_t {
        H5Dcreate2(
          file, name, type, space, get_H5P_DEFAULT(), get_H5P_DEFAULT(), get_H5P_DEFAULT())
      }
      let ids = [
        make("zebra", text, space), make("big", get_H5T_IEEE_F32BE(), space),
        make("ascii", badText, space), make("null", get_H5T_IEEE_F32LE(), empty),
      ]
      let latin1: [CChar] = [-28, 0]
      latin1.withUnsafeBufferPointer { buffer in
        var pointer = buffer.baseAddress
        H5Dwrite(ids[2], badText, get_H5S_ALL(), get_H5S_ALL(), get_H5P_DEFAULT(), &pointer)
      }
      for id in ids { H5Dclose(id) }
      H5Sclose(space)
      H5Sclose(empty)
      H5Tclose(text)
      H5Tclose(badText)
      #expect(H5Fclose(file) == 0)
      let root = try File.open(path).root
      // No creation order is kept here, so the names come sorted.
      #expect(try root.names == ["ascii", "big", "null", "zebra"])
      #expect(try root.dataset("zebra").elementType == .fixedString(byteCount: 6))
      #expect(try root.dataset("big").elementType == .other("number of 4 bytes"))
      #expect(try root.dataset("null").shape == [0])
      #expect(try root.dataset("null").read(Float.self) == [])
      expectError("invalidText") { _ = try root.dataset("ascii").readStrings() }
      expectError("wrongType") { _ = try root.dataset("big").read(Float.self) }
    }
  }
}
