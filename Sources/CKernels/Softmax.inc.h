// Softmax of attention scores, its gradient, and cross entropy.

/// The maximum of x(i) * scale, in an order that keeps four comparisons under way.
CK_INLINE float maximumOfScaled(long count, const float *x, float scale) {
  const V16 lowest = -__builtin_inff();
  V16 highest[4] = {lowest, lowest, lowest, lowest};
  long j = 0;
  for (; j + 64 <= count; j += 64) {
    for (int v = 0; v < 4; v++) {
      highest[v] = maximum(highest[v], load(x + j + 16 * v, 16) * scale);
    }
  }
  for (; j < count; j += 16) {
    V16 z = load(x + j, count - j) * scale;
    highest[0] = firstLanes(count - j, maximum(highest[0], z), highest[0]);
  }
  return maximumOfLanes(
      maximum(maximum(highest[0], highest[1]), maximum(highest[2], highest[3])));
}

/// x(i) = exp(x(i) * scale - m) for the first `count` entries, m their maximum; returns their sum.
CK_INLINE float exponentials(long count, float *x, float scale, float *maximumOut) {
  const float m = maximumOfScaled(count, x, scale);
  V16 sum = 0;
  for (long j = 0; j < count; j += 16) {
    V16 e = exp16(load(x + j, count - j) * scale - m);
    sum = firstLanes(count - j, sum + e, sum);
    store(x + j, e, count - j);
  }
  *maximumOut = m;
  return sumOfLanes(sum);
}

static void softmax(long rows, long columns, float *x, long xStride, float scale) {
  for (long r = 0; r < rows; r++, x += xStride) {
    float m;
    float reciprocal = 1.0f / exponentials(columns, x, scale, &m);
    for (long j = 0; j < columns; j += 16) {
      store(x + j, load(x + j, columns - j) * reciprocal, columns - j);
    }
  }
}

static void softmaxBackward(long rows, long columns, const float *p, long pStride, float *d,
                            long dStride, float scale) {
  for (long r = 0; r < rows; r++, p += pStride, d += dStride) {
    float dot = dotOf(columns, p, d);
    for (long j = 0; j < columns; j += 16) {
      V16 difference = load(d + j, columns - j) - dot;
      store(d + j, (difference * load(p + j, columns - j)) * scale, columns - j);
    }
  }
}

static void crossEntropy(long rows, long columns, float *x, long xStride, const int32_t *targets,
                         float *losses, int withGradient, float scale) {
  for (long r = 0; r < rows; r++, x += xStride) {
    float ofTarget = x[targets[r]];
    const float m = maximumOfScaled(columns, x, 1);
    V16 sums = 0;
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 e = exp16(load(x + j, left) - m);
      sums = firstLanes(left, sums + e, sums);
      if (withGradient) store(x + j, e, left);
    }
    float sum = sumOfLanes(sums);
    V16 logarithm = log16((V16)sum);
    losses[r] = logarithm[0] - (ofTarget - m);
    if (!withGradient) continue;
    float reciprocal = 1.0f / sum;
    float probability = x[targets[r]] * reciprocal;
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      store(x + j, (load(x + j, left) * reciprocal) * scale, left);
    }
    x[targets[r]] = (probability - 1.0f) * scale;
  }
}
