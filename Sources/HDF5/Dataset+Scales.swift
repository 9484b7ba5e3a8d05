internal import CHDF5

/// Dimension scales (HDF5 Dimension Scale Specification 1.0): what gives axes their names and
/// coordinates in xarray and netCDF4. Attach every axis of a dataset or none, and name each scale
/// as its dataset.
extension Dataset {
  /// Turns this dataset of one axis into the scale of the dimension `name`.
  public func makeScale(_ name: String) throws(HDF5Error) {
    let place = file.place("make scale '\(name)'", path)
    Library.enter()
    defer { Library.leave() }
    try file.requireOpen(place)
    try requireWritable(place)
    guard !name.utf8.contains(0) else {
      throw .invalidArgument(place, message: "HDF5 text cannot hold a NUL character")
    }
    guard shape.count == 1 else {
      throw .wrongType(place, expected: "one axis", actual: "the shape \(shape)")
    }
    try Library.check(H5DSset_scale(id, name), place)
  }

  /// Makes `scale` the scale of this dataset's axis. Throws `wrongCount` if their lengths differ,
  /// `wrongType` if it is no scale.
  public func attach(_ scale: Dataset, axis: Int) throws(HDF5Error) {
    let place = file.place("attach scale \(scale.path) to axis \(axis)", path)
    Library.enter()
    defer { Library.leave() }
    try file.requireOpen(place)
    try requireWritable(place)
    guard scale.file === file else {
      throw .invalidArgument(place, message: "the scale is in another file, \(scale.file.path)")
    }
    guard shape.indices.contains(axis) else {
      throw .outOfRange(place, lowerBound: axis, upperBound: axis, count: shape.count)
    }
    guard H5DSis_scale(scale.id) > 0 else {
      throw .wrongType(place, expected: "scale", actual: "dataset")
    }
    guard scale.count == shape[axis] else {
      throw .wrongCount(place, expected: shape[axis], actual: scale.count)
    }
    try Library.check(H5DSattach_scale(id, scale.id, UInt32(axis)), place)
  }

  /// Whether this dataset is a dimension scale.
  public var isScale: Bool {
    get throws(HDF5Error) {
      let place = file.place("look up scale", path)
      Library.enter()
      defer { Library.leave() }
      try file.requireOpen(place)
      return try Library.check(H5DSis_scale(id), place) > 0
    }
  }

  /// Whether `scale` is attached to this axis.
  public func isAttached(_ scale: Dataset, axis: Int) throws(HDF5Error) -> Bool {
    let place = file.place("look up scale \(scale.path) of axis \(axis)", path)
    Library.enter()
    defer { Library.leave() }
    try file.requireOpen(place)
    guard shape.indices.contains(axis) else {
      throw .outOfRange(place, lowerBound: axis, upperBound: axis, count: shape.count)
    }
    guard scale.file === file else { return false }
    return try Library.check(H5DSis_attached(id, scale.id, UInt32(axis)), place) > 0
  }
}
