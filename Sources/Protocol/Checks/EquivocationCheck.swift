/// A miner signs one block at a height: `docs/protocol.md`, section 6.1.
public enum EquivocationCheck {
  /// Whether `other` is a second block of the same miner on the same parent.
  public static func contradicts(_ header: BlockHeader, _ other: SignedHeader) -> Bool {
    other.header.miner == header.miner && other.header.parent == header.parent
      && other.header.height == header.height && other.header.digest != header.digest
      && other.hasValidSignature
  }
}
