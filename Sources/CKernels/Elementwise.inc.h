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
