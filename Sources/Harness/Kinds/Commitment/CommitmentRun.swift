import Kernels
import Models
import Proofs
import Protocol

/// One run of a commitment: what is hashed, proved and checked, and how long it takes.
struct CommitmentRun {
  let experiment: CommitmentExperiment
  let context: RunContext

  /// One byte string that was committed.
  private struct Committed {
    let tree: StreamedTree
    let seconds: Double
  }

  func variables() throws -> [ResultVariable] {
    let source = try experiment.source(context.arithmetic)
    let twin = try experiment.quantizedTwin(source)
    let total = Double(source.byteCount + (twin?.byteCount ?? 0))
    let model = try commit(
      source, leafSize: experiment.leafSize, done: 0, total: total, "committing float32")
    var variables = try describe(model, of: source)
    variables += try prove(model.tree, from: source)
    if let twin {
      let committed = try commit(
        twin, leafSize: twin.leafSize(leafValueCount: experiment.leafSize / 4),
        done: Double(source.byteCount), total: total, "committing the twin")
      variables += describe(committed, twin)
    }
    variables.append(
      ResultVariable(
        "peak_memory", [], .int64([Int64(ProcessMemory.peakByteCount)]), units: "byte",
        "largest resident memory of the process so far", .measured))
    return variables
  }

  private func commit(
    _ source: some ByteSource, leafSize: Int, done: Double, total: Double, _ activity: String
  ) throws -> Committed {
    let start = context.clock.seconds()
    let tree = try StreamedTree(
      source, leafSize: leafSize, concurrently: context.arithmetic.workers.run
    ) { bytes in
      let rate = Double(bytes) / (context.clock.seconds() - start)
      try context.observer.progress(
        done: done + Double(bytes), total: total,
        activity: "\(activity), \(Numbers.decimal(rate / 1e9, 2)) GB/s")
    }
    return Committed(tree: tree, seconds: context.clock.seconds() - start)
  }

  private func describe(
    _ model: Committed, of source: SyntheticModel
  ) throws -> [ResultVariable] {
    let bytes = Int64(source.byteCount)
    return [
      ResultVariable(
        "parameters", [], .int64([Int64(source.layout.count)]), "parameters of the model"),
      ResultVariable(
        "model_bytes", [], .int64([bytes]), units: "byte", "size of the float32 model"),
      ResultVariable(
        "leaf_bytes", [], .int64([Int64(experiment.leafSize)]), units: "byte",
        "float32 bytes of a leaf"),
      ResultVariable(
        "leaves", [], .int64([Int64(model.tree.leafCount)]), "leaves of each tree"),
      ResultVariable("root", [], .text([model.tree.root.hex]), "root over the float32 model"),
      ResultVariable(
        "leaves_per_node", [], .int64([1 << Int64(model.tree.keptLevel)]),
        "leaves that are read again to prove one"),
      ResultVariable(
        "stored_bytes", [], .int64([Int64(model.tree.storedBytes.count)]), units: "byte",
        "size of what is kept to prove leaves later"),
      ResultVariable(
        "commit_seconds", [], .float64([model.seconds]), units: "s",
        "time to make and hash the float32 model", .measured),
      ResultVariable(
        "commit_rate", [], .float64([Double(bytes) / model.seconds]), units: "byte s-1",
        "float32 bytes made and hashed a second", .measured),
    ]
  }

  private func describe(_ committed: Committed, _ twin: QuantizedTwin) -> [ResultVariable] {
    [
      ResultVariable("twin_format", [], .text([twin.format.name]), "format of the quantized twin"),
      ResultVariable(
        "twin_bytes", [], .int64([Int64(twin.byteCount)]), units: "byte",
        "size of the quantized twin"),
      ResultVariable(
        "twin_root", [], .text([committed.tree.root.hex]), "root over the quantized twin"),
      ResultVariable(
        "twin_seconds", [], .float64([committed.seconds]), units: "s",
        "time to make, quantize and hash the twin", .measured),
      ResultVariable(
        "twin_rate", [], .float64([4 * Double(twin.model.layout.count) / committed.seconds]),
        units: "byte s-1", "float32 bytes made, quantized and hashed a second", .measured),
    ]
  }

  /// Proves leaves that the root draws, and checks the proofs.
  private func prove(
    _ tree: StreamedTree, from source: SyntheticModel
  ) throws -> [ResultVariable] {
    let counts = experiment.proofLeaves
    var (together, separate): ([Int64], [Int64]) = ([], [])
    var (making, checking): ([Double], [Double]) = ([], [])
    for count in counts {
      var sampler = SeededSampler(seed: tree.root, domain: "proof leaves")
      let leaves = sampler.distinctIndices(count, below: tree.leafCount)
      let start = context.clock.seconds()
      let proof = try tree.multiProof(
        at: leaves, from: source, concurrently: context.arithmetic.workers.run)
      making.append(context.clock.seconds() - start)
      let hashes = leaves.map { leaf in
        let first = leaf * tree.leafSize
        return MerkleTree.leafHash(
          source.copy(of: first..<min(first + tree.leafSize, source.byteCount)))
      }
      let times = try (0..<5).map { _ in
        let start = context.clock.seconds()
        try proof.verify(leafHashes: hashes, root: tree.root, leafCount: tree.leafCount)
        return context.clock.seconds() - start
      }
      checking.append(median(times))
      together.append(Int64(proof.canonicalBytes.count))
      separate.append(
        try leaves.reduce(0) {
          $0 + 20
            + Int64(
              try InclusionProof.auditPathLength(at: $1, leafCount: tree.leafCount)
                * Digest.byteCount)
        })
      try context.observer.progress(
        done: Double(source.byteCount), total: Double(source.byteCount), activity: "proving")
    }
    let axis = [(name: "proof_leaves", length: counts.count)]
    return [
      ResultVariable(
        "proof_leaves", axis, .int64(counts.map(Int64.init)), "leaves that are proved together"),
      ResultVariable(
        "proof_bytes", axis, .int64(together), units: "byte",
        "size of one proof for all, without leaves"),
      ResultVariable(
        "separate_proof_bytes", axis, .int64(separate), units: "byte",
        "size of as many proofs of one leaf each, without leaves"),
      ResultVariable(
        "prove_seconds", axis, .float64(making), units: "s",
        "time to make the proof, with what is read again", .measured),
      ResultVariable(
        "check_seconds", axis, .float64(checking), units: "s",
        "time to check the proof, given the leaf hashes; median of 5", .measured),
    ]
  }
}
