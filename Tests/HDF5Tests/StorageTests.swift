import Foundation
import HDF5
import Testing

/// What `automatic` storage makes of values.
@Suite struct StorageTests {
  private func isWorthIt<T>(_ values: [T]) -> Bool {
    values.withUnsafeBytes {
      Storage.isWorthDeflating($0, elementBytes: MemoryLayout<T>.stride)
    }
  }

  @Test func onlyWhatGetsSmallerIsDeflated() {
    var generator = SystemRandomNumberGenerator()
    let count = 1 << 16
    let random = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(!isWorthIt(random))
    #expect(!isWorthIt((0..<count).map { _ in Float.random(in: -1...1, using: &generator) }))
    #expect(isWorthIt([UInt8](repeating: 7, count: count)))
    #expect(isWorthIt((0..<Int64(count)).map { $0 * 1000 }))
    let text = Array(
      String(repeating: "In the beginning God created the heaven. ", count: 2000).utf8)
    #expect(isWorthIt(text))
    #expect(isWorthIt([Double](repeating: .nan, count: count)))
  }

  @Test func bothReadBackAndKnowDamage() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "pogo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var generator = SystemRandomNumberGenerator()
    let random = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let even = [UInt8](repeating: 9, count: 100_000)
    let path = folder.appendingPathComponent("a.h5")
    let file = try File.create(path.path)
    try file.root.createDataset("random", shape: [random.count], values: random)
    try file.root.createDataset("even", shape: [even.count], values: even)
    try file.close()
    let bytes = try Data(contentsOf: path)
    // The even values take next to no room, the random ones what they are.
    #expect(bytes.count > 100_000 && bytes.count < 115_000)
    let stored = try File.open(path.path)
    #expect(try stored.root.dataset("random").read() == random)
    #expect(try stored.root.dataset("even").read() == even)
    try stored.close()
    let place = try #require(bytes.range(of: Data(random[50_000..<50_032]))?.lowerBound)
    var damaged = bytes
    damaged[place] ^= 1
    try damaged.write(to: path)
    let again = try File.open(path.path)
    #expect(throws: HDF5Error.self) {
      let _: [UInt8] = try again.root.dataset("random").read()
    }
    try again.close()
  }
}
