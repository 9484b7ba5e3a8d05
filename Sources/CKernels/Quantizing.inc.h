// Packs groups of codes.

#if CK_LEVEL == 2
/// The bits of x where the mask has ones, of y elsewhere.
CK_INLINE __m512i chosen(int mask, I16 x, I16 y) {
  return _mm512_ternarylogic_epi32(_mm512_set1_epi32(mask), __builtin_bit_cast(__m512i, x),
                                   __builtin_bit_cast(__m512i, y), 0xca);
}
#endif

/// The 4 lowest bits of `vectors` (2 or 4) times 16 numbers, the first of two in the low half of a byte.
CK_INLINE void putNibbles(const I16 *codes, int vectors, uint8_t *bytes) {
#if CK_LEVEL == 2
  // Byte k of a number is of vector k.
  __m512i c = chosen(0xff, codes[0], codes[1] << 8);
  if (vectors == 4) {
    const __m512i upper = chosen(0xff, codes[2], codes[3] << 8);
    c = chosen(0xffff, __builtin_bit_cast(I16, c), __builtin_bit_cast(I16, upper) << 16);
  }
  // The second of two numbers lies 28 bits above its place.
  const __m512i second = _mm512_srli_epi64(c, 28);
  c = chosen(0x0f0f0f0f, __builtin_bit_cast(I16, c), __builtin_bit_cast(I16, second));
  if (vectors == 4) {
    __m256i pairs = _mm512_cvtepi64_epi32(c);
    pairs = _mm256_shuffle_epi8(
        pairs, _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8, 12, 1,
                                5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    pairs = _mm256_permutevar8x32_epi32(pairs, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i_u *)bytes, pairs);
  } else {
    const __m128i order = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    _mm_storeu_si128((__m128i_u *)bytes, _mm_shuffle_epi8(_mm512_cvtepi64_epi16(c), order));
  }
#else
  for (int k = 0; k < vectors; k++) {
    *(B8Unaligned *)(bytes + 8 * k) = packNibbles(lowBytes(codes[k] & 15));
  }
#endif
}

/// The lowest bits of 2 or 4 vectors of numbers.
CK_INLINE void putCodes(const I16 *codes, int vectors, int bits, uint8_t *bytes) {
  if (bits == 4) return putNibbles(codes, vectors, bytes);
  for (int k = 0; k < vectors; k++) *(B16Unaligned *)(bytes + 16 * k) = lowBytes(codes[k]);
}

/// Adding this rounds to a whole number and leaves it in the low bits.
#define CK_WHOLE 0x1.8p23f

/// Whole numbers by products with the rounded reciprocal of the scale. That is 1 / scale but for 2^-24
/// of it, and quotients are rounded to float32 in their definition: false if one is too near the
/// middle of two whole numbers for that, or the group too large for its scale.
CK_INLINE int encodeByReciprocal(const CKQuantization *q, long size, int step, const float *x,
                                 uint32_t magnitude, float scale, int bits, uint8_t *codes) {
  const float inverse = 1 / scale;
  if (!(scale > 0x1p-100f && scale < 0x1p+100f &&
        __builtin_bit_cast(float, magnitude) * inverse < q->largestValue + 0.25f)) {
    return 0;
  }
  V16 farthest = 0;
  for (long i = 0; i < size; i += step) {
    I16 whole[4];
    for (int k = 0; k < step / 16; k++) {
      const V16 v = *(const V16Unaligned *)(x + i + 16 * k);
      const V16 rounded = fma16(v, inverse, CK_WHOLE);
      const V16 rest = fma16(v, inverse, CK_WHOLE - rounded);
#if CK_LEVEL == 2
      // The greater magnitude.
      farthest = _mm512_range_ps(farthest, rest, 0xb);
#else
      const V16 distance = floatOf(bitsOf(rest) & 0x7fffffff);
      farthest = distance > farthest ? distance : farthest;
#endif
      whole[k] = bitsOf(rounded);
    }
    putCodes(whole, step / 16, bits, codes + i * bits / 8);
  }
  const I16 isNear = farthest > 0.5f - q->largestValue * 0x1p-22f;
  return !__builtin_reduce_or(isNear);
}

