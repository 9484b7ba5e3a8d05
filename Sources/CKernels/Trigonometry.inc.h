// sin and cos, of turns and of radians: exact reduction to an eighth of a turn on both sides of zero,
// then polynomials. docs/arithmetic.md lists the constants and the error bounds.

/// From sin and cos of the rest to those of the rest and `quarters` quarter turns.
CK_INLINE void turnByQuarters(I16 quarters, V16 sineOfRest, V16 cosineOfRest, V16 *sine,
                              V16 *cosine) {
  I16 isOdd = (quarters & 1) != 0;
  V16 sineHere = isOdd ? cosineOfRest : sineOfRest;
  V16 cosineHere = isOdd ? sineOfRest : cosineOfRest;
  // sin is negative in quadrants 2 and 3, cos in 1 and 2.
  *sine = floatOf(bitsOf(sineHere) ^ ((quarters & 2) << 30));
  *cosine = floatOf(bitsOf(cosineHere) ^ (((quarters + 1) & 2) << 30));
}

/// sin and cos of 2 * pi * u, for u in [0, 1).
CK_INLINE void sinCosOfTurns16(V16 u, V16 *sine, V16 *cosine) {
  V16 magic = 0x1.8p23f;
  V16 shifted = fma16(u, splat(4.0f), magic);
  V16 n = shifted - magic;
  I16 quadrant = bitsOf(shifted);
  V16 r = fma16(n, splat(-0.25f), u);  // exact, in [-1/8, 1/8]
  V16 s = r * r;
  V16 q = 0x1.4be68ep+5f;
  q = fma16(q, s, splat(-0x1.32cb24p+6f));
  q = fma16(q, s, splat(0x1.466bbcp+6f));
  q = fma16(q, s, splat(-0x1.4abbcep+5f));
  V16 sineOfR = fma16(r, splat(-0x1.777a5cp-23f), (r * s) * q);
  sineOfR = fma16(r, splat(0x1.921fb6p+2f), sineOfR);
  V16 p = 0x1.d9f7bcp+5f;
  p = fma16(p, s, splat(-0x1.55c664p+6f));
  p = fma16(p, s, splat(0x1.03c1dep+6f));
  p = fma16(p, s, splat(-0x1.3bd3ccp+4f));
  V16 cosineOfR = fma16(p, s, splat(1.0f));
  turnByQuarters(quadrant, sineOfR, cosineOfR, sine, cosine);
}

/// 32 zeros, then the first 224 bits of 2 / pi after the point.
static const uint32_t twoOverPi[8] = {0,           0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                      0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};

/// What is left of |x|, at least pi / 4 and finite, less the nearest multiple of pi / 2; its number
/// modulo 4. Exact in the sense of Payne and Hanek ("Radian reduction for trigonometric functions",
/// SIGNUM Newsletter 18, 1983) to 62 bits of a quarter turn.
CK_INLINE float reduceByQuarters(uint32_t bits, int32_t *quarters) {
  const uint64_t mantissa = (bits & 0x7fffffu) | 0x800000u;
  // 96 bits of 2 / pi: those before give multiples of four quarter turns, those after too little.
  const uint32_t start = (bits >> 23) - 120, word = start / 32, shift = start % 32;
  uint64_t window[3];
  for (int i = 0; i < 3; i++) {
    uint64_t pair = (uint64_t)twoOverPi[word + i] << 32 | twoOverPi[word + i + 1];
    window[i] = pair << shift >> 32;
  }
  const uint64_t product =
      (mantissa * window[0] << 32) + mantissa * window[1] + (mantissa * window[2] >> 32);
  *quarters = (int32_t)((product >> 62) + (product >> 61 & 1));
  const int64_t rest = (int64_t)(product << 2) >> 2;
  return (float)((double)rest * 0x1.921fb54442d18p-62);
}

/// sin and cos of x radians.
CK_INLINE void sinCos16(V16 x, V16 *sine, V16 *cosine) {
  I16 sign = bitsOf(x) & INT32_MIN;
  I16 magnitude = bitsOf(x) ^ sign;
  V16 r = floatOf(magnitude);
  I16 quarters = 0;
  for (int i = 0; i < 16; i++) {
    // From pi / 4 to the largest finite number.
    if (magnitude[i] < 0x3f490fdb || magnitude[i] > 0x7f7fffff) continue;
    int32_t n;
    r[i] = reduceByQuarters((uint32_t)magnitude[i], &n);
    quarters[i] = n;
  }
  V16 s = r * r;
  V16 q = 0x1.7c336cp-19f;
  q = fma16(q, s, splat(-0x1.a0595ep-13f));
  q = fma16(q, s, splat(0x1.111174p-7f));
  q = fma16(q, s, splat(-0x1.555556p-3f));
  V16 sineOfR = fma16(r * s, q, r);
  V16 p = 0x1.99e912p-16f;
  p = fma16(p, s, splat(-0x1.6c0c2ap-10f));
  p = fma16(p, s, splat(0x1.55554ap-5f));
  p = fma16(p, s, splat(-0.5f));
  V16 cosineOfR = fma16(p, s, splat(1.0f));
  turnByQuarters(quarters, sineOfR, cosineOfR, sine, cosine);
  *sine = floatOf(bitsOf(*sine) ^ sign);
  I16 isInfinite = magnitude == 0x7f800000;
  V16 notANumber = __builtin_nanf("");
  *sine = isInfinite ? notANumber : *sine;
  *cosine = isInfinite ? notANumber : *cosine;
}

#define CK_MAP_TO_TWO(name, function)                                           \
  static void name(long count, const float *x, float *sine, float *cosine) {    \
    for (long i = 0; i < count; i += 16) {                                      \
      V16 s, c;                                                                 \
      function(load(x + i, count - i), &s, &c);                                 \
      store(sine + i, s, count - i);                                            \
      store(cosine + i, c, count - i);                                          \
    }                                                                           \
  }

CK_MAP_TO_TWO(sinCosOfTurns, sinCosOfTurns16)
CK_MAP_TO_TWO(sinCosOf, sinCos16)
