/// The sections of a spec that fix how blocks are mined: all of a `chain` but who takes part, what
/// they are paid, and what verifiers look at.
struct MiningSetup: Sendable, Equatable {
  var seed: UInt64
  var model: Spec.Model
  var data: Spec.Data
  var training: Spec.Training
  var quantization: Spec.Quantization
  var commitment: Spec.Commitment

  init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    seed = header.seed
    (model, data) = try file.modelAndData()
    training = try file.section(
      "training", required: "a mapping with learning_rate, batch and steps_per_block",
      doc: "How miners train.")
    quantization = try file.section(
      "quantization", doc: "How gradients and the model's twin are quantized.")
    if let format = quantization.optimizer {
      try file.require(
        training.optimizer != .sgd, "quantization",
        "optimizer needs an optimizer that remembers something: momentum or adamw")
      training.recipe.stateFormat = format.value
    }
    commitment = try file.section(
      "commitment", doc: "How byte strings are cut into Merkle leaves.")
  }

  /// The texts.
  var inputs: [InputFile] { data.inputs() }
}

extension SpecSection {
  /// Reads `model` and `data`: a model and the text that it is trained on, which must fit its context.
  mutating func modelAndData() throws(SpecError) -> (Spec.Model, Spec.Data) {
    let model: Spec.Model = try section(
      "model", required: "a mapping with \(Spec.Model.rule)",
      doc: "The model that is trained: \(Spec.Model.rule).")
    let data = try section(
      "data", required: "a mapping with corpus", doc: "The text that it is trained on."
    ) { part throws(SpecError) in try Spec.Data(reading: &part, model: model) }
    return (model, data)
  }
}
