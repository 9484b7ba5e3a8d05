import HDF5
import Testing

@Suite struct ScaleTests {
  @Test func scalesAreAttached() throws {
    try withTemporaryFolder { folder in
      try writeSampleResults(folder + "/a.h5")
      let root = try File.open(folder + "/a.h5").root
      let (variant, step) = (try root.dataset("variant"), try root.dataset("step"))
      let loss = try root.dataset("loss")
      #expect(try variant.isScale && step.isScale)
      #expect(try !loss.isScale)
      #expect(try loss.isAttached(variant, axis: 0) && loss.isAttached(step, axis: 1))
      #expect(try !loss.isAttached(variant, axis: 1))
      // Written by the library as fixed-length text.
      #expect(try step.attributes.string("CLASS") == "DIMENSION_SCALE")
      #expect(try step.attributes.string("NAME") == "step")
      #expect(try loss.attributes.names == ["units", "long_name", "DIMENSION_LIST"])
    }
  }

  @Test func wrongScalesAreRefused() throws {
    try withTemporaryFolder { folder in
      let file = try File.create(folder + "/a.h5")
      let other = try File.create(folder + "/b.h5")
      let data = try file.root.createDataset("x", shape: [2, 3], of: Float.self)
      let two = try file.root.createDataset("two", shape: [2], of: Float.self)
      let foreign = try other.root.createDataset("two", shape: [2], of: Float.self)
      try foreign.makeScale("two")
      expectError("wrongType") { try data.makeScale("x") }
      expectError("wrongType") { try data.attach(two, axis: 0) }
      try two.makeScale("two")
      expectError("wrongCount") { try data.attach(two, axis: 1) }
      expectError("outOfRange") { try data.attach(two, axis: 2) }
      expectError("outOfRange") { try data.attach(two, axis: -1) }
      expectError("invalidArgument") { try data.attach(foreign, axis: 0) }
      #expect(try !data.isAttached(two, axis: 0))
      try data.attach(two, axis: 0)
      #expect(try data.isAttached(two, axis: 0))
    }
  }

  @Test func equalCallsGiveEqualBytes() throws {
    try withTemporaryFolder { folder in
      try writeSampleResults(folder + "/a.h5")
      try writeSampleResults(folder + "/b.h5")
      #expect(try bytes(of: folder + "/a.h5") == bytes(of: folder + "/b.h5"))
    }
  }

  @Test func filesOnManyThreads() async throws {
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<8 {
        group.addTask {
          try withTemporaryFolder { folder in
            try writeSampleResults(folder + "/a.h5")
            #expect(throws: HDF5Error.self) { try File.open(folder + "/b.h5") }
            let loss = try File.open(folder + "/a.h5").root.dataset("loss")
            #expect(try loss.read(Float.self).count == 1500)
            return try bytes(of: folder + "/a.h5")
          }
        }
      }
      let first = try #require(try await group.next())
      for try await image in group { #expect(image == first) }
    }
  }
}
