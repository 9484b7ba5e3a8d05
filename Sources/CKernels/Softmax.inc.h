// Softmax of attention scores, its gradient, and cross entropy.

/// x(i) = exp(x(i) * scale - m) for the first `count` entries, m their maximum; returns their sum.
CK_INLINE float exponentials(long count, float *x, float scale, float *maximumOut) {
  V16 highest = -__builtin_inff();
  for (long j = 0; j < count; j += 16) {
    V16 z = load(x + j, count - j) * scale;
    highest = firstLanes(count - j, maximum(highest, z), highest);
  }
  float m = maximumOfLanes(highest);
  V16 sum = 0;
  for (long j = 0; j < count; j += 16) {
    V16 e = exp16(load(x + j, count - j) * scale - m);
    sum = firstLanes(count - j, sum + e, sum);
    store(x + j, e, count - j);
  }
  *maximumOut = m;
  return sumOfLanes(sum);
}

static void softmax(long firstRow, long rows, long columns, float *x, long xStride, float scale,
                    int causal) {
  for (long r = 0; r < rows; r++, x += xStride) {
    long count = causal && firstRow + r + 1 < columns ? firstRow + r + 1 : columns;
    float m;
    float reciprocal = 1.0f / exponentials(count, x, scale, &m);
    for (long j = 0; j < count; j += 16) {
      store(x + j, load(x + j, count - j) * reciprocal, count - j);
    }
    memset(x + count, 0, (size_t)(columns - count) * sizeof(float));
  }
}

static void softmaxBackward(long firstRow, long rows, long columns, const float *p, long pStride,
                            float *d, long dStride, float scale, int causal) {
  for (long r = 0; r < rows; r++, p += pStride, d += dStride) {
    long count = causal && firstRow + r + 1 < columns ? firstRow + r + 1 : columns;
    float dot = dotOf(count, p, d);
    for (long j = 0; j < count; j += 16) {
      V16 difference = load(d + j, count - j) - dot;
      store(d + j, (difference * load(p + j, count - j)) * scale, count - j);
    }
    memset(d + count, 0, (size_t)(columns - count) * sizeof(float));
  }
}

static void crossEntropy(long rows, long columns, float *x, long xStride, const int32_t *targets,
                         float *losses, int withGradient, float scale) {
  for (long r = 0; r < rows; r++, x += xStride) {
    float ofTarget = x[targets[r]];
    V16 highest = -__builtin_inff(), sums = 0;
    for (long j = 0; j < columns; j += 16) {
      highest = firstLanes(columns - j, maximum(highest, load(x + j, columns - j)), highest);
    }
    float m = maximumOfLanes(highest);
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
