// Copies of parts of the operands of a product, in the order in which its tiles read them.

enum { packedRows = 8 };  // an element (i, k) of packed a lies at k * 8 + i, whatever the tile

/// Up to 8 rows of a, `depth` columns; the rows that are missing become zeros.
/// a(i, k) = a[i * row + k * column], one of the two strides is 1.
static void packRows(long rows, long depth, const float *a, long row, long column, float *packed) {
  if (column == 1) {
    long k = 0;
    for (; k + 16 <= depth; k += 16, packed += 16 * packedRows) {
      V16 v[8];
      for (int i = 0; i < 8; i++) v[i] = i < rows ? load(a + i * row + k, 16) : (V16)0;
      // Three perfect shuffles take the three bits of the row number to the end of the address.
      for (int step = 0; step < 3; step++) {
        V16 w[8];
        for (int i = 0; i < 4; i++) {
          w[2 * i] = zipLow(v[i], v[i + 4]);
          w[2 * i + 1] = zipHigh(v[i], v[i + 4]);
        }
        for (int i = 0; i < 8; i++) v[i] = w[i];
      }
      for (int i = 0; i < 8; i++) store(packed + 16 * i, v[i], 16);
    }
    for (; k < depth; k++, packed += packedRows) {
      for (int i = 0; i < packedRows; i++) packed[i] = i < rows ? a[i * row + k] : 0;
    }
    return;
  }
  for (long k = 0; k < depth; k++, packed += packedRows) {
    const float *source = a + k * column;
    if (rows == packedRows) {
      memcpy(packed, source, packedRows * sizeof(float));
    } else {
      for (int i = 0; i < packedRows; i++) packed[i] = i < rows ? source[i * row] : 0;
    }
  }
}

/// `columns` columns of b, `depth` rows, into rows of `width` (a multiple of 16, zeros at the end).
/// b(k, j) = b[k * row + j * column], one of the two strides is 1.
static void packColumns(long columns, long width, long depth, const float *b, long row,
                        long column, float *packed) {
  if (column == 1) {
    // Rows lie far apart, where the processor does not look ahead by itself.
    for (long k = 0; k < depth; k++) {
      const float *source = b + k * row;
      for (long j = 0; j < width; j += 16) {
        __builtin_prefetch(source + 8 * row + j);
        const long count = columns - j;
        store(packed + k * width + j, load(source + j, count > 0 ? count : 0), 16);
      }
    }
    return;
  }
  for (long j = 0; j < width; j += 16) {
    long count = columns - j;
    long k = 0;
    for (; k + 16 <= depth; k += 16) {
      V16 v[16];
      for (int i = 0; i < 16; i++) {
        v[i] = i < count ? load(b + k + (j + i) * column, 16) : (V16)0;
      }
      for (int step = 0; step < 4; step++) {
        V16 w[16];
        for (int i = 0; i < 8; i++) {
          w[2 * i] = zipLow(v[i], v[i + 8]);
          w[2 * i + 1] = zipHigh(v[i], v[i + 8]);
        }
        for (int i = 0; i < 16; i++) v[i] = w[i];
      }
      for (int i = 0; i < 16; i++) store(packed + (k + i) * width + j, v[i], 16);
    }
    for (; k < depth; k++) {
      for (int i = 0; i < 16; i++) {
        packed[k * width + j + i] = i < count ? b[k + (j + i) * column] : 0;
      }
    }
  }
}
