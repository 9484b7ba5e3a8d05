internal import COpenSSL

/// NIST P-256 for the VRF: thin owners of OpenSSL's objects. All failures become `VRFError`.
final class P256: @unchecked Sendable {
  // Shared by all threads: neither is changed after `init`.
  let group: OpaquePointer
  let order: OpaquePointer

  /// The curve.
  static let curve = P256()

  /// Bytes of a number below the order, big endian.
  static let scalarByteCount = 32
  /// Bytes of a point, compressed (SEC 1, 2.3.3).
  static let pointByteCount = 33

  private init() {
    guard let group = EC_GROUP_new_by_curve_name(pogo_nid_p256()),
      let order = EC_GROUP_get0_order(group)
    else { preconditionFailure("this OpenSSL has no P-256") }
    self.group = group
    self.order = order
  }

  deinit {
    EC_GROUP_free(group)
  }

  /// Throws `openSSLFailure` unless `status` is 1.
  static func check(_ status: Int32, _ call: String) throws(VRFError) {
    guard status == 1 else {
      ERR_clear_error()
      throw .openSSLFailure(call: call)
    }
  }
}

/// Owner of a `BN_CTX`, OpenSSL's scratch memory; one for each operation.
final class P256Scratch {
  let pointer: OpaquePointer

  init() {
    guard let pointer = BN_CTX_new() else { preconditionFailure("out of memory for P-256") }
    self.pointer = pointer
  }

  deinit {
    BN_CTX_free(pointer)
  }
}

/// A number modulo the order of P-256. Not changed after it is made.
final class P256Scalar: @unchecked Sendable {
  let pointer: OpaquePointer

  private init() {
    guard let pointer = BN_new() else { preconditionFailure("out of memory for P-256") }
    self.pointer = pointer
  }

  deinit {
    BN_clear_free(pointer)
  }

  /// The big-endian number `bytes` (at most 32); throws `scalarOutOfRange` unless it is below the
  /// order. A secret one stays on OpenSSL's constant-time paths.
  convenience init(
    bigEndian bytes: some Collection<UInt8>, secret: Bool, field: String
  ) throws(VRFError) {
    self.init()
    let copy = Array(bytes)
    guard BN_bin2bn(copy, Int32(copy.count), pointer) != nil else {
      throw .openSSLFailure(call: "BN_bin2bn")
    }
    if secret { BN_set_flags(pointer, pogo_bn_flag_constant_time()) }
    guard BN_cmp(pointer, P256.curve.order) < 0 else { throw .scalarOutOfRange(field: field) }
  }

  /// The big-endian number `bytes` modulo the order.
  static func reducing(
    bigEndian bytes: [UInt8], _ scratch: P256Scratch
  ) throws(VRFError) -> P256Scalar {
    let result = P256Scalar()
    guard BN_bin2bn(bytes, Int32(bytes.count), result.pointer) != nil else {
      throw .openSSLFailure(call: "BN_bin2bn")
    }
    try P256.check(
      BN_nnmod(result.pointer, result.pointer, P256.curve.order, scratch.pointer), "BN_nnmod")
    return result
  }

  var isZero: Bool { BN_is_zero(pointer) == 1 }

  /// 32 bytes, big endian.
  func bytes() throws(VRFError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: P256.scalarByteCount)
    guard BN_bn2binpad(pointer, &bytes, Int32(bytes.count)) == Int32(bytes.count) else {
      throw .openSSLFailure(call: "BN_bn2binpad")
    }
    return bytes
  }

  /// -self.
  func negated(_ scratch: P256Scratch) throws(VRFError) -> P256Scalar {
    let result = P256Scalar()
    try P256.check(BN_sub(result.pointer, P256.curve.order, pointer), "BN_sub")
    try P256.check(
      BN_nnmod(result.pointer, result.pointer, P256.curve.order, scratch.pointer), "BN_nnmod")
    return result
  }

  /// self + factor * other.
  func adding(
    _ factor: P256Scalar, times other: P256Scalar, _ scratch: P256Scratch
  ) throws(VRFError) -> P256Scalar {
    let order = P256.curve.order
    let result = P256Scalar()
    try P256.check(
      BN_mod_mul(result.pointer, factor.pointer, other.pointer, order, scratch.pointer),
      "BN_mod_mul")
    try P256.check(
      BN_mod_add(result.pointer, result.pointer, pointer, order, scratch.pointer), "BN_mod_add")
    return result
  }
}

/// A point of P-256, possibly the one at infinity. Not changed after it is made.
final class P256Point: @unchecked Sendable {
  let pointer: OpaquePointer

  private init() {
    guard let pointer = EC_POINT_new(P256.curve.group) else {
      preconditionFailure("out of memory for P-256")
    }
    self.pointer = pointer
  }

  deinit {
    EC_POINT_clear_free(pointer)
  }

  /// The point with this compressed encoding, or nil: 33 bytes, the first one 2 or 3, then an x
  /// coordinate below the prime of a point on the curve (RFC 9381, string_to_point of suite 1).
  convenience init?(compressed bytes: [UInt8], _ scratch: P256Scratch) {
    guard bytes.count == P256.pointByteCount, bytes[0] == 2 || bytes[0] == 3 else { return nil }
    self.init()
    let group = P256.curve.group
    guard EC_POINT_oct2point(group, pointer, bytes, bytes.count, scratch.pointer) == 1 else {
      ERR_clear_error()
      return nil
    }
  }

  /// The 33 bytes of the compressed encoding. Throws `pointAtInfinity`, which has none;
  /// `field` names the point.
  func compressed(_ field: String, _ scratch: P256Scratch) throws(VRFError) -> [UInt8] {
    let group = P256.curve.group
    guard EC_POINT_is_at_infinity(group, pointer) == 0 else {
      throw .pointAtInfinity(field: field)
    }
    var bytes = [UInt8](repeating: 0, count: P256.pointByteCount)
    let written = EC_POINT_point2oct(
      group, pointer, POINT_CONVERSION_COMPRESSED, &bytes, bytes.count, scratch.pointer)
    guard written == bytes.count else { throw .openSSLFailure(call: "EC_POINT_point2oct") }
    return bytes
  }

  /// scalar * generator.
  static func generator(
    times scalar: P256Scalar, _ scratch: P256Scratch
  ) throws(VRFError) -> P256Point {
    let result = P256Point()
    let status = EC_POINT_mul(
      P256.curve.group, result.pointer, scalar.pointer, nil, nil, scratch.pointer)
    try P256.check(status, "EC_POINT_mul")
    return result
  }

  /// scalar * self.
  func times(_ scalar: P256Scalar, _ scratch: P256Scratch) throws(VRFError) -> P256Point {
    let result = P256Point()
    let status = EC_POINT_mul(
      P256.curve.group, result.pointer, nil, pointer, scalar.pointer, scratch.pointer)
    try P256.check(status, "EC_POINT_mul")
    return result
  }

  /// self + other.
  func plus(_ other: P256Point, _ scratch: P256Scratch) throws(VRFError) -> P256Point {
    let result = P256Point()
    let status = EC_POINT_add(
      P256.curve.group, result.pointer, pointer, other.pointer, scratch.pointer)
    try P256.check(status, "EC_POINT_add")
    return result
  }
}
