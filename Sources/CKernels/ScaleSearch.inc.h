// The scale of a group with the smallest sum of squared errors. Lanes are scales, not numbers: each sum
// is one chain over the numbers, ascending, and so has the same bits on every instruction set.

typedef double D8 __attribute__((ext_vector_type(8)));

/// What 16 scales make of the number x, the same in all lanes.
CK_INLINE V16 nearestOfTable(V16 x, V16 scale, V16 width, V16 tree, V16 values) {
  // With a negative scale the negative number is compared with thresholds of its magnitude.
  const V16 number = scale < 0 ? -x : x;
  I16 at = 2 - (I16)(number >= splat(tree[1]) * width);
  at = at + at - (I16)(number >= lookup16(tree, at) * width);
  at = at + at - (I16)(number >= lookup16(tree, at) * width);
  at = at + at - (I16)(number > lookup16(tree, at) * width);
  return lookup16(values, at - 16) * scale;
}

CK_INLINE V16 nearestMultiple(V16 x, V16 scale, V16 lowest, V16 highest) {
  const V16 shift = 0x1.8p23f;
  V16 y = x / scale;
  y = y < lowest ? lowest : y;
  y = y > highest ? highest : y;
  return (y + shift - shift) * scale;
}

CK_INLINE long bestScaleWith(const CKScaleSearch *s, long count, const float *x, int isTable) {
  const V16 tree = *(const V16Unaligned *)s->tree, values = *(const V16Unaligned *)s->values;
  const long vectors = s->count / 16;
  double smallest = __builtin_inf();
  long best = s->count;
  for (long turn = 0; turn < vectors; turn++) {
    // From the last to the first third: the best scale is seldom far from the largest magnitude's,
    // and what is found early cuts the others short.
    const long vector = (turn + 2 * vectors / 3) % vectors;
    const V16 scale = *(const V16Unaligned *)(s->scales + 16 * vector);
    const V16 width = floatOf(bitsOf(scale) & 0x7fffffff);
    V16 lowest = 0, highest = 0;
    if (!isTable) {
      lowest = *(const V16Unaligned *)(s->lowest + 16 * vector);
      highest = *(const V16Unaligned *)(s->highest + 16 * vector);
    }
    D8 low = 0, high = 0;
    int isHopeless = 0;
    for (long i = 0; i < count && !isHopeless;) {
      const long end = i + 8 < count ? i + 8 : count;
      for (; i < end; i++) {
        const V16 number = x[i];
        const V16 rounded = isTable ? nearestOfTable(number, scale, width, tree, values)
                                    : nearestMultiple(number, scale, lowest, highest);
        const double exact = x[i];
        V8 first = rounded.lo, second = rounded.hi;
        D8 error = exact - __builtin_convertvector(first, D8);
        low += error * error;
        error = exact - __builtin_convertvector(second, D8);
        high += error * error;
      }
      // Sums only grow.
      D8 least = low < high ? low : high;
      isHopeless = __builtin_reduce_min(least) > smallest;
    }
    if (isHopeless) continue;
    for (int lane = 0; lane < 16; lane++) {
      const double sum = lane < 8 ? low[lane] : high[lane - 8];
      const long place = 16 * vector + lane;
      if (sum < smallest || (sum == smallest && place < best)) {
        smallest = sum;
        best = place;
      }
    }
  }
  return best;
}

static long bestScale(const CKScaleSearch *s, long count, const float *x) {
  return s->isTable ? bestScaleWith(s, count, x, 1) : bestScaleWith(s, count, x, 0);
}
