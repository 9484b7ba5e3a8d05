// RMS norm with weights of 1 + gamma, and its gradients. A row holds `groups` vectors of `columns`
// elements side by side, each normalized by itself: attention heads, or the whole row if 1.

static void rmsNorm(long rows, long groups, long columns, const float *x, long xStride,
                    const float *gamma, float epsilon, float *y, long yStride, float *rstd) {
  const float count = (float)columns;
  for (long r = 0; r < rows; r++, x += xStride, y += yStride) {
    for (long g = 0; g < groups; g++) {
      const float *in = x + g * columns;
      float *out = y + g * columns;
      const float scale = reciprocalRoot(dotOf(columns, in, in) / count + epsilon);
      for (long j = 0; j < columns; j += 16) {
        const long left = columns - j;
        V16 weight = load(gamma + j, left) + 1.0f;
        store(out + j, (load(in + j, left) * scale) * weight, left);
      }
      rstd[r * groups + g] = scale;
    }
  }
}

static void rmsNormBackward(long rows, long groups, long columns, const float *dy, long dyStride,
                            const float *x, long xStride, const float *gamma, const float *rstd,
                            float *dx, long dxStride, int accumulate) {
  const float count = (float)columns;
  for (long r = 0; r < rows; r++, dy += dyStride, x += xStride, dx += dxStride) {
    for (long g = 0; g < groups; g++) {
      const float *dOut = dy + g * columns, *in = x + g * columns;
      float *dIn = dx + g * columns;
      const float scale = rstd[r * groups + g];
      V16 weighted = 0;
      for (long j = 0; j < columns; j += 16) {
        const long left = columns - j;
        V16 normalized = load(in + j, left) * scale;
        V16 d = load(dOut + j, left) * (load(gamma + j, left) + 1.0f);
        weighted = firstLanes(left, fma16(d, normalized, weighted), weighted);
      }
      const V16 mean = sumOfLanes(weighted) / count;
      for (long j = 0; j < columns; j += 16) {
        const long left = columns - j;
        V16 normalized = load(in + j, left) * scale;
        V16 d = load(dOut + j, left) * (load(gamma + j, left) + 1.0f);
        d = fma16(-normalized, mean, d) * scale;
        if (accumulate) d = load(dIn + j, left) + d;
        store(dIn + j, d, left);
      }
    }
  }
}

static void rmsNormParameters(long rows, long groups, long columns, long firstColumn,
                              long endColumn, const float *dy, long dyStride, const float *x,
                              long xStride, const float *rstd, float *dGamma) {
  for (long first = 0; first < rows; first += rowsTogether) {
    const long last = rows - first < rowsTogether ? rows : first + rowsTogether;
    for (long j = firstColumn; j < endColumn; j += 16) {
      const long left = endColumn - j;
      V16 sum = load(dGamma + j, left);
      for (long r = first; r < last; r++) {
        for (long g = 0; g < groups; g++) {
          const long place = g * columns + j;
          V16 normalized = load(x + r * xStride + place, left) * rstd[r * groups + g];
          sum = fma16(load(dy + r * dyStride + place, left), normalized, sum);
        }
      }
      store(dGamma + j, sum, left);
    }
  }
}
