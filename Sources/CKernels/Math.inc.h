// exp, log, tanh, erf: our own polynomials, so that every machine computes the same ones.
// docs/arithmetic.md lists the constants and the error bounds. The polynomials are minimax fits.

static const float log2OfE = 0x1.715476p+0f;
static const float ln2High = 0x1.62e4p-1f;  // 16 bits, so its product with an exponent is exact
static const float ln2Low = 0x1.7f7d1cp-20f;

CK_INLINE V16 splat(float x) { return (V16)x; }

CK_INLINE V16 exp16(V16 x) {
  // Beyond these the result is infinite or zero all the same, and the powers of two stay in range.
  V16 high = 90.0f, low = -105.0f;
  x = x > high ? high : x;
  x = x < low ? low : x;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  V16 magic = 0x1.8p23f;
  V16 shifted = fma16(x, splat(log2OfE), magic);
  V16 n = shifted - magic;
  V16 r = fma16(n, splat(-ln2High), x);
  r = fma16(n, splat(-ln2Low), r);
  V16 q = 0x1.6a242ep-10f;
  q = fma16(q, r, splat(0x1.1239e2p-7f));
  q = fma16(q, r, splat(0x1.5558f2p-5f));
  q = fma16(q, r, splat(0x1.555492p-3f));
  q = fma16(q, r, splat(0x1.fffffcp-2f));
  V16 y = fma16(r * r, q, r) + 1.0f;
#if CK_LEVEL == 2
  return _mm512_scalef_ps(y, n);
#else
  // Two factors, because 2^n itself may be out of range. The first product is exact.
  I16 power = bitsOf(shifted) - bitsOf(magic), half = power >> 1;
  return y * floatOf((half + 127) << 23) * floatOf((power - half + 127) << 23);
#endif
}

/// log(x * 2^moreExponent) for normal numbers x.
CK_INLINE V16 logOfNormal16(V16 x, I16 moreExponent) {
  // m in [sqrt(1/2), sqrt(2)), x = m * 2^e.
  I16 bits = bitsOf(x);
  I16 e = (bits - 0x3f3504f3) >> 23;
  V16 m = floatOf(bits - (e << 23));
  V16 exponent = __builtin_convertvector(e + moreExponent, V16);
  V16 f = m - 1.0f;
  V16 q = 0x1.145736p-4f;
  q = fma16(q, f, splat(-0x1.de3bb0p-4f));
  q = fma16(q, f, splat(0x1.e6f066p-4f));
  q = fma16(q, f, splat(-0x1.fc2218p-4f));
  q = fma16(q, f, splat(0x1.23376ap-3f));
  q = fma16(q, f, splat(-0x1.555c4cp-3f));
  q = fma16(q, f, splat(0x1.99a4b6p-3f));
  q = fma16(q, f, splat(-0x1.000006p-2f));
  q = fma16(q, f, splat(0x1.555548p-2f));
  V16 f2 = f * f;
  V16 y = fma16(exponent, splat(ln2Low), (f2 * f) * q);
  y = fma16(splat(-0.5f), f2, y);
  return fma16(exponent, splat(ln2High), f + y);
}

CK_INLINE V16 log16(V16 x) {
  V16 smallestNormal = 0x1p-126f, zero = 0;
  I16 isDenormal = x < smallestNormal;
  V16 y = logOfNormal16(isDenormal ? x * 0x1p23f : x, isDenormal & -23);
  V16 infinity = __builtin_inff(), notANumber = __builtin_nanf("");
  y = x < infinity ? y : x;
  y = x == zero ? -infinity : y;
  return x < zero ? notANumber : y;
}

CK_INLINE V16 tanh16(V16 x) {
  I16 sign = bitsOf(x) & INT32_MIN;
  V16 magnitude = floatOf(bitsOf(x) ^ sign);
  V16 s = x * x;
  V16 q = -0x1.950020p-8f;
  q = fma16(q, s, splat(0x1.582fb2p-6f));
  q = fma16(q, s, splat(-0x1.b90948p-5f));
  q = fma16(q, s, splat(0x1.110c72p-3f));
  q = fma16(q, s, splat(-0x1.555548p-2f));
  V16 small = fma16(s * q, magnitude, magnitude);
  V16 large = 1.0f - 2.0f / (exp16(magnitude + magnitude) + 1.0f);
  V16 limit = 0.5625f;
  return floatOf(bitsOf(magnitude < limit ? small : large) | sign);
}

CK_INLINE V16 erf16(V16 x) {
  I16 sign = bitsOf(x) & INT32_MIN;
  V16 magnitude = floatOf(bitsOf(x) ^ sign);
  V16 s = x * x;
  V16 p = -0x1.4e3b50p-11f;
  p = fma16(p, s, splat(0x1.4bbc48p-8f));
  p = fma16(p, s, splat(-0x1.b73f58p-6f));
  p = fma16(p, s, splat(0x1.ce25e8p-4f));
  p = fma16(p, s, splat(-0x1.812728p-2f));
  p = fma16(p, s, splat(0x1.06eba8p-3f));
  V16 small = fma16(p, magnitude, magnitude);
  V16 most = 4.0f;
  V16 t = magnitude > most ? most : magnitude;
  V16 q = -0x1.038d1ep-17f;
  q = fma16(q, t, splat(0x1.2e82d6p-12f));
  q = fma16(q, t, splat(-0x1.cb86f4p-9f));
  q = fma16(q, t, splat(0x1.80b17cp-6f));
  q = fma16(q, t, splat(-0x1.b1d62ap-4f));
  q = fma16(q, t, splat(-0x1.454b3ep-1f));
  q = fma16(q, t, splat(-0x1.076134p-3f));
  V16 large = 1.0f - exp16(fma16(q, t, -t));
  V16 limit = 0.84375f;
  return floatOf(bitsOf(magnitude < limit ? small : large) | sign);
}

#define CK_MAP(name, function)                               \
  static void name(long count, const float *x, float *y) {   \
    for (long i = 0; i < count; i += 16) {                   \
      store(y + i, function(load(x + i, count - i)), count - i); \
    }                                                        \
  }

CK_MAP(expOf, exp16)
CK_MAP(logOf, log16)
CK_MAP(tanhOf, tanh16)
CK_MAP(erfOf, erf16)

static void fmaOf(long count, const float *a, const float *b, const float *c, float *d) {
  for (long i = 0; i < count; i += 16) {
    long left = count - i;
    store(d + i, fma16(load(a + i, left), load(b + i, left), load(c + i, left)), left);
  }
}
