/// The kinds of experiments that specs can name.
public struct KindRegistry: Sendable {
  /// All kinds, in the order in which they are documented.
  public let kinds: [any ExperimentKind.Type]

  /// The kinds of this program.
  public static let all = KindRegistry([
    ChainExperiment.self, QuantizationExperiment.self, DetectionExperiment.self,
    ProgressExperiment.self, AdversariesExperiment.self, ToleranceExperiment.self,
    ScheduleExperiment.self, CostExperiment.self, CommitmentExperiment.self,
    DiffsExperiment.self, FineTuningExperiment.self,
  ])

  /// A registry of these kinds; their names differ.
  public init(_ kinds: [any ExperimentKind.Type]) {
    precondition(Set(kinds.map { $0.name }).count == kinds.count, "two kinds share a name")
    self.kinds = kinds
  }

  /// The names in order.
  public var names: [String] { kinds.map { $0.name } }

  /// The kind of this name, or nil.
  public subscript(name: String) -> (any ExperimentKind.Type)? { kinds.first { $0.name == name } }
}
