// Normal numbers from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011) by Box and Muller. 16 blocks of 4 words at a time.

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as halves of 64 bits");

typedef uint64_t UL8 __attribute__((ext_vector_type(8)));

/// Which of 16 blocks is in which lane. Chosen so that the two halves of a word pack, and the four
/// words of a block come together, within 128-bit lanes: shuffles across them cost more.
static const UL16 blockOfLane = {0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15};

/// The low halves of 16 lanes of 64 bits.
CK_INLINE U16 lowHalves(UL16 x) {
  UL8 low = x.lo, high = x.hi;
  return __builtin_shufflevector(__builtin_bit_cast(U16, low), __builtin_bit_cast(U16, high), 0, 2,
                                 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30);
}

/// Blocks first, first + 1, ... first + 15 of the stream: lane 4 * i + j of word[w] is word w of
/// block first + 4 * j + i.
///
/// A word is the low half of 64 bits, where the next product finds it; the high half is ignored.
CK_INLINE void philox16(U16 word[4], uint64_t first, uint64_t seed, uint64_t stream) {
  UL16 block = first + blockOfLane;
  UL16 w0 = block, w1 = block >> 32, w2 = stream, w3 = stream >> 32;
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  // The keys of all rounds are then known before the loop over blocks.
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++, key0 += 0x9e3779b9u, key1 += 0xbb67ae85u) {
    UL16 product0 = (w0 & 0xffffffff) * 0xd2511f53;
    UL16 product1 = (w2 & 0xffffffff) * 0xcd9e8d57;
    w0 = (product1 >> 32) ^ w1 ^ key0;
    w1 = product1;
    w2 = (product0 >> 32) ^ w3 ^ key1;
    w3 = product0;
  }
  word[0] = lowHalves(w0);
  word[1] = lowHalves(w1);
  word[2] = lowHalves(w2);
  word[3] = lowHalves(w3);
}

/// Two normal numbers from two words.
CK_INLINE void boxMuller16(U16 first, U16 second, V16 *cosine, V16 *sine) {
  // u1 = n / 2^24; the division is left to the exponent.
  V16 n = __builtin_convertvector(__builtin_bit_cast(I16, (first >> 8) + 1), V16);
  V16 u2 = __builtin_convertvector(__builtin_bit_cast(I16, second >> 8), V16) * 0x1p-24f;
  V16 radius = __builtin_elementwise_sqrt(splat(-2.0f) * logOfNormal16(n, -24));
  V16 s, c;
  sinCosOfTurns16(u2, &s, &c);
  *cosine = radius * c;
  *sine = radius * s;
}

/// In each 128 bits: lane 0 of a, of b, lane 1 of a, of b.
CK_INLINE V16 interleaveLow(V16 a, V16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}

/// In each 128 bits: lane 2 of a, of b, lane 3 of a, of b.
CK_INLINE V16 interleaveHigh(V16 a, V16 b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15,
                                 31);
}

/// In each 128 bits: lanes 0, 1 (joinHigh: 2, 3) of a, then of b.
CK_INLINE V16 joinLow(V16 a, V16 b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
CK_INLINE V16 joinHigh(V16 a, V16 b) {
  return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30,
                                 31);
}

/// Elements 4 * block ... 4 * block + 63 of the stream.
CK_INLINE void normal64(uint64_t block, uint64_t seed, uint64_t stream, float deviation,
                        V16 x[4]) {
  U16 word[4];
  philox16(word, block, seed, stream);
  V16 n[4];
  boxMuller16(word[0], word[1], &n[0], &n[1]);
  boxMuller16(word[2], word[3], &n[2], &n[3]);
  // A transposition: from one vector a word to one vector for 4 blocks.
  V16 low01 = interleaveLow(n[0], n[1]), high01 = interleaveHigh(n[0], n[1]);
  V16 low23 = interleaveLow(n[2], n[3]), high23 = interleaveHigh(n[2], n[3]);
  x[0] = joinLow(low01, low23) * deviation;
  x[1] = joinHigh(low01, low23) * deviation;
  x[2] = joinLow(high01, high23) * deviation;
  x[3] = joinHigh(high01, high23) * deviation;
}

static void normal(long count, uint64_t seed, uint64_t stream, uint64_t first, float deviation,
                   float *x) {
  long skip = (long)(first % 4);
  uint64_t block = first / 4;
  for (long i = -skip; i < count; i += 64, block += 16) {
    V16 chunk[4];
    normal64(block, seed, stream, deviation, chunk);
    if (i >= 0 && i + 64 <= count) {
      for (int v = 0; v < 4; v++) store(x + i + 16 * v, chunk[v], 16);
      continue;
    }
    long from = i < 0 ? -i : 0, to = count - i < 64 ? count - i : 64;
    memcpy(x + i + from, (const float *)chunk + from, (size_t)(to - from) * sizeof(float));
  }
}
