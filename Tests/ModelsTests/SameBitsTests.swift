import Kernels
import Models
import Testing

/// Training gives the same bits however it is computed.
@Suite struct SameBitsTests {
  /// A run of three steps and the FNV-1a digest of all of its bits.
  struct Run: Sendable, CustomStringConvertible {
    let setting: Setting
    let digest: UInt64
    var description: String { "\(setting)" }
  }

  static let runs = [
    Run(setting: .odd, digest: 0x12de_4c1c_fd9d_5305),
    Run(setting: .nano, digest: 0x9ab5_84c3_685f_19ed),
    Run(setting: .gemmaOdd, digest: 0xb1e4_b845_0231_334f),
    Run(setting: .gemmaNano, digest: 0x5824_3aca_207d_ba03),
  ]

  /// Bits of the first parameters, then of each step's loss, gradient and parameters.
  static func train(_ setting: Setting, on arithmetic: Arithmetic) throws -> [UInt32] {
    let model = setting.model(arithmetic)
    let parameters = FloatBuffer(count: model.layout.count)
    let gradient = FloatBuffer(count: model.layout.count)
    let workspace = setting.workspace()
    model.layout.initialize(parameters, seed: 2026, arithmetic: arithmetic)
    var bits = parameters.bits
    var numbers = TestNumbers(seed: 5)
    for _ in 0..<3 {
      let batch = try setting.batch(&numbers)
      let loss = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
      arithmetic.sgdStep(
        parameters: Vector(parameters), gradient: Vector(gradient), learningRate: 0.1)
      bits += [loss.bitPattern] + gradient.bits + parameters.bits
    }
    return bits
  }

  @Test(arguments: runs)
  func everyInstructionSetAndThreadCountAgrees(run: Run) throws {
    let expected = try Self.train(run.setting, on: Machine(.portable, threads: 1).arithmetic)
    for machine in Machine.all {
      let actual = try Self.train(run.setting, on: machine.arithmetic)
      let place = zip(actual, expected).enumerated().first { $1.0 != $1.1 }?.offset
      #expect(actual.count == expected.count && place == nil, "\(machine) at \(place ?? -1)")
    }
  }

  /// Work is shared out to threads in another way when small pieces stay whole.
  @Test(arguments: runs)
  func smallWorkInOnePieceAgrees(run: Run) throws {
    for threads in 1...4 {
      let arithmetic = Arithmetic(workers: Workers(threads: threads, pinned: false))
      #expect(fnv1a(try Self.train(run.setting, on: arithmetic)) == run.digest)
    }
  }

  @Test(arguments: runs)
  func bitsAreThoseOfEveryOtherMachine(run: Run) throws {
    let digest = fnv1a(try Self.train(run.setting, on: Machine().arithmetic))
    #expect(digest == run.digest, "0x\(String(digest, radix: 16))")
  }

  /// The digest function against the published values of "" and of the bytes "foob".
  @Test func digestIsFNV1a() {
    #expect(fnv1a([]) == 0xcbf2_9ce4_8422_2325)
    #expect(fnv1a([0x626f_6f66]) == 0xdd12_0e79_0c25_12af)
  }

  @Test(arguments: [Setting.odd, .gemmaOdd])
  func aUsedWorkspaceLeavesNoTrace(setting: Setting) throws {
    var numbers = TestNumbers(seed: 6)
    let model = setting.model(Machine().arithmetic)
    let parameters = FloatBuffer(setting.parameters(&numbers))
    let before = parameters.bits
    let (other, batch) = (try setting.batch(&numbers), try setting.batch(&numbers))
    let (used, fresh) = (setting.workspace(), setting.workspace())
    let (first, second) = (
      FloatBuffer(count: model.layout.count), FloatBuffer(count: model.layout.count)
    )
    second.fill(.nan)
    _ = model.lossAndGradient(parameters, on: other, gradient: second, in: used)
    second.fill(.nan)
    let loss = model.lossAndGradient(parameters, on: batch, gradient: first, in: fresh)
    let again = model.lossAndGradient(parameters, on: batch, gradient: second, in: used)
    #expect(again.bitPattern == loss.bitPattern)
    #expect(second.bits == first.bits)
    #expect(model.loss(parameters, on: batch, in: used).bitPattern == loss.bitPattern)
    #expect(parameters.bits == before)
  }

  /// At half a Gemma 3 of this depth is about to diverge, and a last bit decides when.
  @Test(arguments: zip([Setting.nano, .gemmaNano], [0.5, 0.2] as [Float]))
  func nanoLearnsABatchByHeart(setting: Setting, learningRate: Float) throws {
    let arithmetic = Machine().arithmetic
    let model = setting.model(arithmetic)
    let parameters = FloatBuffer(count: model.layout.count)
    let gradient = FloatBuffer(count: model.layout.count)
    let workspace = setting.workspace()
    model.layout.initialize(parameters, seed: 1, arithmetic: arithmetic)
    var numbers = TestNumbers(seed: 7)
    let batch = try setting.batch(&numbers)
    let first = model.loss(parameters, on: batch, in: workspace)
    // At first every token is about as likely as every other: ln 256 = 5.545.
    #expect(abs(first - 5.545) < 0.1)
    for _ in 0..<120 {
      _ = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
      arithmetic.sgdStep(
        parameters: Vector(parameters), gradient: Vector(gradient), learningRate: learningRate)
    }
    #expect(model.loss(parameters, on: batch, in: workspace) < first - 1)
  }
}
