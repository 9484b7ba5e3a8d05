import Kernels
import Testing

@Suite struct ProcessorSetTests {
  @Test func divisionsCoverAllAndShareNothing() {
    for count in 1...17 {
      let all = ProcessorSet((0..<count).map { 2 * $0 + 1 })
      for parts in 1...count {
        let sets = all.divided(into: parts)
        #expect(sets.count == parts)
        #expect(sets.flatMap(\.processors) == all.processors)
        let sizes = sets.map(\.count)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1 && sizes.allSatisfy { $0 > 0 })
      }
    }
  }

  @Test func moreUsersThanProcessorsShareEvenly() {
    let sets = ProcessorSet([4, 9, 11]).divided(into: 7)
    #expect(sets.map(\.processors) == [[4], [9], [11], [4], [9], [11], [4]])
    #expect(ProcessorSet([]).divided(into: 2) == [ProcessorSet([]), ProcessorSet([])])
  }

  @Test func writtenAsLinuxDoes() {
    #expect(ProcessorSet([0, 1, 2, 3, 6, 8, 9]).description == "0-3,6,8-9")
    #expect(ProcessorSet([5, 5, 2]).description == "2,5")
    #expect(ProcessorSet([]).description == "")
  }

  @Test func aBoundThreadStaysInItsSetAndIsFreeAfterwards() {
    let before = ProcessorSet.allowed
    for set in before.divided(into: before.count) {
      let seen: (ProcessorSet, Int) = set.withThisThreadBound {
        (ProcessorSet.allowed, ProcessorSet.current ?? -1)
      }
      #expect(seen.0 == set)
      #expect(set.processors.contains(seen.1))
    }
    #expect(ProcessorSet.allowed == before)
  }

  @Test func errorsPassAndFreeTheThread() {
    struct Stop: Error {}
    let before = ProcessorSet.allowed
    let one = before.divided(into: before.count)[0]
    #expect(throws: Stop.self) { try one.withThisThreadBound { throw Stop() } }
    #expect(ProcessorSet.allowed == before)
  }

  @Test func bindingsNest() {
    let all = ProcessorSet.allowed
    let outer = all.divided(into: min(2, all.count))[0]
    outer.withThisThreadBound {
      let inner = outer.divided(into: outer.count)[0]
      inner.withThisThreadBound { #expect(ProcessorSet.allowed == inner) }
      #expect(ProcessorSet.allowed == outer)
    }
    #expect(ProcessorSet.allowed == all)
  }

  /// Pools side by side, one for each set: no thread leaves the processors of its pool.
  @Test(arguments: [1, 2, 3]) func poolsSideBySideKeepApart(jobs: Int) {
    let sets = ProcessorSet.allowed.divided(into: jobs)
    let strays = FloatBuffer(count: 16 * jobs)
    let sums = FloatBuffer(count: 64 * jobs)
    // The tasks of this pool are the jobs: each on a thread of its own.
    Workers(threads: jobs, pinned: false).run(tasks: jobs) { job in
      sets[job].withThisThreadBound {
        let workers = Workers(threads: 2)
        for _ in 0..<50 {
          let outside = FloatBuffer(count: 64)
          workers.run(tasks: 64) { task in
            let processor = ProcessorSet.current ?? -1
            if !sets[job].processors.contains(processor) { outside[task] = 1 }
            sums[64 * job + task] += 1
          }
          strays[16 * job] += outside.array.reduce(0, +)
        }
      }
    }
    #expect(strays.array.allSatisfy { $0 == 0 })
    #expect(sums.array.allSatisfy { $0 == 50 })
  }
}
