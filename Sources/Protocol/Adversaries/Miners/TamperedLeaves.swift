import Kernels
import Models
import Proofs

/// Trains honestly, then changes some leaves of the model before committing it. Its quantized twin
/// fits the changed model, so only the update check can see it.
public struct TamperedLeaves: MinerBehaviour {
  /// Share of the leaves that are changed; at least one is.
  public let fraction: PartsPerMillion

  /// Changes this share of the leaves.
  public init(fraction: PartsPerMillion) { self.fraction = fraction }

  /// The leaves that are changed under `seed`, ascending.
  public func leaves(task: TrainingTask, seed: Digest) -> [Int] {
    var sampler = SeededSampler(seed: seed, domain: "adversary/tampered-leaves")
    return sampler.distinctIndices(
      max(1, fraction.sampleCount(of: task.leafCount)), below: task.leafCount)
  }

  /// Moves some parameters of the chosen leaves.
  public func finish(_ parameters: FloatBuffer, in context: MiningContext) {
    for leaf in leaves(task: context.task, seed: context.seed) {
      context.task.tamper(with: context.task.valueRange(ofLeaf: leaf), of: parameters)
    }
  }
}

/// Plants a back door in one tensor, the smallest that a leaf check can miss: as ``TamperedLeaves``,
/// but only in the leaves that hold the tensor.
public struct BackdooredTensor: MinerBehaviour {
  /// The tensor's name in the parameter layout; nil for the last one.
  public let tensor: String?

  /// Changes this tensor.
  public init(tensor: String? = nil) { self.tensor = tensor }

  /// The parameters that are changed.
  public func range(task: TrainingTask) -> Range<Int> {
    let tensors = ParameterLayout(task.shape).tensors
    let chosen = tensors.first { $0.name == tensor } ?? tensors[tensors.count - 1]
    return chosen.range
  }

  /// Moves some parameters of the tensor.
  public func finish(_ parameters: FloatBuffer, in context: MiningContext) {
    context.task.tamper(with: range(task: context.task), of: parameters)
  }
}

/// Commits the quantized twin of another model: that of parameters in which some leaves differ.
public struct WrongTwin: MinerBehaviour {
  /// Share of the leaves whose twin is wrong; at least one is.
  public let fraction: PartsPerMillion

  /// Quantizes this share of the leaves wrongly.
  public init(fraction: PartsPerMillion) { self.fraction = fraction }

  /// The leaves whose twin is wrong.
  public func leaves(task: TrainingTask, seed: Digest) -> [Int] {
    TamperedLeaves(fraction: fraction).leaves(task: task, seed: seed)
  }

  /// A well-formed twin of changed parameters.
  public func twin(of parameters: FloatBuffer, in context: MiningContext) throws -> [UInt8]? {
    let other = FloatBuffer(count: parameters.count)
    other.copy(from: parameters)
    for leaf in leaves(task: context.task, seed: context.seed) {
      // Far enough to change codes at any number of bits.
      other[context.task.valueRange(ofLeaf: leaf).lowerBound] += 1
    }
    return try context.task.quantizedTwin(other)
  }
}

extension TrainingTask {
  /// Every sixteenth parameter moves by a little: far below what a look at the loss shows.
  fileprivate func tamper(with range: Range<Int>, of parameters: FloatBuffer) {
    for index in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
      parameters[index] += 0.01
    }
  }
}
