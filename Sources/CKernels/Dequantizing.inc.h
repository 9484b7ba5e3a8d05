// Unpacks groups of codes.

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
