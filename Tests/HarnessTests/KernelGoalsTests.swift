import Foundation
import Harness
import Testing

@Suite struct KernelGoalsTests {
  private static func row(_ name: String, _ fixed: Double, _ rivals: [String: Double]) throws
    -> ProductBench.Row
  {
    let shape = try #require(ProductShape.all.first { $0.name == name })
    let json: [String: Any] = [
      "shape": try JSONSerialization.jsonObject(with: JSONEncoder().encode(shape)),
      "fixed": fixed, "rivals": rivals, "peak": 100.0,
    ]
    return try JSONDecoder().decode(
      ProductBench.Row.self, from: JSONSerialization.data(withJSONObject: json))
  }

  @Test func theShapesOfTheGoals() {
    #expect(
      ProductShape.all.filter(\.isLargeSquare).map(\.m) == [768, 1024, 1536, 2048, 3072])
    let products = ProductShape.all.filter(\.isTransformerOf256Rows)
    #expect(products.count == 4 && products.allSatisfy { $0.name.hasPrefix("d 256:") })
  }

  @Test func aGoalIsHeldAgainstTheBestRivalAndTheWorstPlace() throws {
    let goals = KernelGoals(
      products: [
        try Self.row("square 768", 90, ["own choice": 50, "Haswell": 60, "SkylakeX": 100]),
        try Self.row("square 1024", 88, ["own choice": 80]),
        // Just the share of the peak that is wanted.
        try Self.row("square 1536", 85, ["own choice": 68]),
        // Too small to count.
        try Self.row("square 256", 1, ["own choice": 80]),
      ], productsAVX2: [try Self.row("square 256", 50, ["Haswell": 40])], elementwise: []
    ).goals
    // Nothing was measured with 256 rows, nor of what memory bounds.
    #expect(goals.map(\.wanted) == [0.95, 1, 0.85])
    #expect(goals[0].lowest == 0.9 && goals[0].place == "square 768")
    #expect(goals[0].median == 1.1)
    #expect(goals[0].measured == 3 && goals[0].reached == 2)
    #expect(goals[1].reached == 1 && goals[1].lowest == 1.25)
    #expect(goals[2].reached == 3 && goals[2].lowest == 0.85)
  }
}
