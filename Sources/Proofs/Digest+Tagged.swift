extension Digest {
  /// Hash for one named purpose: SHA-256 over the tag and each part's canonical bytes, each of them
  /// preceded by its length (u32, little endian).
  ///
  /// Different tags, different numbers of parts and differently split parts never hash the same
  /// bytes, so a digest made for one purpose cannot pass for another.
  public static func tagged<each Part: CanonicalCodable>(
    _ tag: String, _ parts: repeat each Part
  ) -> Digest {
    var writer = CanonicalWriter()
    writer.append(tag)
    for part in repeat each parts {
      writer.append(part.canonicalBytes)
    }
    return SHA256.hash(writer.bytes)
  }
}
