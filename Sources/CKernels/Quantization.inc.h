// Packed groups of 4-bit and 8-bit codes: docs/quantization.md is the definition. Whole groups only;
// their size is a multiple of 32.

typedef uint8_t B16 __attribute__((ext_vector_type(16)));
typedef uint16_t S8 __attribute__((ext_vector_type(8)));
typedef uint8_t B8 __attribute__((ext_vector_type(8)));
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

/// The 4 lowest bits of 16 numbers, the first of two in the low half of a byte.
CK_INLINE B8 packLowNibbles(I16 codes) {
#if CK_LEVEL == 2
  __m512i wide = __builtin_bit_cast(__m512i, codes & 15);
  // The second of two numbers lies 28 bits above its place.
  __m512i pairs = _mm512_or_si512(wide, _mm512_srli_epi64(wide, 28));
  const B16 bytes = __builtin_bit_cast(B16, _mm512_cvtepi64_epi8(pairs));
  return bytes.lo;
#else
  return packNibbles(lowBytes(codes & 15));
#endif
}

CK_INLINE void encodeGroup(const CKQuantization *q, long size, const float *x, float scale, V16 tree,
                           B16 codeTable, int bits, int isTable, uint8_t *codes) {
  const V16 divisor = scale, low = -q->largestValue, high = q->largestValue;
  const V16 scaledTree = tree * divisor;
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
  const V16 shift = 0x1.8p23f;
  for (long i = 0; i < size; i += 16) {
    const V16 v = *(const V16Unaligned *)(x + i);
    if (isTable) {
      const B16 code = lookupBytes(codeTable, lowBytes(rank16(v, scaledTree)));
      *(B8Unaligned *)(codes + i / 2) = packNibbles(code);
      continue;
    }
    V16 y = v / divisor;
    y = y < low ? low : y;
    y = y > high ? high : y;
    const I16 whole = bitsOf(y + shift);
    if (bits == 4) {
      *(B8Unaligned *)(codes + i / 2) = packLowNibbles(whole);
    } else {
      *(B16Unaligned *)(codes + i) = lowBytes(whole);
    }
  }
}

#if CK_LEVEL == 2
/// The thresholds in their cells, in units of the scale, and the codes beside them.
typedef struct {
  __m512 thresholds[2];
  __m512i steps[2], codes[2];
  /// Whether numbers may be divided by the scale instead: it is a power of two, so that this is exact but
  /// for numbers that vanish, and no threshold is 0, so that those have the code of 0.
  int dividesNumbers;
} Cells;

CK_INLINE Cells loadCells(const CKQuantization *q) {
  Cells cells;
  cells.dividesNumbers = q->scaleKind == CK_SCALE_E8M0;
  for (int i = 0; i < 2; i++) {
    cells.thresholds[i] = _mm512_loadu_ps(q->cellThresholds + 16 * i);
    cells.steps[i] = _mm512_loadu_si512(q->cellSteps + 16 * i);
    cells.codes[i] = _mm512_loadu_si512(q->cellCodes + 16 * i);
    if (_mm512_cmp_ps_mask(cells.thresholds[i], _mm512_setzero_ps(), _CMP_EQ_OQ)) {
      cells.dividesNumbers = 0;
    }
  }
  return cells;
}

CK_INLINE __m512 stepped(__m512 threshold, __m512i step) {
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(threshold), step));
}

CK_INLINE void encodeByCells(long size, const float *x, float unit, float factor, float offset,
                             __m512 low, __m512 high, const Cells *cells, uint8_t *codes) {
  for (long i = 0; i < size; i += 16) {
    const __m512 v = _mm512_mul_ps(_mm512_loadu_ps(x + i), _mm512_set1_ps(unit));
    // Rounding here may take the cell beside, but only near its end, where both tell the same.
    const __m512i cell =
        _mm512_cvtps_epi32(_mm512_fmadd_ps(v, _mm512_set1_ps(factor), _mm512_set1_ps(offset)));
    const __m512 threshold = _mm512_permutex2var_ps(low, cell, high);
    __m512i code = _mm512_permutex2var_epi32(cells->codes[0], cell, cells->codes[1]);
    const __mmask16 isAbove = _mm512_cmp_ps_mask(v, threshold, _CMP_GE_OQ);
    code = _mm512_mask_srli_epi32(code, isAbove, code, 4);
    *(B8Unaligned *)(codes + i / 2) = packLowNibbles(__builtin_bit_cast(I16, code));
  }
}

