// Layer norm and its gradients. Sums over a row: 16 strided lanes, then the tree.

static const float layerNormEpsilon = 1e-5f;

CK_INLINE float reciprocalRoot(float x) {
  // The vector form is the correctly rounded instruction; the scalar one may call the C library.
  V16 root = __builtin_elementwise_sqrt((V16)x);
  return 1.0f / root[0];
}

/// Layer norm of one row, whose lanes of sums are known.
CK_INLINE void normalizeRow(long columns, V16 sums, const float *x, const float *gamma,
                            const float *beta, float *y, float *mean, float *rstd) {
  const float count = (float)columns;
  const float rowMean = sumOfLanes(sums) / count;
  V16 squares = 0;
  for (long j = 0; j < columns; j += 16) {
    long left = columns - j;
    V16 d = load(x + j, left) - rowMean;
    squares = firstLanes(left, fma16(d, d, squares), squares);
  }
  const float rowRstd = reciprocalRoot(sumOfLanes(squares) / count + layerNormEpsilon);
  for (long j = 0; j < columns; j += 16) {
    long left = columns - j;
    V16 normalized = (load(x + j, left) - rowMean) * rowRstd;
    store(y + j, fma16(normalized, load(gamma + j, left), load(beta + j, left)), left);
  }
  *mean = rowMean;
  *rstd = rowRstd;
}

static void layerNorm(long rows, long columns, const float *x, long xStride, const float *gamma,
                      const float *beta, float *y, long yStride, float *mean, float *rstd) {
  for (long r = 0; r < rows; r++, x += xStride, y += yStride) {
    V16 sums = 0;
    for (long j = 0; j < columns; j += 16) {
      sums = firstLanes(columns - j, sums + load(x + j, columns - j), sums);
    }
    normalizeRow(columns, sums, x, gamma, beta, y, mean + r, rstd + r);
  }
}

static void addLayerNorm(long rows, long columns, const float *x, long xStride, const float *d,
                         long dStride, const float *bias, float *z, long zStride,
                         const float *gamma, const float *beta, float *y, long yStride,
                         float *mean, float *rstd) {
  for (long r = 0; r < rows; r++, x += xStride, d += dStride, z += zStride, y += yStride) {
    V16 sums = 0;
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 sum = load(x + j, left) + (load(d + j, left) + load(bias + j, left));
      store(z + j, sum, left);
      sums = firstLanes(left, sums + sum, sums);
    }
    normalizeRow(columns, sums, z, gamma, beta, y, mean + r, rstd + r);
  }
}

static void layerNormBackward(long rows, long columns, const float *dy, long dyStride,
                              const float *x, long xStride, const float *gamma, const float *mean,
                              const float *rstd, float *dx, long dxStride, int accumulate) {
  float count = (float)columns;
  for (long r = 0; r < rows; r++, dy += dyStride, x += xStride, dx += dxStride) {
    V16 plain = 0, weighted = 0;
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 normalized = (load(x + j, left) - mean[r]) * rstd[r];
      V16 g = load(dy + j, left) * load(gamma + j, left);
      plain = firstLanes(left, plain + g, plain);
      weighted = firstLanes(left, fma16(g, normalized, weighted), weighted);
    }
    V16 meanOfPlain = sumOfLanes(plain) / count;
    V16 meanOfWeighted = sumOfLanes(weighted) / count;
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 normalized = (load(x + j, left) - mean[r]) * rstd[r];
      V16 g = load(dy + j, left) * load(gamma + j, left);
      V16 d = fma16(-normalized, meanOfWeighted, g - meanOfPlain) * rstd[r];
      if (accumulate) d = load(dx + j, left) + d;
      store(dx + j, d, left);
    }
  }
}

static void layerNormParameters(long rows, long columns, const float *dy, long dyStride,
                                const float *x, long xStride, const float *mean,
                                const float *rstd, float *dGamma, float *dBeta) {
  for (long first = 0; first < rows; first += rowsTogether) {
    const long last = rows - first < rowsTogether ? rows : first + rowsTogether;
    for (long j = 0; j < columns; j += 16) {
      const long left = columns - j;
      V16 gammaSum = load(dGamma + j, left), betaSum = load(dBeta + j, left);
      for (long r = first; r < last; r++) {
        V16 g = load(dy + r * dyStride + j, left);
        V16 normalized = (load(x + r * xStride + j, left) - mean[r]) * rstd[r];
        gammaSum = fma16(g, normalized, gammaSum);
        betaSum += g;
      }
      store(dGamma + j, gammaSum, left);
      store(dBeta + j, betaSum, left);
    }
  }
}
