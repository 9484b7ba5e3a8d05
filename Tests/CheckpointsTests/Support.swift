import Checkpoints
import Foundation
import Kernels
import Models
import Safetensors

/// One folder of `Tests/Vectors/checkpoints`; `make_checkpoint_vectors.py` there describes them.
struct GoldenCheckpoint: Sendable, CustomStringConvertible {
  let name: String

  static let all = [
    "gpt2-plain", "gpt2-sharded", "gpt2-bare", "gemma3-new", "gemma3-scaled", "gemma3-old",
    "gemma3-bfloat16",
  ].map(GoldenCheckpoint.init)

  struct Expected: Decodable {
    let batch, context: Int
    let loss: Double
  }

  var path: String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Vectors/checkpoints/\(name)").path
  }
  var description: String { name }

  func expected() throws -> Expected {
    try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(filePath: "\(path)/expected.json")))
  }

  func tokens() throws -> TokenFile {
    try TokenFile(bytes: [UInt8](try Data(contentsOf: URL(filePath: "\(path)/tokens.bin"))))
  }
}

/// Calls `body` with a folder that is gone afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "checkpoints-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// Parameters that are all different and short enough for bfloat16.
func distinctParameters(_ count: Int) -> FloatBuffer {
  FloatBuffer(
    (0..<count).map { index in
      let place = Float(index % 251 - 125)
      return index / 251 % 2 == 0 ? place / 128 : place / 64
    })
}
