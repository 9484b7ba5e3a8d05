/// A plot of a report: curves with intervals.
public struct ReportPlot: Sendable, Equatable {
  /// A place on a curve.
  public struct Place: Sendable, Equatable {
    /// Position.
    public var x: Double
    /// Value: of several seeds their mean.
    public var y: Double
    /// Half the width of the 95 % interval; NaN for a single value.
    public var halfWidth: Double

    /// A place; `halfWidth` is NaN for a single value.
    public init(x: Double, y: Double, halfWidth: Double) {
      self.x = x
      self.y = y
      self.halfWidth = halfWidth
    }
  }

  /// One curve.
  public struct Series: Sendable, Equatable {
    /// Its name in the legend; empty for the only one.
    public var name: String
    /// Its places, by ascending x.
    public var places: [Place]
    /// Whether it is read on the axis at the right.
    public var isOnSecondAxis = false
    /// Whether all above it is shaded: what it is the lower border of.
    public var shadesAbove = false

    /// A curve; its places lie by ascending x.
    public init(
      name: String, places: [Place], isOnSecondAxis: Bool = false, shadesAbove: Bool = false
    ) {
      self.name = name
      self.places = places
      self.isOnSecondAxis = isOnSecondAxis
      self.shadesAbove = shadesAbove
    }
  }

  /// How the series are drawn.
  public enum Style: Sendable, Equatable {
    /// As curves over numbers.
    case curves
    /// As parts of bars, one bar for each category; place i of a series is its part of bar i.
    case stackedBars(categories: [String])
  }

  /// What it shows.
  public var title: String
  /// Label of the horizontal axis with its unit.
  public var xLabel: String
  /// Label of the vertical axis with its unit.
  public var yLabel: String
  /// The curves.
  public var series: [Series]
  /// How they are drawn.
  public var style: Style
  /// Whether the horizontal axis is logarithmic.
  public var isXLogarithmic: Bool
  /// Whether the vertical axis is logarithmic.
  public var isYLogarithmic: Bool
  /// Label of the axis at the right; nil for none.
  public var secondYLabel: String?

  /// A plot; without more words, curves over linear axes.
  public init(
    title: String, xLabel: String, yLabel: String, series: [Series], style: Style = .curves,
    isXLogarithmic: Bool = false, isYLogarithmic: Bool = false, secondYLabel: String? = nil
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.style = style
    self.isXLogarithmic = isXLogarithmic
    self.isYLogarithmic = isYLogarithmic
    self.secondYLabel = secondYLabel
  }
}

extension ReportPlot {
  /// Draws `variable` over `x`, a swept key, an axis of the variable or another variable, with a curve
  /// for each value of `series`. Points that differ in nothing but their seed are one place with an
  /// interval; over another variable they lie at its mean.
  ///
  /// Throws ``ResultError`` if there is no such variable or axis, or it holds no numbers.
  init(
    _ variable: String, x: String, series: String?, reduction: ReportItem.Reduction,
    title: String, points: [PointResult]
  ) throws(ResultError) {
    let owners = points.filter { $0[variable]?.values.numbers != nil }
    guard let sample = owners.first?[variable] else { throw .malformed(variable) }
    let isSwept = owners.contains { $0.settings.contains { $0.path == x } }
    let isOverVariable =
      !isSwept && !sample.dimensions.contains(x)
      && owners.allSatisfy { $0[x]?.values.numbers != nil }
    guard isSwept || isOverVariable || sample.dimensions.contains(x) else {
      throw .malformed("\(variable) over \(x)")
    }
    // Curves differ in the series and, if none is named, in every swept key but the seed that is not
    // drawn over and not bound to what is.
    let bound = Self.keys(boundTo: x, in: owners)
    var values: [(series: String, x: Double, y: Double)] = []
    for point in owners {
      guard let own = point[variable], let numbers = own.values.numbers else { continue }
      let name = point.settings.filter { setting in
        series.map { $0 == setting.path } ?? !bound.contains(setting.path)
      }.map { "\($0.path) \($0.text)" }.joined(separator: ", ")
      if isSwept {
        guard let text = point.settings.first(where: { $0.path == x })?.text,
          let position = Units.number(of: text), let y = reduction.reduce(numbers)
        else { continue }
        values.append((name, position, y))
      } else if isOverVariable {
        let alike = owners.filter { $0.settings.withoutSeed == point.settings.withoutSeed }
        let positions = alike.compactMap { $0[x]?.values.numbers.flatMap(reduction.reduce) }
        guard !positions.isEmpty, let y = reduction.reduce(numbers) else { continue }
        values.append((name, positions.reduce(0, +) / Double(positions.count), y))
      } else {
        let axis = own.dimensions.firstIndex(of: x) ?? 0
        let inner = own.shape[(axis + 1)...].reduce(1, *)
        let coordinates = point[x]?.values.numbers
        for place in 0..<own.shape[axis] {
          let there = numbers.indices.filter { $0 / inner % own.shape[axis] == place }
          guard let y = reduction.reduce(there.map { numbers[$0] }) else { continue }
          values.append((name, coordinates?[place] ?? Double(place), y))
        }
      }
    }
    var curves: [Series] = []
    for (name, position, _) in values {
      let index = curves.firstIndex { $0.name == name } ?? curves.count
      if index == curves.count { curves.append(Series(name: name, places: [])) }
      guard !curves[index].places.contains(where: { $0.x == position }) else { continue }
      let interval = Interval(
        values.filter { $0.series == name && $0.x == position }.map(\.y))
      curves[index].places.append(
        Place(x: position, y: interval.mean, halfWidth: interval.halfWidth))
    }
    for index in curves.indices { curves[index].places.sort { $0.x < $1.x } }
    func label(_ name: String, _ units: String?) -> String {
      units.map { $0 == "1" ? name : "\(name) (\($0))" } ?? name
    }
    self.init(
      title: title.isEmpty ? "\(variable) over \(x)" : title,
      xLabel: label(x, isOverVariable ? owners.first?[x]?.units : nil),
      yLabel: label(variable, sample.units), series: curves)
  }

  /// The same with one more curve: the places that no other is both left of and below, or level with
  /// and better (the Pareto front, where less is better on both axes).
  package func markingFront() -> ReportPlot {
    var plot = self
    var lowest = Double.infinity
    var front: [Place] = []
    for place in series.flatMap(\.places).sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) })
    where place.y < lowest {
      lowest = place.y
      front.append(Place(x: place.x, y: place.y, halfWidth: .nan))
    }
    plot.series.append(Series(name: "Pareto front", places: front))
    return plot
  }

  /// The seed, `x`, and the keys that have one value only for each value of `x`, as in a zip.
  private static func keys(boundTo x: String, in points: [PointResult]) -> Set<String> {
    var bound: Set<String> = ["seed", x]
    func value(_ path: String, _ point: PointResult) -> String? {
      point.settings.first { $0.path == path }?.text
    }
    guard points.contains(where: { value(x, $0) != nil }) else { return bound }
    for path in Set(points.flatMap { $0.settings.map(\.path) }) {
      let pairs = points.map { (value(x, $0) ?? "", value(path, $0) ?? "") }
      let byX = Dictionary(grouping: pairs, by: \.0).values
      if byX.allSatisfy({ group in group.allSatisfy { $0.1 == group[0].1 } }) { bound.insert(path) }
    }
    return bound
  }
}

extension [PointResult.Setting] {
  /// Those that make points of one configuration differ from others.
  fileprivate var withoutSeed: Self { filter { $0.path != "seed" } }
}
