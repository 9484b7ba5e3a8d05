internal import CHDF5

/// What the elements of a dataset or an attribute are.
public enum ElementType: Hashable, Sendable, CustomStringConvertible {
  case float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  /// UTF-8 (or ASCII) text of any length.
  case string
  /// Text in a field of fixed size. Readable as an attribute only; never written.
  case fixedString(byteCount: Int)
  /// A type that this module does not read.
  case other(String)

  /// The word for it in messages.
  public var description: String {
    switch self {
    case .float32: return "float32"
    case .float64: return "float64"
    case .int8: return "int8"
    case .int16: return "int16"
    case .int32: return "int32"
    case .int64: return "int64"
    case .uint8: return "uint8"
    case .uint16: return "uint16"
    case .uint32: return "uint32"
    case .uint64: return "uint64"
    case .string: return "string"
    case .fixedString(let byteCount): return "string of \(byteCount) bytes"
    case .other(let name): return name
    }
  }
}

/// A number that HDF5 stores. The conformances below are all there are meant to be.
public protocol HDF5Scalar: BitwiseCopyable, Sendable {
  /// The type of the stored element; its size is the size of `Self`.
  static var elementType: ElementType { get }
}

extension Float: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .float32 }
}
extension Double: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .float64 }
}
extension Int8: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .int8 }
}
extension Int16: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .int16 }
}
extension Int32: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .int32 }
}
extension Int64: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .int64 }
}
extension UInt8: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .uint8 }
}
extension UInt16: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .uint16 }
}
extension UInt32: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .uint32 }
}
extension UInt64: HDF5Scalar {
  /// How the file stores it.
  public static var elementType: ElementType { .uint64 }
}

/// The library's ids for a number: in memory, and in a file (little-endian).
struct NumberType {
  let elementType: ElementType
  let byteCount: Int
  let memory: hid_t
  let file: hid_t

  init<T: HDF5Scalar>(_ type: T.Type) {
    guard let number = Self.all.first(where: { $0.elementType == T.elementType }),
      number.byteCount == MemoryLayout<T>.stride
    else { preconditionFailure("\(T.self) is no HDF5Scalar") }
    self = number
  }

  private init(_ elementType: ElementType, _ byteCount: Int, _ memory: hid_t, _ file: hid_t) {
    self.elementType = elementType
    self.byteCount = byteCount
    self.memory = memory
    self.file = file
  }

  /// The library's predefined types keep their ids as long as the process lives.
  static let all: [NumberType] = [
    NumberType(.float32, 4, get_H5T_NATIVE_FLOAT(), get_H5T_IEEE_F32LE()),
    NumberType(.float64, 8, get_H5T_NATIVE_DOUBLE(), get_H5T_IEEE_F64LE()),
    NumberType(.int8, 1, get_H5T_NATIVE_INT8(), get_H5T_STD_I8LE()),
    NumberType(.int16, 2, get_H5T_NATIVE_INT16(), get_H5T_STD_I16LE()),
    NumberType(.int32, 4, get_H5T_NATIVE_INT32(), get_H5T_STD_I32LE()),
    NumberType(.int64, 8, get_H5T_NATIVE_INT64(), get_H5T_STD_I64LE()),
    NumberType(.uint8, 1, get_H5T_NATIVE_UINT8(), get_H5T_STD_U8LE()),
    NumberType(.uint16, 2, get_H5T_NATIVE_UINT16(), get_H5T_STD_U16LE()),
    NumberType(.uint32, 4, get_H5T_NATIVE_UINT32(), get_H5T_STD_U32LE()),
    NumberType(.uint64, 8, get_H5T_NATIVE_UINT64(), get_H5T_STD_U64LE()),
  ]
}

extension ElementType {
  /// Names the type behind a type id. Numbers must be IEEE or two's complement, little-endian, of a
  /// size that Swift has.
  init(typeID: hid_t) {
    switch H5Tget_class(typeID) {
    case H5T_STRING:
      self =
        H5Tis_variable_str(typeID) > 0
        ? .string : .fixedString(byteCount: Int(clamping: H5Tget_size(typeID)))
    case H5T_INTEGER, H5T_FLOAT:
      let number = NumberType.all.first { H5Tequal(typeID, $0.file) > 0 }
      self = number?.elementType ?? .other("number of \(H5Tget_size(typeID)) bytes")
    case H5T_ENUM: self = .other("enumeration")
    case H5T_COMPOUND: self = .other("compound")
    case H5T_VLEN: self = .other("variable-length sequence")
    case H5T_ARRAY: self = .other("array")
    case H5T_OPAQUE: self = .other("opaque")
    case H5T_REFERENCE: self = .other("reference")
    case H5T_BITFIELD: self = .other("bit field")
    default: self = .other("unknown type")
    }
  }

  /// A new id for variable-length UTF-8 text.
  static func textType(_ place: HDF5Error.Place) throws(HDF5Error) -> Identifier {
    let type = try Identifier(H5Tcopy(get_H5T_C_S1()), place)
    try Library.check(H5Tset_size(type.value, get_H5T_VARIABLE()), place)
    try Library.check(H5Tset_cset(type.value, H5T_CSET_UTF8), place)
    return type
  }
}
