import Foundation
import Glibc
import HDF5
import Testing

@Suite struct FileTests {
  @Test func theFileAppearsWhole() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.h5"
      let file = try File.create(path)
      try file.root.attributes.set("n", Int32(1))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
      try file.flush()
      #expect(try File.open(path).root.attributes.scalar("n", as: Int32.self) == 1)
      try file.root.attributes.set("n", Int32(2))
      #expect(try File.open(path).root.attributes.scalar("n", as: Int32.self) == 1)
      try file.close()
      #expect(try File.open(path).root.attributes.scalar("n", as: Int32.self) == 2)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
    }
  }

  @Test func aFileNeitherFlushedNorClosedDoesNotAppear() throws {
    try withTemporaryFolder { folder in
      _ = try File.create(folder + "/a.h5").root.createGroup("g")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }

  @Test func anExistingFileIsReplacedOrKept() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.h5"
      try Data("old".utf8).write(to: URL(filePath: path))
      expectError("alreadyExists") { _ = try File.create(path, existing: .refuse) }
      #expect(try bytes(of: path) == Array("old".utf8))
      try File.create(path).close()
      #expect(try File.open(path).root.names == [])

      let late = try File.create(folder + "/b.h5", existing: .refuse)
      try Data("rival".utf8).write(to: URL(filePath: folder + "/b.h5"))
      expectError("alreadyExists") { try late.close() }
      #expect(try bytes(of: folder + "/b.h5") == Array("rival".utf8))

      let twice = try File.create(folder + "/c.h5", existing: .refuse)
      try twice.flush()
      try twice.close()
      #expect(try File.open(folder + "/c.h5").root.names == [])
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(names == ["a.h5", "b.h5", "c.h5"])
    }
  }

  @Test func objectsOfAClosedFileAreRefused() throws {
    try withTemporaryFolder { folder in
      let file = try File.create(folder + "/a.h5")
      let root = file.root
      let data = try root.createDataset("x", shape: [1], values: [Float(1)])
      let attributes = data.attributes
      try file.close()
      try file.close()
      #expect(!file.isOpen)
      expectError("closed") { try file.flush() }
      expectError("closed") { _ = try root.names }
      expectError("closed") { try root.createGroup("g") }
      expectError("closed") { _ = try data.read(Float.self) }
      expectError("closed") { try data.write([Float(1)]) }
      expectError("closed") { _ = try attributes.names }
      expectError("closed") { try attributes.set("a", "b") }
      // A new file must not be reached through the old one's ids.
      let next = try File.create(folder + "/b.h5")
      expectError("closed") { _ = try root.contains("x") }
      try next.close()
    }
  }

  @Test func placesThatTakeNoFileAreRefused() throws {
    try withTemporaryFolder { folder in
      expectError("cannotWrite") { _ = try File.create(folder + "/none/a.h5") }
      expectError("cannotWrite") { _ = try File.create(folder) }
      expectError("cannotWrite") { _ = try File.create("/dev/full") }
      expectError("invalidArgument") { _ = try File.create("") }
      let file = try File.create(folder + "/sub.h5")
      try FileManager.default.createDirectory(
        atPath: folder + "/sub.h5", withIntermediateDirectories: false)
      expectError("cannotWrite") { try file.close() }
    }
  }

  @Test func aDeviceWithoutSpaceIsAnError() throws {
    let descriptor = Glibc.open("/dev/full", O_WRONLY)
    try #require(descriptor >= 0)
    defer { _ = Glibc.close(descriptor) }
    let place = HDF5Error.Place(operation: "close file", object: "/", file: "/dev/full")
    let error = errorThrown {
      try [UInt8]([1, 2, 3]).withUnsafeBytes {
        try FileImage.write($0, toDescriptor: descriptor, place)
      }
    }
    #expect(error == .cannotWrite(place, details: "No space left on device"))
  }

  /// Large files take another way to the disk, in blocks of 4 MiB.
  @Test(arguments: [4 << 20, (4 << 20) + 1, (8 << 20) - 4096, (8 << 20) + 4095, 13_000_003])
  func largeFilesHoldWhatWasWritten(count: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.h5"
      // No two blocks and no two pages are alike.
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 16) }
      for round in 0..<2 {
        let file = try File.create(path)
        let values = round == 0 ? bytes : bytes.reversed()
        try file.root.createDataset("x", shape: [count], values: values, storage: .contiguous)
        try file.close()
        #expect(try File.open(path).root.dataset("x").read(UInt8.self) == values)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
    }
  }

  /// On a file system of 64 KiB, which only the superuser can make, and in some containers nobody.
  @Test(.enabled(if: withSmallDisk { _ in } != nil, "needs the right to mount"))
  func aFullDiskIsAnErrorAndLeavesTheOldFile() throws {
    try #require(
      withSmallDisk { disk in
        let path = disk + "/a.h5"
        for (count, fits) in [(1000, true), (16_000, false), (100_000, false), (1001, true)] {
          let file = try File.create(path)
          let values = [Float](repeating: Float(count), count: count)
          try file.root.createDataset("x", shape: [count], values: values, storage: .contiguous)
          if fits {
            try file.close()
          } else {
            expectError("cannotWrite") { try file.flush() }
            expectError("cannotWrite") { try file.close() }
          }
          #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == ["a.h5"])
          let kept = try File.open(path).root.dataset("x").read(Float.self)
          let keptCount = fits ? count : 1000
          #expect(kept == [Float](repeating: Float(keptCount), count: keptCount))
        }
      })
  }
}

/// Runs `body` with the path of an empty file system of 64 KiB; nil if there is no right to make
/// one.
private func withSmallDisk(_ body: (String) throws -> Void) rethrows -> Void? {
  let disk = FileManager.default.temporaryDirectory
    .appending(path: "pogo-disk-\(UUID().uuidString)").path
  guard mkdir(disk, 0o700) == 0 else { return nil }
  defer { rmdir(disk) }
  guard mount("tmpfs", disk, "tmpfs", 0, "size=64k") == 0 else { return nil }
  defer { umount(disk) }
  return try body(disk)
}
