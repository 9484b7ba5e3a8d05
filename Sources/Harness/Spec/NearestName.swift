/// Finds the name that a person most likely meant to type.
package enum NearestName {
  /// The candidate with the smallest edit distance to `name` (the first of equals), or nil when
  /// even that one is too far. One edit is always near enough, two are if the longer name has at
  /// least 5 characters, and more are up to a third of its length.
  package static func of(_ name: String, in candidates: [String]) -> String? {
    var best: (candidate: String, distance: Int)?
    // No known name is near a text this long, and the distance takes quadratic time.
    guard name.count <= 64 else { return nil }
    for candidate in candidates {
      let distance = editDistance(name, candidate)
      let longer = max(name.count, candidate.count)
      let limit = max(longer < 5 ? 1 : 2, longer / 3)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.candidate
  }

  /// The optimal string alignment distance: the least count of characters to insert, delete,
  /// replace or swap with their neighbour, where no character is edited twice.
  package static func editDistance(_ first: String, _ second: String) -> Int {
    let source = Array(first)
    let target = Array(second)
    // rows[i][j] is the distance between the first i characters of source and the first j of
    // target.
    var rows = [Array(0...target.count)]
    for i in source.indices {
      var row = [i + 1]
      for j in target.indices {
        let replaced = rows[i][j] + (source[i] == target[j] ? 0 : 1)
        var least = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, source[i] == target[j - 1], source[i - 1] == target[j] {
          least = min(least, rows[i - 1][j - 1] + 1)
        }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[source.count][target.count]
  }
}
