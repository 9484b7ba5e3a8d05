/// Up to five windows that one kernel works on. Not an array: those take memory of their own, and a
/// training step makes hundreds of such lists.
struct WindowList: Sendable {
  private let first, second, third, fourth, fifth: Matrix

  /// Those that are not given are the first once more.
  init(
    _ first: Matrix, _ second: Matrix, _ third: Matrix? = nil, _ fourth: Matrix? = nil,
    _ fifth: Matrix? = nil
  ) {
    self.first = first
    self.second = second
    self.third = third ?? first
    self.fourth = fourth ?? first
    self.fifth = fifth ?? first
  }

  /// Window 0 ... 4.
  subscript(index: Int) -> Matrix {
    switch index {
    case 0: first
    case 1: second
    case 2: third
    case 3: fourth
    case 4: fifth
    default: preconditionFailure("window \(index) of five")
    }
  }

  /// Whether it holds for all of them.
  func allSatisfy(_ holds: (Matrix) -> Bool) -> Bool {
    holds(first) && holds(second) && holds(third) && holds(fourth) && holds(fifth)
  }

  /// A window of each.
  func map(_ window: (Matrix) -> Matrix) -> WindowList {
    WindowList(window(first), window(second), window(third), window(fourth), window(fifth))
  }
}
