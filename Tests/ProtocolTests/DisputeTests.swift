import Kernels
import Models
import Proofs
import Protocol
import Testing

@Suite("Disputes end at one thing that a referee recomputes")
struct DisputeTests {
  /// Leaves the gradient as it is and moves one parameter besides.
  struct MovedParameter: MinerBehaviour {
    let step: Int
    let index: Int

    func step(
      _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
      meter: inout PhaseMeter
    ) throws -> Trainer.Step {
      let honest = try HonestMiner().step(
        step, after: previous, state: state, in: context, meter: &meter)
      if step == self.step { state.parameters[index] += 0.5 }
      return honest
    }
  }

  static func dispute(
    _ accused: any MinerBehaviour, against accuser: any MinerBehaviour = HonestMiner(),
    recipe: TrainingRecipe = FixtureOptions().recipe
  ) throws -> (Fixture, Dispute.Outcome) {
    let fixture = try Fixture(FixtureOptions(recipe: recipe))
    let context = MiningContext(
      state: fixture.state, parent: fixture.parent, trainingBeacon: try fixture.trainingBeacon(),
      miner: fixture.minerKey, salt: 0, trainer: fixture.trainer)
    var meter = PhaseMeter(clock: StoppedClock())
    var dispute = Dispute(
      accused: try DisputeRecord(of: accused, in: context, meter: &meter),
      accuser: try DisputeRecord(of: accuser, in: context, meter: &meter),
      trainer: fixture.trainer, firstStep: 0, seed: context.seed)
    return (fixture, try dispute.run())
  }

  @Test("at the first faked step, whichever it is", arguments: 1...6 as ClosedRange<UInt64>)
  func faked(seed: UInt64) throws {
    let faking = FakedSteps(fraction: PartsPerMillion(250_000)!)
    let (fixture, outcome) = try Self.dispute(faking)
    let step = faking.steps(task: fixture.task, seed: try fixture.trainingSeed())[0]
    #expect(outcome.contested == .gradient(step: step))
    #expect(outcome.guilty == .accused)
    // One question for the end, two to halve four steps twice, and what the step went through.
    #expect(outcome.rounds <= 1 + 2 + 4)
    // All operators agree, so that the referee only clips and quantizes.
    #expect(outcome.refereeWork.flops == 0)
    #expect(outcome.refereeWork.quantizedValues == UInt64(fixture.task.parameterCount))
    #expect(outcome.exchangedBytes > UInt64(fixture.task.parameterByteCount))
  }

  @Test("for every way to train", arguments: RecipeTests.recipes)
  func recipes(recipe: TrainingRecipe) throws {
    let faking = FakedSteps(fraction: PartsPerMillion(500_000)!)
    let (fixture, outcome) = try Self.dispute(faking, recipe: recipe)
    let step = faking.steps(task: fixture.task, seed: try fixture.trainingSeed())[0]
    #expect(outcome.contested == .gradient(step: step))
    #expect(outcome.guilty == .accused)
    #expect(try Self.dispute(HonestMiner(), recipe: recipe).1.contested == .nothing)
  }

  @Test("at data, loss and single leaves too")
  func kinds() throws {
    let victim = PrivateKey(seed: Fixture.digest("victim", 1)).publicKey
    let copied = try Self.dispute(CopiedBlock(of: victim)).1
    #expect(copied.contested == .batch(step: 0) && copied.guilty == .accused)
    #expect(copied.refereeWork.flops == 0)
    let loss = try Self.dispute(FalseLoss()).1
    #expect(loss.contested == .loss(step: 0) && loss.guilty == .accused)
    #expect(loss.refereeWork.flops == 0)
    let (fixture, moved) = try Self.dispute(MovedParameter(step: 2, index: 200))
    #expect(moved.contested == .update(step: 2, leaf: 200 / Int(fixture.task.leafValueCount)))
    #expect(moved.guilty == .accused)
    // A leaf needs no products at all.
    #expect(moved.refereeWork.flops == 0)
    #expect(moved.exchangedBytes < UInt64(fixture.task.parameterByteCount) / 4)
  }

  @Test("against an accuser that is wrong, and against both")
  func accusers() throws {
    let faking = FakedSteps(fraction: PartsPerMillion(250_000)!)
    #expect(try Self.dispute(HonestMiner(), against: faking).1.guilty == .accuser)
    let fakingAll = FakedSteps(fraction: PartsPerMillion(1_000_000)!)
    #expect(try Self.dispute(LowerPrecision(), against: fakingAll).1.guilty == .both)
    let peace = try Self.dispute(HonestMiner()).1
    #expect(peace.contested == .nothing && peace.guilty == .nobody && peace.rounds == 1)
  }
}
