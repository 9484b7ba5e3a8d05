import Protocol

/// What one honest verifier's walk through an honest block costs (`docs/protocol.md`, section 6).
extension BlockCosts {
  /// By phase, with all checks.
  public func verification(_ parts: SampledParts) -> PhaseWorkloads {
    var work: PhaseWorkloads = [.structure: structure]
    for leaf in parts.leaves {
      work[.leaf, default: Workload()] += leafCheck(leaf)
      work[.update, default: Workload()] += updateCheck(leaf)
    }
    if !parts.segments.isEmpty { work[.replay] = replay(parts.segments) }
    if parts.evaluationSequences > 0 { work[.progress] = progress(parts.evaluationSequences) }
    return work
  }

  /// Section 6.1: header and records are fetched, and the tree over the records is made.
  public var structure: Workload {
    Workload(
      hashedBytes: MerkleCosts.hashedBytes(of: traceBytes, leafCount: stepCount),
      receivedBytes: headerBytes + traceBytes)
  }

  /// Section 6.2 for one leaf: the answer is fetched, each opened leaf and its path are hashed, and
  /// the leaf after is quantized again.
  public func leafCheck(_ index: Int) -> Workload {
    Workload(
      hashedBytes: openings(index).reduce(0) { $0 + UInt128(1 + $1.leafBytes + 65 * $1.path) },
      quantizedValues: UInt128(leafValueCount(index)),
      receivedBytes: answerBytes(leaf: index))
  }

  /// Section 6.3 for one leaf: every published leaf is dequantized and applied.
  public func updateCheck(_ index: Int) -> Workload {
    Workload(quantizedValues: UInt128(task.updateValueCount(leafValueCount(index))))
  }

  /// Section 6.5: the twin after is fetched and hashed; both twins are dequantized and their losses
  /// computed.
  public func progress(_ sequences: Int) -> Workload {
    let microbatches = sequences / Int(task.batchSize / task.recipe.microbatchCount)
    return twinTree + Workload(receivedBytes: twinBytes)
      + 2 * (onePass + microbatches * Workload(flops: UInt128(evaluation.total)))
  }

  /// Section 6.4 for ascending segments. Between two of them the verifier walks along the published
  /// gradients where every state follows from them, and fetches the state where none does.
  public func replay(_ segments: [Int]) -> Workload {
    var work = Workload()
    var reached = 0
    var previous: Int?
    for segment in segments {
      let steps = task.steps(ofSegment: segment)
      if previous.map({ task.steps(ofSegment: $0) }) != steps {
        if steps.lowerBound > reached {
          work +=
            task.isWalkable
            ? (steps.lowerBound - reached) * walkedStep : fetchedState
        }
        work += stateTrees
      }
      if task.recipe.commitsMicrobatches {
        work += replayedMicrobatch(segment, isContinued: previous == segment - 1)
      } else {
        work += steps.count * replayedStep
      }
      previous = segment
      guard task.endsStep(segment: segment) else {
        reached = steps.lowerBound
        continue
      }
      reached = steps.upperBound
      work += end(after: reached)
    }
    return work
  }

  /// One microbatch computed again, from an accumulation that is fetched and hashed unless it was just
  /// computed; what it leads to is hashed, or after the last one is a step.
  private func replayedMicrobatch(_ segment: Int, isContinued: Bool) -> Workload {
    var work = Workload(flops: UInt128(microbatch.total))
    if (task.microbatch(ofSegment: segment) ?? 0) > 0, !isContinued {
      work += accumulationTree + Workload(receivedBytes: accumulationBytes)
    }
    return work + (task.endsStep(segment: segment) ? concludedStep : accumulationTree)
  }

  /// A published gradient that is fetched, hashed and applied.
  var walkedStep: Workload { fetchedPublication + applied }

  /// What is published, fetched and hashed.
  private var fetchedPublication: Workload {
    publishedTree + Workload(receivedBytes: publishedBytes)
  }

  /// A committed state, fetched and hashed.
  private var fetchedState: Workload { stateTrees + Workload(receivedBytes: stateBytes) }

  /// One step computed again and applied; where steps are published, quantized and hashed besides,
  /// and what the miner published fetched and hashed too.
  public var replayedStep: Workload { Workload(flops: UInt128(step.total)) + concludedStep }

  /// What follows the gradient of a replayed step.
  private var concludedStep: Workload {
    guard isPublishedByStep else { return applied }
    return applied + publishing(times: 1) + publishedTree + fetchedPublication
  }

  /// What follows a segment: the next committed state, or after the last step the block's update,
  /// which is fetched and made again, and the optimizer's state.
  private func end(after step: Int) -> Workload {
    guard step == stepCount else { return task.isWalkable ? Workload() : stateTrees }
    guard !isPublishedByStep else { return auxiliaryTree }
    return fetchedPublication + publishing(times: 1) + publishedTree + auxiliaryTree
  }
}
