// Normal numbers from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011) by Box and Muller. 16 blocks of 4 words at a time.

CK_INLINE void multiplyWide(U16 x, uint32_t factor, U16 *high, U16 *low) {
  UL16 product = __builtin_convertvector(x, UL16) * (uint64_t)factor;
  *high = __builtin_convertvector(product >> 32, U16);
  *low = x * factor;
}

CK_INLINE void philox16(U16 word[4], uint64_t seed) {
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++, key0 += 0x9e3779b9u, key1 += 0xbb67ae85u) {
    U16 high0, low0, high1, low1;
    multiplyWide(word[0], 0xd2511f53u, &high0, &low0);
    multiplyWide(word[2], 0xcd9e8d57u, &high1, &low1);
    word[0] = high1 ^ word[1] ^ key0;
    word[1] = low1;
    word[2] = high0 ^ word[3] ^ key1;
    word[3] = low0;
  }
}

/// Two normal numbers from two words.
CK_INLINE void boxMuller16(U16 first, U16 second, V16 *cosine, V16 *sine) {
  V16 u1 = __builtin_convertvector(__builtin_bit_cast(I16, (first >> 8) + 1), V16) * 0x1p-24f;
  V16 u2 = __builtin_convertvector(__builtin_bit_cast(I16, second >> 8), V16) * 0x1p-24f;
  V16 radius = __builtin_elementwise_sqrt(splat(-2.0f) * log16(u1));
  V16 s, c;
  sinCos16(u2, &s, &c);
  *cosine = radius * c;
  *sine = radius * s;
}

/// Elements 4 * block ... 4 * block + 63 of the stream.
CK_INLINE void normal64(uint64_t block, uint64_t seed, uint64_t stream, float deviation,
                        V16 x[4]) {
  UL16 blocks = block + __builtin_convertvector(laneIndex, UL16);
  U16 word[4] = {__builtin_convertvector(blocks, U16), __builtin_convertvector(blocks >> 32, U16),
                 (U16)(uint32_t)stream, (U16)(uint32_t)(stream >> 32)};
  philox16(word, seed);
  V16 n[4];
  boxMuller16(word[0], word[1], &n[0], &n[1]);
  boxMuller16(word[2], word[3], &n[2], &n[3]);
  // A transposition: from one vector a word to one vector for 4 blocks.
  V16 even0 = zipLow(n[0], n[2]), even1 = zipHigh(n[0], n[2]);
  V16 odd0 = zipLow(n[1], n[3]), odd1 = zipHigh(n[1], n[3]);
  x[0] = zipLow(even0, odd0) * deviation;
  x[1] = zipHigh(even0, odd0) * deviation;
  x[2] = zipLow(even1, odd1) * deviation;
  x[3] = zipHigh(even1, odd1) * deviation;
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
