// Kernels whose elements do not meet each other, sums, and the rows of embeddings.

static void add(long rows, long columns, const float *x, long xStride, const float *y,
                long yStride, float *z, long zStride) {
  for (long r = 0; r < rows; r++, x += xStride, y += yStride, z += zStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      store(z + j, load(x + j, left) + load(y + j, left), left);
    }
  }
}

static void addBias(long rows, long columns, const float *bias, float *y, long yStride) {
  for (long r = 0; r < rows; r++, y += yStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      store(y + j, load(y + j, left) + load(bias + j, left), left);
    }
  }
}

/// Rows that are walked together, so that memory is read in order although sums go by columns.
enum { rowsTogether = 8 };

static void columnSums(long rows, long columns, const float *x, long xStride, float *sums) {
  for (long first = 0; first < rows; first += rowsTogether) {
    const long last = rows - first < rowsTogether ? rows : first + rowsTogether;
    for (long j = 0; j < columns; j += 16) {
      const long left = columns - j;
      V16 sum = load(sums + j, left);
      for (long r = first; r < last; r++) sum += load(x + r * xStride + j, left);
      store(sums + j, sum, left);
    }
  }
}

static const float geluCubic = 0.044715f;
static const float geluCubicTimes3 = 0.134145f;
static const float geluSlope = 0x1.988454p-1f;  // sqrt(2 / pi)

/// tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))
CK_INLINE V16 geluTanh(V16 x) {
  V16 cubic = fma16(splat(geluCubic) * (x * x), x, x);
  return tanh16(splat(geluSlope) * cubic);
}

static void gelu(long rows, long columns, const float *x, long xStride, float *y, long yStride) {
  for (long r = 0; r < rows; r++, x += xStride, y += yStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(x + j, left);
      V16 half = splat(0.5f) * v;
      store(y + j, fma16(half, geluTanh(v), half), left);
    }
  }
}

static void geluBackward(long rows, long columns, const float *x, long xStride, const float *dy,
                         long dyStride, float *dx, long dxStride) {
  for (long r = 0; r < rows; r++, x += xStride, dy += dyStride, dx += dxStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(x + j, left);
      V16 t = geluTanh(v);
      V16 value = fma16(splat(0.5f), t, splat(0.5f));
      V16 slopeOfTanh = fma16(-t, t, splat(1.0f));
      V16 inner = splat(geluSlope) * fma16(splat(geluCubicTimes3), v * v, splat(1.0f));
      V16 slope = fma16((splat(0.5f) * v) * slopeOfTanh, inner, value);
      store(dx + j, load(dy + j, left) * slope, left);
    }
  }
}

static float sumOf(long count, const float *x) {
  V16 sum = 0;
  for (long i = 0; i < count; i += 16) {
    sum = firstLanes(count - i, sum + load(x + i, count - i), sum);
  }
  return sumOfLanes(sum);
}

static float dotOf(long count, const float *x, const float *y) {
  V16 sum = 0;
  for (long i = 0; i < count; i += 16) {
    long left = count - i;
    sum = firstLanes(left, fma16(load(x + i, left), load(y + i, left), sum), sum);
  }
  return sumOfLanes(sum);
}

static void gather(long firstRow, long rows, long columns, const int32_t *tokens,
                   const float *table, long tableStride, const float *positions,
                   long positionStride, long period, float *x, long xStride) {
  for (long r = 0; r < rows; r++, x += xStride) {
    const float *row = table + tokens[r] * tableStride;
    if (!positions) {
      memcpy(x, row, (size_t)columns * sizeof(float));
      continue;
    }
    const float *position = positions + (firstRow + r) % period * positionStride;
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      store(x + j, load(row + j, left) + load(position + j, left), left);
    }
  }
}

static void scatterAdd(long rows, long columns, const int32_t *tokens, long period,
                       const float *x, long xStride, float *table, long tableStride) {
  for (long r = 0; r < rows; r++, x += xStride) {
    float *row = table + (tokens ? tokens[r] : r % period) * tableStride;
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      store(row + j, load(row + j, left) + load(x + j, left), left);
    }
  }
}
