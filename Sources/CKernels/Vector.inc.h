// The vector of 16 floats that every kernel is written with, and its exact fma.

#define CK_INLINE static inline __attribute__((always_inline))

typedef float V16 __attribute__((ext_vector_type(16)));
typedef int32_t I16 __attribute__((ext_vector_type(16)));
typedef uint32_t U16 __attribute__((ext_vector_type(16)));
typedef uint64_t UL16 __attribute__((ext_vector_type(16)));
typedef V16 V16Unaligned __attribute__((aligned(4)));

static const I16 laneIndex = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

CK_INLINE I16 bitsOf(V16 x) { return __builtin_bit_cast(I16, x); }
CK_INLINE V16 floatOf(I16 x) { return __builtin_bit_cast(V16, x); }

#if CK_LEVEL == 1
typedef int32_t I8 __attribute__((ext_vector_type(8)));

/// All bits set in the first `count` lanes; masks of the low and of the high half.
CK_INLINE void halfMasks(long count, __m256i *low, __m256i *high) {
  I16 limit = (int32_t)count;
  I16 mask = laneIndex < limit;
  // Named, because a bit cast straight from `mask.hi` reads the low half.
  I8 lowHalf = mask.lo, highHalf = mask.hi;
  *low = __builtin_bit_cast(__m256i, lowHalf);
  *high = __builtin_bit_cast(__m256i, highHalf);
}
#endif

/// 16 elements, or the `count` that are left and zeros.
CK_INLINE V16 load(const float *p, long count) {
  if (count >= 16) return *(const V16Unaligned *)p;
#if CK_LEVEL == 2
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#elif CK_LEVEL == 1
  __m256i low, high;
  halfMasks(count, &low, &high);
  V16 v = 0;
  v.lo = _mm256_maskload_ps(p, low);
  if (count > 8) v.hi = _mm256_maskload_ps(p + 8, high);
  return v;
#else
  V16 v = 0;
  for (long i = 0; i < count; i++) v[i] = p[i];
  return v;
#endif
}

/// Stores 16 elements, or the `count` that are left.
CK_INLINE void store(float *p, V16 v, long count) {
  if (count >= 16) {
    *(V16Unaligned *)p = v;
    return;
  }
#if CK_LEVEL == 2
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
#elif CK_LEVEL == 1
  __m256i low, high;
  halfMasks(count, &low, &high);
  _mm256_maskstore_ps(p, low, v.lo);
  if (count > 8) _mm256_maskstore_ps(p + 8, high, v.hi);
#else
  for (long i = 0; i < count; i++) p[i] = v[i];
#endif
}

/// `changed` in the first `count` lanes, `old` in the others.
CK_INLINE V16 firstLanes(long count, V16 changed, V16 old) {
  if (count >= 16) return changed;
  I16 limit = (int32_t)count;
  return laneIndex < limit ? changed : old;
}

#if CK_LEVEL > 0

/// a * b + c, rounded once.
CK_INLINE V16 fma16(V16 a, V16 b, V16 c) { return __builtin_elementwise_fma(a, b, c); }

#else

typedef double D16 __attribute__((ext_vector_type(16)));
typedef int64_t L16 __attribute__((ext_vector_type(16)));

/// a * b + c, rounded once, without an fma instruction.
///
/// The product of two floats is exact in double. The sum is rounded to odd (Boldo and Melquiond,
/// "Emulation of a FMA and correctly rounded sums", 2008): 53 bits are at least 2 more than 24, so
/// rounding it to float is as good as rounding the exact value, also in the denormal range.
CK_INLINE V16 fma16(V16 a, V16 b, V16 c) {
  D16 product = __builtin_convertvector(a, D16) * __builtin_convertvector(b, D16);
  D16 addend = __builtin_convertvector(c, D16);
  D16 sum = product + addend;
  // Knuth's TwoSum: product + addend = sum + error. NaN if the sum is not finite.
  D16 part = sum - product;
  D16 error = (product - (sum - part)) + (addend - part);
  D16 zero = 0;
  UL16 isInexact = __builtin_bit_cast(UL16, (L16)((error < zero) | (error > zero))) & 1;
  UL16 bits = __builtin_bit_cast(UL16, sum);
  // Truncate towards zero, then let the last bit stand for all that was cut off.
  UL16 isTooLarge = ((bits ^ __builtin_bit_cast(UL16, error)) >> 63) & isInexact;
  bits = (bits - isTooLarge) | isInexact;
  return __builtin_convertvector(__builtin_bit_cast(D16, bits), V16);
}

#endif

typedef float V8 __attribute__((ext_vector_type(8)));
typedef float V4 __attribute__((ext_vector_type(4)));
typedef float V2 __attribute__((ext_vector_type(2)));

/// The tree over the lanes: l + 8 onto l, then + 4, + 2, + 1.
CK_INLINE float sumOfLanes(V16 v) {
  V8 eight = v.lo + v.hi;
  V4 four = eight.lo + eight.hi;
  V2 two = four.lo + four.hi;
  return two.x + two.y;
}

CK_INLINE V16 maximum(V16 a, V16 b) { return b > a ? b : a; }

/// In any order: no lane is NaN, and which of two zeros wins does not show in what follows.
CK_INLINE float maximumOfLanes(V16 v) {
  V8 eight = v.hi > v.lo ? v.hi : v.lo;
  V4 four = eight.hi > eight.lo ? eight.hi : eight.lo;
  V2 two = four.hi > four.lo ? four.hi : four.lo;
  return two.y > two.x ? two.y : two.x;
}

/// Lanes 0, 0, 1, 1, ... 7, 7 of a and b by turns.
CK_INLINE V16 zipLow(V16 a, V16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

/// Lanes 8, 8, 9, 9, ... 15, 15 of a and b by turns.
CK_INLINE V16 zipHigh(V16 a, V16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
}
