import Proofs
import Testing

/// PoGO's own hashes against a second implementation, Tests/Vectors/make_proofs_vectors.py.
@Suite struct OwnVectorTests {
  @Test func taggedHashes() {
    #expect(
      Digest.tagged("tag").hex
        == "95f94ca9d1a9bfae8b7822e898512114abdce9276200a70ab15cdbb0838c0c5f")
    #expect(
      Digest.tagged("tag", UInt64(7), "é").hex
        == "9b2aaa198e64a586e6f8523ab24780c4b582c86a548d765d1a3a5b84956c3dba")
  }

  @Test func samplerStream() {
    var sampler = SeededSampler(seed: countingSeed, domain: "leaves")
    #expect(
      (0..<5).map { _ in sampler.next() } == [
        620_602_517_052_920_717, 16_656_593_924_812_210_860, 1_544_624_382_278_515_919,
        3_498_908_374_070_719_140,
        5_612_568_310_799_649_945,
      ])
    #expect(
      (0..<8).map { _ in sampler.uniform(below: 1000) }
        == [804, 107, 224, 353, 995, 326, 840, 330])
    #expect(
      (0..<4).map { _ in sampler.uniform(below: 3 << 62) } == [
        6_556_138_364_188_344_224, 10_009_432_898_858_468_976, 10_370_392_340_517_084_807,
        9_929_863_550_839_102_227,
      ])
    #expect(
      sampler.distinctIndices(10, below: 1_000_000) == [
        36505, 58337, 233992, 287852, 459052, 517658, 627485, 671941, 738651, 985313,
      ])
    #expect(sampler.distinctIndices(9, below: 12) == [1, 3, 4, 5, 6, 7, 9, 10, 11])
  }

  @Test func beaconChain() throws {
    let beacon = HashChainBeacon(secret: countingSeed, rounds: 5)
    #expect(
      try beacon.value(round: 3).hex
        == "85ff485eff46a69d933e7d2ad9b31d0bc5e55236a4dd036a2fde28a11d04b53c")
    #expect(
      beacon.anchor.hex == "72fbc82636b27ce79284043ef8be7e840c12b5119a9e4ce75f9383c841b8cf5c")
  }

  @Test func commitmentEncodingAndDigest() throws {
    let data = (0..<1000).map { UInt8($0 * 7 % 256) }
    let tree = MerkleTree(bytes: data, leafSize: 64)
    #expect(
      tree.root.hex == "2aa372acb2b7d9bab61b54716793292bad51e7dc343cd53882a637e95de34c1e")
    let commitment = try Commitment(kind: .gradient, tree: tree, byteCount: 1000, leafSize: 64)
    #expect(
      Hexadecimal.encode(commitment.canonicalBytes)
        == "03e80300000000000040000000" + tree.root.hex)
    #expect(
      commitment.digest.hex
        == "deb0c4f677ee12255662fb11ad4691d82176b7fba47f721c05226f1c02c62df1")
  }

  @Test func vrfKeyOfASeed() throws {
    let fromSeed = try VRFPrivateKey(seed: countingSeed)
    let fromScalar = try VRFPrivateKey(
      secretScalar: bytes("acbbbea0e1d92266edc3cb3222abdbb8240c07ad1f0f71b921740abf7f4a4d96"))
    #expect(fromSeed.publicKey == fromScalar.publicKey)
    // The point of that scalar as the Python package cryptography computes it.
    #expect(
      fromSeed.publicKey.hex
        == "035993b2ca6a161ff96a21dad67cd858904a32de182c13103aca743dc003f833bb")
  }
}
