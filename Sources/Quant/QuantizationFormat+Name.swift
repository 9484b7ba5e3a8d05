/// Names such as `int4:g64:float32`, `uint8:tensor:float16:stochastic`, `mxfp4` and `bfloat16`.
extension QuantizationFormat: CustomStringConvertible {
  /// Short names of formats that others have named, with what they stand for.
  public static let aliases: [(name: String, meaning: String)] = [
    ("mxfp4", "fp4-e2m1:g32:e8m0"), ("mxfp6-e2m3", "fp6-e2m3:g32:e8m0"),
    ("mxfp6-e3m2", "fp6-e3m2:g32:e8m0"), ("mxfp8-e4m3", "fp8-e4m3:g32:e8m0"),
    ("mxfp8-e5m2", "fp8-e5m2:g32:e8m0"), ("mxint8", "int8-mx:g32:e8m0"),
    ("nvfp4", "fp4-e2m1:g16:double"), ("qlora", "nf4:g64:double"),
  ]

  /// The full name: element, group size and scale, then what is not the default of the element.
  /// ``init(named:)`` reads it back.
  public var name: String {
    var parts = [element.name]
    if scale != .none {
      parts.append(groupSize == Self.wholeTensor ? "tensor" : "g\(groupSize)")
    }
    if scale != .none || element.format.defaultScale != .none { parts.append(scale.rawValue) }
    if rounding != .nearest { parts.append(rounding.rawValue) }
    if scale != .none, clipping != element.format.defaultClipping { parts.append(clipping.name) }
    if let rotation { parts.append(rotation.name) }
    return parts.joined(separator: ":")
  }

  public var description: String { name }

  /// The format that a name spells. An element or a short name comes first; what follows it may be
  /// in any order and left out, and is then the element's default: `int4`, `int4:g32`,
  /// `mxfp4:stochastic`, `int4:float16:g32:mse:had32`.
  ///
  /// Throws `unknownName`, and what `init` throws.
  public init(named name: String) throws(QuantError) {
    var parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    var element = Element(named: parts[0])
    var options = Options()
    if let alias = Self.aliases.first(where: { $0.name == parts[0] }) {
      let meaning = alias.meaning.split(separator: ":").map(String.init)
      element = Element(named: meaning[0])
      // What the short name says may be said otherwise behind it.
      for part in meaning.dropFirst() { options.take(part, asDefault: true) }
    }
    guard let element else { throw .unknownName(name, part: parts[0]) }
    parts.removeFirst()
    for part in parts {
      guard options.take(part, asDefault: false) else { throw .unknownName(name, part: part) }
    }
    try self.init(
      element, groupSize: options.groupSize.value, scale: options.scale.value,
      rounding: options.rounding.value ?? .nearest, clipping: options.clipping.value,
      rotation: options.rotation.value)
  }
}

/// The parts of a name behind the first.
private struct Options {
  struct Option<Value> {
    var value: Value?
    var isGiven = false

    /// False if it was given before.
    mutating func set(_ new: Value, asDefault: Bool) -> Bool {
      if isGiven { return false }
      (value, isGiven) = (new, !asDefault)
      return true
    }
  }

  var groupSize = Option<Int>()
  var scale = Option<ScaleFormat>()
  var rounding = Option<Rounding>()
  var clipping = Option<Clipping>()
  var rotation = Option<Rotation>()

  /// False if the part means nothing or comes twice.
  @discardableResult
  mutating func take(_ part: String, asDefault: Bool) -> Bool {
    if part == "tensor" {
      return groupSize.set(QuantizationFormat.wholeTensor, asDefault: asDefault)
    }
    if part.first == "g", let size = Int(part.dropFirst()), "g\(size)" == part,
      size != QuantizationFormat.wholeTensor
    {
      return groupSize.set(size, asDefault: asDefault)
    }
    if let format = ScaleFormat(rawValue: part) { return scale.set(format, asDefault: asDefault) }
    if let mode = Rounding(rawValue: part) { return rounding.set(mode, asDefault: asDefault) }
    if let clip = Clipping(name: part) { return clipping.set(clip, asDefault: asDefault) }
    if let turn = Rotation(name: part) { return rotation.set(turn, asDefault: asDefault) }
    return false
  }
}

extension Rotation {
  /// `had64` with the seed 0, else `had64-7`.
  public var name: String { "had\(size)" + (seed == 0 ? "" : "-\(seed)") }

  /// What `name` says; nil if it is none.
  public init?(name: String) {
    guard name.hasPrefix("had") else { return nil }
    let parts = name.dropFirst(3).split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let size = Int(parts[0]),
      let seed = parts.count == 2 ? UInt32(parts[1]) : 0,
      let rotation = try? Rotation(size: size, seed: seed), rotation.name == name
    else { return nil }
    self = rotation
  }
}
