import Kernels
import Models
import Testing

/// Loss and gradients of Hugging Face's GPT2LMHeadModel and Gemma3ForCausalLM in double precision.
@Suite struct GoldenTests {
  @Test(arguments: GoldenCase.names)
  func layoutIsHuggingFaces(name: String) throws {
    let (golden, _, _) = try GoldenCase.load(name)
    let layout = ParameterLayout(try golden.modelShape())
    #expect(layout.tensors.map(\.name) == golden.tensors.map(\.name))
    #expect(layout.tensors.map(\.dimensions) == golden.tensors.map(\.shape))
    #expect(layout.tensors.map(\.offset) == golden.tensors.map(\.offset))
    #expect(layout.count == golden.parameterCount)
  }

  @Test(arguments: GoldenCase.names)
  func lossGradientAndStepAreHuggingFaces(name: String) throws {
    let (golden, parameters, reference) = try GoldenCase.load(name)
    let (shape, batch) = (try golden.modelShape(), try golden.batch())
    let arithmetic = Machine().arithmetic
    let model = shape.languageModel(arithmetic: arithmetic)
    let workspace = model.makeWorkspace(
      sequenceCount: golden.shape.batch, contextLength: golden.shape.tokens)
    let weights = FloatBuffer(parameters)
    let gradient = FloatBuffer(count: parameters.count)

    let loss = model.lossAndGradient(weights, on: batch, gradient: gradient, in: workspace)
    #expect(abs(Double(loss) - golden.loss) <= 1e-5 * golden.loss)
    for part in golden.parts {
      let expected = norm(part.indices.map { Double(reference[$0]) })
      let error = norm(part.indices.map { Double(gradient[$0]) - Double(reference[$0]) })
      // Below this the reference is rounding noise around an exact zero.
      let limit = expected < 1e-9 ? 1e-6 : 1e-4 * expected
      #expect(error <= limit, "\(part.name): \(error) of \(expected)")
    }

    arithmetic.sgdStep(
      parameters: Vector(weights), gradient: Vector(gradient), learningRate: golden.learningRate)
    let after = model.loss(weights, on: batch, in: workspace)
    #expect(abs(Double(after) - golden.lossAfterStep) <= 1e-5 * golden.lossAfterStep)
  }
}
