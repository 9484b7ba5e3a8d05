// Sums of products of bytes, exact in 32 bits, of 16 columns at a time.

typedef int32_t I16Unaligned __attribute__((ext_vector_type(16), aligned(1)));

/// sum(j) plus the 4 products of the unsigned bytes of a and the signed bytes of w(j).
CK_INLINE I16 addQuads(I16 sum, uint32_t a, I16 w) {
#if CK_LEVEL == 3
  const I16 factors = (int32_t)a;
  return __builtin_bit_cast(
      I16, _mm512_dpbusd_epi32(__builtin_bit_cast(__m512i, sum),
                               __builtin_bit_cast(__m512i, factors), __builtin_bit_cast(__m512i, w)));
#elif CK_LEVEL == 2
  // Bytes 0 and 2, and bytes 1 and 3, as numbers of 16 bits.
  const __m512i weights = __builtin_bit_cast(__m512i, w);
  const __m512i even = _mm512_srai_epi16(_mm512_slli_epi16(weights, 8), 8);
  const __m512i odd = _mm512_srai_epi16(weights, 8);
  const __m512i sums =
      _mm512_add_epi32(_mm512_madd_epi16(even, _mm512_set1_epi32((int)(a & 0x00ff00ffu))),
                       _mm512_madd_epi16(odd, _mm512_set1_epi32((int)(a >> 8 & 0x00ff00ffu))));
  return sum + __builtin_bit_cast(I16, sums);
#elif CK_LEVEL == 1
  I8 half[2] = {w.lo, w.hi}, sums[2];
  for (int i = 0; i < 2; i++) {
    const __m256i weights = __builtin_bit_cast(__m256i, half[i]);
    const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(weights, 8), 8);
    const __m256i odd = _mm256_srai_epi16(weights, 8);
    sums[i] = __builtin_bit_cast(
        I8, _mm256_add_epi32(
                _mm256_madd_epi16(even, _mm256_set1_epi32((int)(a & 0x00ff00ffu))),
                _mm256_madd_epi16(odd, _mm256_set1_epi32((int)(a >> 8 & 0x00ff00ffu)))));
  }
  I16 both;
  both.lo = sums[0];
  both.hi = sums[1];
  return sum + both;
#else
  const U16 bytes = __builtin_bit_cast(U16, w);
  for (int i = 0; i < 4; i++) {
    const I16 weights = __builtin_bit_cast(I16, (U16)(bytes << (24 - 8 * i))) >> 24;
    sum += weights * (int32_t)(a >> (8 * i) & 255);
  }
  return sum;
#endif
}

CK_INLINE void integerRows(const int rows, long quads, const uint8_t *a, long aRow,
                           const int8_t *w, I16 start, V16 scale, float *c, int accumulate) {
  I16 sum[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) sum[i] = start;
  for (long q = 0; q < quads; q++) {
    const I16 weights = *(const I16Unaligned *)(w + 64 * q);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      uint32_t bytes;
      memcpy(&bytes, a + i * aRow + 4 * q, 4);
      sum[i] = addQuads(sum[i], bytes, weights);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    const V16 old = accumulate ? *(const V16Unaligned *)(c + 16 * i) : (V16)0;
    *(V16Unaligned *)(c + 16 * i) = fma16(__builtin_convertvector(sum[i], V16), scale, old);
  }
}

/// c(i, j) = fma(sum, scale(j), c(i, j) or 0), where sum is start(j) and the products of row i of a
/// (unsigned bytes) and column j of w (signed bytes in quads); 16 columns.
static void integerStrip(long rows, long quads, const uint8_t *a, long aRow, const int8_t *w,
                         const int32_t *start, const float *scale, float *c, int accumulate) {
  const I16 first = *(const I16Unaligned *)start;
  const V16 factor = *(const V16Unaligned *)scale;
  long i = 0;
  for (; i + 8 <= rows; i += 8) {
    integerRows(8, quads, a + i * aRow, aRow, w, first, factor, c + 16 * i, accumulate);
  }
  for (; i < rows; i++) {
    integerRows(1, quads, a + i * aRow, aRow, w, first, factor, c + 16 * i, accumulate);
  }
}
