/// One experiment as plain data: every default is filled in and every value is within its limits.
///
/// `Spec.read` makes it from YAML, and `canonicalText` turns it back. The YAML keys are the short
/// snake_case names; the properties here are spelled out.
public struct Spec: Sendable, Equatable {
  /// What an experiment does (`kind`).
  public enum Kind: String, CaseIterable, Sendable {
    /// Miners train, verifiers check, and blocks are finalized.
    case chain
  }

  /// Identifies the experiment (`name`): 1...64 characters of a-z, 0-9 and '-'.
  public var name: String
  /// One line for people (`title`), by default the name; 1...200 characters.
  public var title: String
  /// What the experiment does (`kind`).
  public var kind: Kind
  /// The number from which all randomness of the run is derived (`seed`), by default 1.
  public var seed: UInt64
  /// The model that is trained (`model`).
  public var model: Model
  /// The text that it is trained on (`data`).
  public var data: Data
  /// How miners train (`training`).
  public var training: Training
  /// How gradients and the model's twin are quantized (`quantization`).
  public var quantization: Quantization
  /// How byte strings are cut into Merkle leaves (`commitment`).
  public var commitment: Commitment
  /// Blocks, times, participants and money (`chain`).
  public var chain: Chain
  /// How much verifiers check (`verification`).
  public var verification: Verification
}

extension Spec {
  /// The model that is trained: a preset by name, or a shape given in full.
  public enum Model: Sendable, Equatable {
    /// The name of a preset (`preset`), one of those the caller passed to `read`.
    case preset(String)
    /// A shape of its own.
    case custom(Shape)

    /// The shape of a decoder-only transformer.
    public struct Shape: Sendable, Equatable {
      /// Transformer layers (`n_layers`), 1...1024.
      public var layerCount: Int
      /// Width of the residual stream (`d_model`), 1...65536, a multiple of `headCount`.
      public var dModel: Int
      /// Attention heads of a layer (`n_heads`), 1...1024.
      public var headCount: Int
      /// Longest sequence in tokens (`context`), 1...131072.
      public var contextLength: Int
      /// Number of different tokens (`vocab_size`), 256...1048576; bytes alone need 256.
      public var vocabularySize: Int
    }
  }

  /// The text that the model is trained on.
  public struct Data: Sendable, Equatable {
    /// How text becomes tokens (`tokenizer`).
    public enum Tokenizer: String, CaseIterable, Sendable {
      /// Each byte of the file is one token.
      case bytes
    }

    /// Path of the text file (`corpus`), relative to the folder of the spec file.
    public var corpus: String
    /// How text becomes tokens (`tokenizer`), by default bytes.
    public var tokenizer: Tokenizer
    /// Tokens of one training sequence (`context`), 1...131072, by default 64; at most the context
    /// of a custom model.
    public var contextLength: Int
  }

  /// How miners train.
  public struct Training: Sendable, Equatable {
    /// The rule that turns gradients into updates (`optimizer`).
    public enum Optimizer: String, CaseIterable, Sendable {
      /// Stochastic gradient descent: parameters minus learning rate times gradient.
      case sgd
    }

    /// The rule that turns gradients into updates (`optimizer`), by default sgd.
    public var optimizer: Optimizer
    /// Factor of the gradient in an update (`learning_rate`), above 0.
    public var learningRate: Double
    /// Sequences of one step (`batch`), 1...65536.
    public var batchSize: Int
    /// Optimizer steps that one block holds (`steps_per_block`), 1...100000.
    public var stepsPerBlock: Int
  }

  /// How gradients and the model's twin are quantized.
  public struct Quantization: Sendable, Equatable {
    /// The codes that floats become.
    public enum Codes: String, CaseIterable, Sendable {
      /// Signed whole numbers with one scale for each group.
      case int
    }

    /// How a float between two codes is rounded.
    public enum Rounding: String, CaseIterable, Sendable {
      /// To the nearest code.
      case nearest
    }

    /// One way to quantize a vector.
    public struct Format: Sendable, Equatable {
      /// The codes that floats become (`format`), by default int.
      public var codes: Codes
      /// Bits of a code (`bits`), 2...8, by default 4.
      public var bits: Int
      /// Elements that share a scale (`group`), 16...4096, by default 64.
      public var groupSize: Int
      /// How a float between two codes is rounded (`rounding`), by default to the nearest.
      public var rounding: Rounding
    }

    /// For the gradients that a miner publishes (`gradient`).
    public var gradient: Format
    /// For the quantized twin of the model (`model`).
    public var model: Format
  }

  /// How byte strings are cut into Merkle leaves.
  public struct Commitment: Sendable, Equatable {
    /// Bytes of float32 parameters in a leaf (`leaf_size`): a multiple of 4 in 64B...64MiB, by
    /// default 4KiB.
    public var leafByteCount: Int
  }

  /// How much verifiers check.
  public struct Verification: Sendable, Equatable {
    /// Part of the leaves that a verifier opens (`leaf_rate`), 0...1, by default 0.02.
    public var leafRate: Double
    /// Part of the steps that a verifier computes again (`replay_rate`), 0...1, by default 0.125.
    public var replayRate: Double
    /// Tokens on which the loss must fall (`progress_tokens`), 0...1000000000, by default 4096.
    public var progressTokens: Int
    /// Rise of the loss that is still accepted (`progress_margin`), at least 0, by default 0.05.
    public var progressMargin: Double
  }
}
