/// A priority queue of things that happen at virtual times. Equal times come out in the order in
/// which they went in, so a simulation has one order of events on every machine.
struct EventQueue<Event> {
  private struct Entry {
    let time: VirtualTime
    let number: UInt64
    let event: Event

    func precedes(_ other: Entry) -> Bool {
      (time, number) < (other.time, other.number)
    }
  }

  /// A binary heap: every entry precedes its children at 2i + 1 and 2i + 2.
  private var heap: [Entry] = []
  private var pushed: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }

  mutating func push(_ event: Event, at time: VirtualTime) {
    heap.append(Entry(time: time, number: pushed, event: event))
    pushed += 1
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> (time: VirtualTime, event: Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2]
        where child < heap.count && heap[child].precedes(heap[least]) { least = child }
        guard least != parent else { break }
        heap.swapAt(parent, least)
        parent = least
      }
    }
    return (first.time, first.event)
  }
}
