import Kernels

/// How a gradient changes parameters. A value: what an optimizer remembers is in the state vectors
/// that the caller keeps.
///
/// Every step is bitwise deterministic (`docs/arithmetic.md`, section "Optimizers"), and an element's
/// new values depend on that element alone. So a step on some of the elements, with the same windows
/// of all vectors, gives the bits that a step on all of them gives there: one leaf can be checked
/// by itself.
public enum Optimizer: Sendable, Hashable {
  /// Plain stochastic gradient descent.
  case sgd
  /// Gradient descent with momentum.
  case momentum(Momentum)
  /// Adam with decoupled weight decay.
  case adamW(AdamW)

  /// Gradient descent with momentum (Sutskever, Martens, Dahl and Hinton, "On the importance of
  /// initialization and momentum in deep learning", ICML 2013), as in `torch.optim.SGD`.
  public struct Momentum: Sendable, Hashable {
    /// How much of the old direction stays, in 0 ..< 1.
    public var factor: Float
    /// Whether the gradient is taken to lie one step ahead (Nesterov).
    public var isNesterov: Bool

    /// The usual setting is a factor of 0.9.
    public init(factor: Float = 0.9, isNesterov: Bool = false) {
      self.factor = factor
      self.isNesterov = isNesterov
    }
  }

  /// Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, as in
  /// `torch.optim.AdamW`: all parameters decay.
  public struct AdamW: Sendable, Hashable {
    /// How much of the mean of gradients stays, in 0 ..< 1.
    public var beta1: Float
    /// How much of the mean of squared gradients stays, in 0 ..< 1.
    public var beta2: Float
    /// What is added to the root of that mean; above 0.
    public var epsilon: Float
    /// Share of a parameter that a step takes away, over the learning rate; 0 or more.
    public var weightDecay: Float

    /// The default is the setting that GPT-3 was trained with (Brown et al., "Language models are
    /// few-shot learners", 2020, appendix B).
    public init(
      beta1: Float = 0.9, beta2: Float = 0.95, epsilon: Float = 1e-8, weightDecay: Float = 0.1
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  /// Names of the state vectors, in their order; each is as long as the parameters and starts as
  /// zeros.
  public var stateNames: [String] {
    switch self {
    case .sgd: []
    case .momentum: ["momentum"]
    case .adamW: ["first_moment", "second_moment"]
    }
  }

  /// New state vectors for `parameterCount` parameters: zeros.
  public func makeState(parameterCount: Int) -> [FloatBuffer] {
    stateNames.map { _ in FloatBuffer(count: parameterCount) }
  }

  /// Throws unless all settings are in their ranges.
  public func validate() throws(OptimizerError) {
    func require(
      _ isValid: Bool, _ name: String, _ value: Float, _ expected: String
    ) throws(OptimizerError) {
      guard isValid else { throw .setting(name: name, value: value, expected: expected) }
    }
    switch self {
    case .sgd: break
    case .momentum(let m):
      try require(m.factor >= 0 && m.factor < 1, "momentum", m.factor, "in 0 ..< 1")
    case .adamW(let a):
      try require(a.beta1 >= 0 && a.beta1 < 1, "beta1", a.beta1, "in 0 ..< 1")
      try require(a.beta2 >= 0 && a.beta2 < 1, "beta2", a.beta2, "in 0 ..< 1")
      try require(a.epsilon > 0 && a.epsilon.isFinite, "epsilon", a.epsilon, "finite and above 0")
      try require(
        a.weightDecay >= 0 && a.weightDecay.isFinite, "weight_decay", a.weightDecay,
        "finite and 0 or more")
    }
  }

  /// Step number `step`, counted from 1 since the state was zeros.
  ///
  /// - Parameters:
  ///   - parameters: all parameters or some of them; changed.
  ///   - gradient: of the same parameters.
  ///   - state: the same windows of the state vectors, in the order of ``stateNames``; changed.
  ///   - learningRate: of this step.
  public func step(
    _ step: Int, parameters: Vector, gradient: Vector, state: [Vector], learningRate: Float,
    arithmetic: Arithmetic
  ) {
    precondition(state.count == stateNames.count, "\(state.count) state vectors")
    switch self {
    case .sgd:
      arithmetic.sgdStep(parameters: parameters, gradient: gradient, learningRate: learningRate)
    case .momentum(let settings):
      arithmetic.momentumStep(
        parameters: parameters, gradient: gradient, momentum: state[0], factor: settings.factor,
        isNesterov: settings.isNesterov, learningRate: learningRate)
    case .adamW(let settings):
      let coefficients = AdamWCoefficients(
        step: step, learningRate: learningRate, beta1: settings.beta1, beta2: settings.beta2,
        epsilon: settings.epsilon, weightDecay: settings.weightDecay)
      arithmetic.adamWStep(
        parameters: parameters, gradient: gradient, firstMoment: state[0],
        secondMoment: state[1], coefficients: coefficients)
    }
  }
}
