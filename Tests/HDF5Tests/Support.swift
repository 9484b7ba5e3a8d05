import Foundation
import HDF5
import Testing

/// Runs `body` with the path of a folder that exists for as long as it runs.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "pogo-hdf5-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// Writes a file through `write`, opens it and hands it to `read`.
func roundTrip(_ write: (Group) throws -> Void, _ read: (Group) throws -> Void) throws {
  try withTemporaryFolder { folder in
    let path = folder + "/file.h5"
    let new = try File.create(path)
    try write(new.root)
    try new.close()
    let old = try File.open(path)
    try read(old.root)
    try old.close()
  }
}

func bytes(of path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(filePath: path)))
}

/// The name of the case, to compare errors without their texts.
func caseName(_ error: HDF5Error?) -> String {
  switch error {
  case .cannotOpen(_, let failure, _): return "cannotOpen \(failure)"
  case .cannotWrite: return "cannotWrite"
  case .libraryFailure: return "libraryFailure"
  case .closed: return "closed"
  case .notFound: return "notFound"
  case .alreadyExists: return "alreadyExists"
  case .wrongType: return "wrongType"
  case .wrongCount: return "wrongCount"
  case .tooLarge: return "tooLarge"
  case .outOfRange: return "outOfRange"
  case .invalidText: return "invalidText"
  case .invalidArgument: return "invalidArgument"
  case nil: return "none"
  }
}

/// What `body` throws, if it is of ours.
func errorThrown(by body: () throws -> Void) -> HDF5Error? {
  do {
    try body()
    return nil
  } catch {
    return error as? HDF5Error
  }
}

/// Expects `body` to throw the case of this name.
func expectError(
  _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) {
  #expect(caseName(errorThrown(by: body)) == name, sourceLocation: sourceLocation)
}

/// A small result file with named dimensions, as xarray reads it.
func writeSampleResults(_ path: String) throws {
  let file = try File.create(path)
  let root = file.root
  try root.attributes.set("Conventions", "CF-1.12")
  try root.attributes.set("title", "sample")
  let variant = try root.createDataset(
    "variant", shape: [3], strings: ["float32", "int4 µ", ""])
  try variant.makeScale("variant")
  let step = try root.createDataset("step", shape: [500], values: (0..<500).map { Int64($0) })
  try step.makeScale("step")
  try step.attributes.set("units", "1")
  let loss = try root.createDataset(
    "loss", shape: [3, 500], values: (0..<1500).map { 1 / Float($0 + 1) })
  try loss.attributes.set("units", "nat")
  try loss.attributes.set("long_name", "training loss")
  try loss.attach(variant, axis: 0)
  try loss.attach(step, axis: 1)
  let times = try root.createDataset("wall", shape: [500], of: Double.self)
  try times.attributes.set("units", "s")
  try times.attach(step, axis: 0)
  let hashes = try root.createGroup("hashes")
  try hashes.createDataset("root", shape: [32], values: (0..<32).map { UInt8($0) })
  try hashes.attributes.set("counts", [Int32(1), 2, 3])
  try hashes.attributes.set("none", [Float]())
  try file.close()
}