/// Whole numbers. `magnitude` is the largest one of the group.
CK_INLINE void encodeWhole(const CKQuantization *q, long size, int step, const float *x,
                           uint32_t magnitude, float scale, int bits, uint8_t *codes) {
#if CK_LEVEL > 0
  if (encodeByReciprocal(q, size, step, x, magnitude, scale, bits, codes)) return;
#endif
  (void)magnitude;
  const V16 divisor = scale, low = -q->largestValue, high = q->largestValue;
  for (long i = 0; i < size; i += step) {
    I16 whole[4];
    for (int k = 0; k < step / 16; k++) {
      V16 y = *(const V16Unaligned *)(x + i + 16 * k) / divisor;
      y = y < low ? low : y;
      y = y > high ? high : y;
      whole[k] = bitsOf(y + CK_WHOLE);
    }
    putCodes(whole, step / 16, bits, codes + i * bits / 8);
  }
}

CK_INLINE void encodeByTree(long size, const float *x, float scale, V16 tree, B16 codeTable,
                            uint8_t *codes) {
  const V16 scaledTree = tree * (V16)scale;
  for (long i = 0; i < size; i += 16) {
    const I16 rank = rank16(*(const V16Unaligned *)(x + i), scaledTree);
    *(B8Unaligned *)(codes + i / 2) = packNibbles(lookupBytes(codeTable, lowBytes(rank)));
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

CK_INLINE void encodeByCells(long size, int step, const float *x, float unit, float factor,
                             float offset, __m512 low, __m512 high, const Cells *cells,
                             uint8_t *codes) {
  for (long i = 0; i < size; i += step) {
    I16 found[4];
    for (int k = 0; k < step / 16; k++) {
      const __m512 v = _mm512_mul_ps(_mm512_loadu_ps(x + i + 16 * k), _mm512_set1_ps(unit));
      // Rounding here may take the cell beside, but only near its end, where both tell the same.
      const __m512i cell =
          _mm512_cvtps_epi32(_mm512_fmadd_ps(v, _mm512_set1_ps(factor), _mm512_set1_ps(offset)));
      const __m512 threshold = _mm512_permutex2var_ps(low, cell, high);
      __m512i code = _mm512_permutex2var_epi32(cells->codes[0], cell, cells->codes[1]);
      const __mmask16 isAbove = _mm512_cmp_ps_mask(v, threshold, _CMP_GE_OQ);
      code = _mm512_mask_srli_epi32(code, isAbove, code, 4);
      found[k] = __builtin_bit_cast(I16, code);
    }
    putNibbles(found, step / 16, codes + i / 2);
  }
}

/// Finds codes by cells: one threshold to compare with instead of four. The others of this file look
/// into 32 numbers too slowly for that. False, with nothing done, if the group may leave the cells.
CK_INLINE int encodeGroupByCells(const CKQuantization *q, const Cells *cells, long size, int step,
                                 const float *x, uint32_t magnitude, float scale,
                                 uint8_t *codes) {
  if (cells->dividesNumbers) {
    // A power of two is its exponent, and the largest number is below the next power of its own.
    const uint32_t exponent = __builtin_bit_cast(uint32_t, scale) >> 23;
    if (exponent - 27u > 200u || (magnitude >> 23) - exponent != (uint32_t)q->largestExponent) {
      return 0;
    }
    const float inverse = __builtin_bit_cast(float, (254 - exponent) << 23);
    encodeByCells(size, step, x, inverse, q->cellFactor, q->cellOffset,
                  stepped(cells->thresholds[0], cells->steps[0]),
                  stepped(cells->thresholds[1], cells->steps[1]), cells, codes);
    return 1;
  }
  const float inverse = 1 / scale;
  // Thresholds times a scale that is this far from the smallest floats are normal numbers, or 0.
  if (!(scale > 0x1p-100f && scale < 0x1p+100f &&
        __builtin_bit_cast(float, magnitude) * inverse <= q->cellLimit)) {
    return 0;
  }
  const __m512 unit = _mm512_set1_ps(scale);
  encodeByCells(size, step, x, 1, inverse * q->cellFactor, q->cellOffset,
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

CK_INLINE int encodeGroupByCells(const CKQuantization *q, const Cells *cells, long size, int step,
                                 const float *x, uint32_t magnitude, float scale,
                                 uint8_t *codes) {
  (void)q, (void)cells, (void)size, (void)step, (void)x, (void)magnitude, (void)scale, (void)codes;
  return 0;
}
#endif

CK_INLINE U16 greater(U16 a, U16 b) { return a > b ? a : b; }

/// The largest magnitudes of 16 numbers.
CK_INLINE U16 magnitudesOf(const float *x) {
  return __builtin_bit_cast(U16, *(const V16Unaligned *)x) & 0x7fffffffu;
}

/// The largest magnitudes of four groups, as bits.
CK_INLINE void largestOfFour(const float *x, long size, uint32_t *result) {
  U16 rows[4];
  for (int g = 0; g < 4; g++) {
    rows[g] = 0;
    for (long i = 0; i < size; i += 16) {
      // The work on groups fills the processor's window, so that it does not look ahead by itself: from
      // memory far ahead, into the first cache near. Past the end this does nothing.
      __builtin_prefetch((const char *)(x + g * size + i) + 16384, 0, 1);
      __builtin_prefetch((const char *)(x + g * size + i) + 1024);
      rows[g] = greater(rows[g], magnitudesOf(x + g * size + i));
    }
  }
  U16 pairs[2];
  for (int i = 0; i < 2; i++) {
    const U16 a = rows[2 * i], b = rows[2 * i + 1];
    pairs[i] = greater(__builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12,
                                               28, 13, 29),
                       __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27,
                                               14, 30, 15, 31));
  }
  const U16 all = greater(__builtin_shufflevector(pairs[0], pairs[1], 0, 1, 16, 17, 4, 5, 20, 21, 8,
                                                  9, 24, 25, 12, 13, 28, 29),
                          __builtin_shufflevector(pairs[0], pairs[1], 2, 3, 18, 19, 6, 7, 22, 23,
                                                  10, 11, 26, 27, 14, 15, 30, 31));
  const U8 half = all.lo > all.hi ? all.lo : all.hi;
  const U4 last = half.lo > half.hi ? half.lo : half.hi;
  memcpy(result, &last, sizeof last);
}

CK_INLINE uint32_t largestOfOne(const float *x, long size) {
  U16 largest = 0;
  for (long i = 0; i < size; i += 16) largest = greater(largest, magnitudesOf(x + i));
  return __builtin_reduce_max(largest);
}

/// `size` is the group size: where it is a constant, a group stays in registers.
CK_INLINE long quantizeWith(const CKQuantization *q, long size, long groups, const float *x,
                            uint8_t *bytes, int bits, int isTable) {
  const long codeBytes = size * bits / 8;
  const int step = CK_LEVEL == 2 && size == 64 ? 64 : 32;
  const V16 tree = *(const V16Unaligned *)q->tree;
  const B16 codeTable = *(const B16Unaligned *)q->codes;
  const Cells cells = loadCells(q);
  for (long done = 0; done < groups; done += 4) {
    const long count = groups - done < 4 ? groups - done : 4;
    uint32_t magnitudes[4];
    if (count == 4) {
      largestOfFour(x, size, magnitudes);
    } else {
      for (long g = 0; g < count; g++) magnitudes[g] = largestOfOne(x + g * size, size);
    }
    for (long g = 0; g < count; g++, x += size, bytes += q->scaleBytes + codeBytes) {
      const uint32_t magnitude = magnitudes[g];
      if (magnitude >= 0x7f800000u) return done + g;
      const float scale = storeScale(q, magnitude, bytes);
      uint8_t *codes = bytes + q->scaleBytes;
      if (scale == 0) {
        memset(codes, 0, (size_t)codeBytes);
      } else if (!isTable) {
        encodeWhole(q, size, step, x, magnitude, scale, bits, codes);
      } else if (!(q->hasCells &&
                   encodeGroupByCells(q, &cells, size, step, x, magnitude, scale, codes))) {
        encodeByTree(size, x, scale, tree, codeTable, codes);
      }
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
