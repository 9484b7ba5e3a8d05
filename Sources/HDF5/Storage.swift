internal import CHDF5
internal import Glibc

/// How a dataset of numbers lies in the file.
public enum Storage: Hashable, Sendable {
  /// `contiguous` up to 4 KiB; above that `compressed` if a look at the values promises a quarter
  /// less, else `checked`.
  case automatic
  /// One stretch of bytes as they are, without a checksum.
  case contiguous
  /// Chunks of at most about 1 MiB as they are, each with a Fletcher-32 checksum.
  case checked
  /// Chunks of at most about 1 MiB, each shuffled, deflated (gzip level 1) and with a Fletcher-32
  /// checksum. A dataset without elements is contiguous.
  case compressed

  /// Datasets of at most this many bytes are not worth compressing.
  static let smallByteCount = 4096
  static let chunkByteCount = 1 << 20

  /// Whether deflating values is worth its time: it takes 10 to 20 ms a MiB, a large part of what
  /// computing random-looking bytes, such as packed gradients, takes.
  ///
  /// Decided by the entropy of single bytes, plane by plane as shuffling lays them, in some
  /// stretches of the values.
  package static func isWorthDeflating(_ bytes: UnsafeRawBufferPointer, elementBytes: Int) -> Bool {
    let (stretches, length) = (16, 512)
    let count = bytes.count / elementBytes
    let step = max(1, count / stretches)
    var bits = 0.0
    for plane in 0..<elementBytes {
      var histogram = [Int](repeating: 0, count: 256)
      var total = 0
      for start in stride(from: 0, to: count, by: step) {
        for index in start..<min(count, start + length) {
          histogram[Int(bytes[index * elementBytes + plane])] += 1
          total += 1
        }
      }
      for frequency in histogram where frequency > 0 {
        bits += entropy(frequency, of: total)
      }
    }
    return bits < 0.75 * 8 * Double(elementBytes)
  }

  /// What one value adds to the entropy in bits.
  private static func entropy(_ frequency: Int, of total: Int) -> Double {
    let share = Double(frequency) / Double(total)
    return -share * log2(share)
  }

  /// The chunk for a shape: the shape itself, its first axes halved until the chunk is small
  /// enough.
  package static func chunkShape(_ shape: [Int], elementBytes: Int) -> [Int] {
    var chunk = shape
    var axis = 0
    while axis < chunk.count, chunk.reduce(elementBytes, *) > chunkByteCount {
      if chunk[axis] > 1 { chunk[axis] = (chunk[axis] + 1) / 2 } else { axis += 1 }
    }
    return chunk
  }
}

/// Makes the library's objects for a new dataset.
enum Layout {
  /// The number of elements of a shape; 1 for the shape `[]` of a scalar.
  static func elementCount(
    _ shape: [Int], elementBytes: Int, _ place: HDF5Error.Place
  ) throws(HDF5Error) -> Int {
    guard shape.count <= Int(get_H5S_MAX_RANK()) else {
      throw .invalidArgument(place, message: "\(shape.count) axes are more than HDF5 has")
    }
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw .invalidArgument(place, message: "the shape \(shape) has a negative axis")
    }
    if shape.contains(0) { return 0 }
    var byteCount = elementBytes
    for length in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: length)
      guard !overflow else {
        throw .invalidArgument(place, message: "the shape \(shape) is too large")
      }
      byteCount = product
    }
    return byteCount / elementBytes
  }

  static func space(_ shape: [Int], _ place: HDF5Error.Place) throws(HDF5Error) -> Identifier {
    guard !shape.isEmpty else { return try Identifier(H5Screate(H5S_SCALAR), place) }
    let dimensions = shape.map { hsize_t($0) }
    return try Identifier(H5Screate_simple(Int32(shape.count), dimensions, nil), place)
  }

  /// Settings of every new dataset: attributes in order of creation, no times.
  static func creationList(_ place: HDF5Error.Place) throws(HDF5Error) -> Identifier {
    let list = try Identifier(H5Pcreate(get_H5P_DATASET_CREATE()), place)
    let flags = get_H5P_CRT_ORDER_TRACKED() | get_H5P_CRT_ORDER_INDEXED()
    try Library.check(H5Pset_attr_creation_order(list.value, flags), place)
    try Library.check(H5Pset_obj_track_times(list.value, false), place)
    return list
  }

  /// Values that were never written read as NaN, not as a plausible zero.
  static func setFill(
    _ list: Identifier, _ elementType: ElementType, _ place: HDF5Error.Place
  ) throws(HDF5Error) {
    switch elementType {
    case .float32:
      var fill = Float.nan
      try Library.check(H5Pset_fill_value(list.value, get_H5T_NATIVE_FLOAT(), &fill), place)
    case .float64:
      var fill = Double.nan
      try Library.check(H5Pset_fill_value(list.value, get_H5T_NATIVE_DOUBLE(), &fill), place)
    default: break
    }
  }

  static func setStorage(
    _ list: Identifier, _ storage: Storage, shape: [Int], elementBytes: Int, count: Int,
    _ place: HDF5Error.Place
  ) throws(HDF5Error) {
    switch storage {
    case .contiguous: return
    case .automatic where count * elementBytes <= Storage.smallByteCount: return
    case .automatic, .checked, .compressed:
      // A scalar cannot be cut into chunks, and nothing need not be.
      guard !shape.isEmpty, count > 0 else { return }
      let chunk = Storage.chunkShape(shape, elementBytes: elementBytes).map { hsize_t($0) }
      try Library.check(H5Pset_chunk(list.value, Int32(chunk.count), chunk), place)
      if storage != .checked {
        try Library.check(H5Pset_shuffle(list.value), place)
        // Higher levels take several times as long for a tenth of the bytes.
        try Library.check(H5Pset_deflate(list.value, 1), place)
      }
      try Library.check(H5Pset_fletcher32(list.value), place)
    }
  }

  /// The shape of a data space; `[0]` for one without any elements.
  static func shape(
    ofSpace space: Identifier, _ place: HDF5Error.Place
  ) throws(HDF5Error) -> [Int] {
    guard H5Sget_simple_extent_type(space.value) != H5S_NULL else { return [0] }
    let rank = Int(try Library.check(H5Sget_simple_extent_ndims(space.value), place))
    var dimensions = [hsize_t](repeating: 0, count: rank)
    try Library.check(H5Sget_simple_extent_dims(space.value, &dimensions, nil), place)
    return dimensions.map { Int(clamping: $0) }
  }
}
