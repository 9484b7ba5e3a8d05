// Packed groups of 4-bit and 8-bit codes: docs/quantization.md is the definition. Whole groups only;
// their size is a multiple of 32.

typedef uint8_t B16 __attribute__((ext_vector_type(16)));
typedef uint16_t S8 __attribute__((ext_vector_type(8)));
typedef uint8_t B8 __attribute__((ext_vector_type(8)));
typedef uint32_t U8 __attribute__((ext_vector_type(8)));
typedef uint32_t U4 __attribute__((ext_vector_type(4)));
typedef int8_t C16 __attribute__((ext_vector_type(16)));
typedef B16 B16Unaligned __attribute__((aligned(1)));
typedef B8 B8Unaligned __attribute__((aligned(1)));

/// table[index] for indices below 16.
CK_INLINE V16 lookup16(V16 table, I16 index) {
#if CK_LEVEL == 2
  return _mm512_permutexvar_ps(__builtin_bit_cast(__m512i, index), table);
#elif CK_LEVEL == 1
  I8 half[2] = {index.lo, index.hi};
  V8 first = table.lo, second = table.hi, r[2];
  for (int i = 0; i < 2; i++) {
    __m256i at = __builtin_bit_cast(__m256i, half[i]);
    // The permutation looks at three bits; the fourth chooses the half of the table.
    __m256 choice = _mm256_castsi256_ps(_mm256_slli_epi32(at, 28));
    r[i] = _mm256_blendv_ps(_mm256_permutevar8x32_ps(first, at),
                            _mm256_permutevar8x32_ps(second, at), choice);
  }
  V16 both;
  both.lo = r[0];
  both.hi = r[1];
  return both;
#else
  V16 r;
  for (int i = 0; i < 16; i++) r[i] = table[index[i]];
  return r;
#endif
}

/// table[index & 15] for bytes below 128.
CK_INLINE B16 lookupBytes(B16 table, B16 index) {
#if CK_LEVEL > 0
  return __builtin_bit_cast(B16, _mm_shuffle_epi8(__builtin_bit_cast(__m128i, table),
                                                  __builtin_bit_cast(__m128i, index)));
#else
  B16 r;
  for (int i = 0; i < 16; i++) r[i] = table[index[i] & 15];
  return r;
#endif
}

/// The low bytes of 16 numbers.
CK_INLINE B16 lowBytes(I16 x) { return __builtin_convertvector(__builtin_bit_cast(U16, x), B16); }

/// 16 codes of 4 bits in 8 bytes, the first of two in the low half.
CK_INLINE B8 packNibbles(B16 codes) {
  S8 pairs = __builtin_bit_cast(S8, codes);
  return __builtin_convertvector(pairs | pairs >> 4, B8);
}

#if CK_LEVEL == 1
/// half[index & 7].
CK_INLINE V16 lookupHalf(V8 half, I16 index) {
  I8 low = index.lo, high = index.hi;
  V16 r;
  r.lo = _mm256_permutevar8x32_ps(half, __builtin_bit_cast(__m256i, low));
  r.hi = _mm256_permutevar8x32_ps(half, __builtin_bit_cast(__m256i, high));
  return r;
}
#endif

/// 16 more than the rank of each number among the values of a table of 16, between which lie the
/// thresholds tree[1 ... 15], a binary tree whose node i has the children 2 i and 2 i + 1. A number
/// on a threshold has the even rank.
CK_INLINE I16 rank16(V16 x, V16 tree) {
#if CK_LEVEL == 0
  // The sum over all thresholds, in the order of the tree's nodes.
  I16 rank = 16 - (I16)(x > tree[8]);
  for (int i = 1; i < 8; i++) rank -= (I16)(x >= tree[i]);
  for (int i = 9; i < 16; i++) rank -= (I16)(x > tree[i]);
  return rank;
#else
  I16 at = 2 - (I16)(x >= splat(tree[1]));
#if CK_LEVEL == 2
  at = at + at - (I16)(x >= lookup16(tree, at));
  at = at + at - (I16)(x >= lookup16(tree, at));
  return at + at - (I16)(x > lookup16(tree, at));
#else
  V8 upper = tree.lo, leaves = tree.hi;
  at = at + at - (I16)(x >= lookupHalf(upper, at));
  at = at + at - (I16)(x >= lookupHalf(upper, at));
  return at + at - (I16)(x > lookupHalf(leaves, at));
#endif
#endif
}

/// floor(log2(x)) of the positive finite float with these bits.
CK_INLINE int exponentOf(uint32_t bits) {
  return bits >> 23 ? (int)(bits >> 23) - 127 : -118 - __builtin_clz(bits);
}

CK_INLINE float largestFloat(void) { return 0x1.fffffep127f; }

/// The stored scale of a group, written in front of its codes, and what it stands for.
CK_INLINE float storeScale(const CKQuantization *q, uint32_t magnitude, uint8_t *record) {
  const float absmax = __builtin_bit_cast(float, magnitude);
  if (q->scaleKind == CK_SCALE_E8M0) {
    int exponent = magnitude ? exponentOf(magnitude) - q->largestExponent : -127;
    exponent = exponent < -127 ? -127 : exponent > 127 ? 127 : exponent;
    record[0] = (uint8_t)(exponent + 127);
    const uint32_t bits = exponent > -127 ? (uint32_t)(exponent + 127) << 23 : 1u << 22;
    return __builtin_bit_cast(float, bits);
  }
  float scale = absmax / q->largestValue;
  if (q->scaleKind == CK_SCALE_FLOAT16) {
    const float limited = scale > 65504.0f ? 65504.0f : scale;
    const _Float16 half = (_Float16)limited;
    memcpy(record, &half, 2);
    return (float)half;
  }
  if (scale * q->largestValue > largestFloat()) {
    scale = largestFloat() / q->largestValue;
    if (scale * q->largestValue > largestFloat()) {
      scale = __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, scale) - 1);
    }
  }
  memcpy(record, &scale, 4);
  return scale;
}