/// Finds codes by cells: one threshold to compare with instead of four. The others of this file look
/// into 32 numbers too slowly for that. False, with nothing done, if the group may leave the cells.
CK_INLINE int encodeGroupByCells(const CKQuantization *q, const Cells *cells, long size,
                                 const float *x, uint32_t magnitude, float scale,
                                 uint8_t *codes) {
  const float inverse = 1 / scale;
  // Thresholds times a scale that is this far from the smallest floats are normal numbers, or 0.
  if (!(scale > 0x1p-100f && scale < 0x1p+100f &&
        __builtin_bit_cast(float, magnitude) * inverse <= q->cellLimit)) {
    return 0;
  }
  if (cells->dividesNumbers) {
    encodeByCells(size, x, inverse, q->cellFactor, q->cellOffset,
                  stepped(cells->thresholds[0], cells->steps[0]),
                  stepped(cells->thresholds[1], cells->steps[1]), cells, codes);
    return 1;
  }
  const __m512 unit = _mm512_set1_ps(scale);
  encodeByCells(size, x, 1, inverse * q->cellFactor, q->cellOffset,
                stepped(_mm512_mul_ps(cells->thresholds[0], unit), cells->steps[0]),
                stepped(_mm512_mul_ps(cells->thresholds[1], unit), cells->steps[1]), cells, codes);
  return 1;
}
#else
typedef int Cells;

CK_INLINE Cells loadCells(const CKQuantization *q) {
  (void)q;
  return 0;
}

CK_INLINE int encodeGroupByCells(const CKQuantization *q, const Cells *cells, long size,
                                 const float *x, uint32_t magnitude, float scale,
                                 uint8_t *codes) {
  (void)q, (void)cells, (void)size, (void)x, (void)magnitude, (void)scale, (void)codes;
  return 0;
}
#endif

/// `size` is the group size: where it is a constant, a group stays in registers.
CK_INLINE long quantizeWith(const CKQuantization *q, long size, long groups, const float *x,
                            uint8_t *bytes, int bits, int isTable) {
  const long codeBytes = size * bits / 8;
  const V16 tree = *(const V16Unaligned *)q->tree;
  const B16 codeTable = *(const B16Unaligned *)q->codes;
  const Cells cells = loadCells(q);
  for (long g = 0; g < groups; g++, x += size, bytes += q->scaleBytes + codeBytes) {
    U16 largest = 0;
    for (long i = 0; i < size; i += 16) {
      // The work on a group fills the processor's window, so that it does not look ahead by itself. Past
      // the end this does nothing.
      __builtin_prefetch((const char *)(x + i) + 4096);
      U16 magnitude = __builtin_bit_cast(U16, *(const V16Unaligned *)(x + i)) & 0x7fffffffu;
      largest = magnitude > largest ? magnitude : largest;
    }
    const uint32_t magnitude = __builtin_reduce_max(largest);
    if (magnitude >= 0x7f800000u) return g;
    const float scale = storeScale(q, magnitude, bytes);
    uint8_t *codes = bytes + q->scaleBytes;
    if (scale == 0) {
      memset(codes, 0, (size_t)codeBytes);
    } else if (!(isTable && q->hasCells &&
                 encodeGroupByCells(q, &cells, size, x, magnitude, scale, codes))) {
      encodeGroup(q, size, x, scale, tree, codeTable, bits, isTable, codes);
    }
  }
  return groups;
}

