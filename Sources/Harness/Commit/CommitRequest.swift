import Foundation
import Kernels
import Models
import Proofs
import Protocol

/// What a user asks `pogo commit` for, checked.
public struct CommitRequest: Sendable {
  /// Where the bytes come from.
  enum Origin: Sendable {
    case file(String)
    case checkpoint(String)
    case synthetic(name: String, shape: ModelShape, seed: UInt64)
  }

  let origin: Origin
  let leafSize: Int
  /// Leaves to prove, ascending.
  let leaves: [Int]
  let isTogether: Bool
  let retention: StreamedTree.Retention
  let treePath: String?

  /// Leaf sizes that can be asked for, in bytes.
  public static let leafSizes = 1 << 10...1 << 26

  /// Throws ``CommitError`` for options that are wrong or do not go together. `leaves` are numbers
  /// with commas between them.
  public init(
    file: String?, checkpoint: String? = nil, model: String?, seed: UInt64?, leafSize: String,
    leaves: String?,
    isTogether: Bool, keepsLeafHashes: Bool, treePath: String?
  ) throws(CommitError) {
    guard seed == nil || model != nil else {
      throw CommitError("--seed goes with --model, not with a file or checkpoint")
    }
    switch (file, checkpoint, model) {
    case (let file?, nil, nil): origin = .file(file)
    case (nil, let checkpoint?, nil): origin = .checkpoint(checkpoint)
    case (nil, nil, let model?):
      guard let shape = ModelShape.preset(named: model) else {
        throw CommitError(
          "there is no preset '\(model)'; there are "
            + ModelShape.presets.map(\.name).joined(separator: ", "))
      }
      origin = .synthetic(name: model, shape: shape, seed: seed ?? 1)
    case (nil, nil, nil):
      throw CommitError("name a file, a folder with --checkpoint, or a preset with --model")
    default: throw CommitError("name one of a file, --checkpoint and --model, not several")
    }
    self.leafSize = try CommitRequest.leafSize(leafSize)
    self.leaves = try leaves.map(CommitRequest.indices) ?? []
    guard !isTogether || !self.leaves.isEmpty else {
      throw CommitError("--multi goes with --prove")
    }
    self.isTogether = isTogether
    retention = keepsLeafHashes ? .leafHashes : .upperLevels
    self.treePath = treePath
  }

  /// Bytes of a leaf as an option says it.
  static func leafSize(_ text: String) throws(CommitError) -> Int {
    guard let size = Units.byteCount(of: text) ?? Units.integer(of: text, as: Int.self),
      leafSizes.contains(size)
    else {
      throw CommitError(
        "--leaf-size must be in \(Units.size(byteCount: leafSizes.lowerBound))..."
          + "\(Units.size(byteCount: leafSizes.upperBound)), such as 4KiB, but is '\(text)'")
    }
    return size
  }

  private static func indices(_ text: String) throws(CommitError) -> [Int] {
    var indices = Set<Int>()
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let part = part.trimmingCharacters(in: .whitespaces)
      guard let index = Units.integer(of: part, as: Int.self), index >= 0 else {
        throw CommitError(
          "--prove must be places of leaves from 0 with commas between, such as 0,17, "
            + "but holds '\(part)'")
      }
      guard indices.insert(index).inserted else {
        throw CommitError("--prove names leaf \(index) twice")
      }
    }
    guard indices.count <= MultiProof.maximumLeafCount else {
      throw CommitError("--prove names more than \(MultiProof.maximumLeafCount) leaves")
    }
    return indices.sorted()
  }
}

/// What is wrong with a request for a commitment, or with the files it names.
public struct CommitError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The problem, and what helps.
  public let description: String

  init(_ description: String) { self.description = description }
}