static long quantizeGroups(const CKQuantization *q, long groups, const float *x, uint8_t *bytes) {
  const long size = q->groupSize;
  if (q->bits == 8) {
    return size == 64 ? quantizeWith(q, 64, groups, x, bytes, 8, 0)
                      : quantizeWith(q, size, groups, x, bytes, 8, 0);
  }
  if (q->isTable) {
    return size == 64   ? quantizeWith(q, 64, groups, x, bytes, 4, 1)
           : size == 32 ? quantizeWith(q, 32, groups, x, bytes, 4, 1)
                        : quantizeWith(q, size, groups, x, bytes, 4, 1);
  }
  return size == 64 ? quantizeWith(q, 64, groups, x, bytes, 4, 0)
                    : quantizeWith(q, size, groups, x, bytes, 4, 0);
}

/// The scale in front of a group's codes; NaN if no encoder writes it.
CK_INLINE float loadScale(const CKQuantization *q, const uint8_t *record) {
  float scale;
  if (q->scaleKind == CK_SCALE_E8M0) {
    const uint32_t bits = record[0] ? (uint32_t)record[0] << 23 : 1u << 22;
    scale = __builtin_bit_cast(float, bits);
  } else if (q->scaleKind == CK_SCALE_FLOAT16) {
    _Float16 half;
    memcpy(&half, record, 2);
    scale = (float)half;
  } else {
    memcpy(&scale, record, 4);
  }
  const uint32_t bits = __builtin_bit_cast(uint32_t, scale);
  return bits < 0x7f800000u && scale * q->largestValue <= largestFloat() ? scale : __builtin_nanf("");
}

CK_INLINE void put(float *x, V16 v, int isStreaming) {
#if CK_LEVEL == 2
  if (isStreaming) return _mm512_stream_ps(x, v);
#elif CK_LEVEL == 1
  if (isStreaming) {
    _mm256_stream_ps(x, v.lo);
    return _mm256_stream_ps(x + 8, v.hi);
  }
#endif
  (void)isStreaming;
  *(V16Unaligned *)x = v;
}

CK_INLINE long dequantizeWith(const CKQuantization *q, long groups, const uint8_t *bytes, float *x,
                              int bits, int isStreaming) {
  const long size = q->groupSize, codeBytes = size * bits / 8;
  const V16 values = *(const V16Unaligned *)q->values;
  for (long g = 0; g < groups; g++, x += size, bytes += q->scaleBytes + codeBytes) {
    const uint8_t *codes = bytes + q->scaleBytes;
    const float scale = loadScale(q, bytes);
    if (scale != scale) return g;
    // A code that no encoder writes makes a NaN, or is the most negative byte.
    I16 isBad = 0;
    B16 any = 0;
    for (long i = 0; i < size; i += 16) {
      V16 v;
      if (bits == 4) {
        B8 packed = *(const B8Unaligned *)(codes + i / 2);
        S8 wide = __builtin_convertvector(packed, S8);
        B16 nibbles = __builtin_bit_cast(B16, (S8)((wide | wide << 4) & 0x0f0f));
        any |= nibbles;
        v = lookup16(values, __builtin_convertvector(nibbles, I16));
        isBad |= (I16)(v != v);
      } else {
        B16 code = *(const B16Unaligned *)(codes + i);
        any |= code;
        I16 whole = __builtin_convertvector(__builtin_bit_cast(C16, code), I16);
        isBad |= (I16)(whole == -128);
        v = __builtin_convertvector(whole, V16);
      }
      // A group of zeros has codes 0, whatever they stand for.
      put(x + i, scale == 0 ? (V16)0 : v * scale, isStreaming);
    }
    if (scale == 0 ? __builtin_reduce_or(any) != 0 : __builtin_reduce_or(isBad) != 0) return g;
  }
  return groups;
}

static long dequantizeGroups(const CKQuantization *q, long groups, const uint8_t *bytes, float *x,
                             int isStreaming) {
  long done;
  if (isStreaming && ((uintptr_t)x & 63) == 0) {
    done = q->bits == 8 ? dequantizeWith(q, groups, bytes, x, 8, 1)
                        : dequantizeWith(q, groups, bytes, x, 4, 1);
#if CK_LEVEL > 0
    // Stores past the caches are seen by other threads only behind a fence.
    _mm_sfence();
#endif
  } else {
    done = q->bits == 8 ? dequantizeWith(q, groups, bytes, x, 8, 0)
                        : dequantizeWith(q, groups, bytes, x, 4, 0);
  }
  return done;
}
