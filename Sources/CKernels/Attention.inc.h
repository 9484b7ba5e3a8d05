// Causal attention of the query heads that share one key-value head: blocks of queries meet the
// keys that they see. Chains run over visible keys (or queries) alone and in ascending order, so
// how they are blocked does not show; scores are computed again for the gradient, not kept.

enum { queriesOfBlock = 48 };

/// The first key that query i sees; the last one is i.
CK_INLINE long firstKey(const CKAttention *p, long i) {
  return i < p->window ? 0 : i - p->window + 1;
}

CK_INLINE long wholeVectors(long count) { return (count + 15) / 16 * 16; }

/// All columns of b in strips, that from column j on at `packed` + j * depth.
/// b(k, j) = b[k * row + j * column], one of the two strides is 1.
static void packStrips(long columns, long depth, const float *b, long row, long column,
                       float *packed) {
  for (long j = 0; j < columns;) {
    const long width = 16 * stripVectors(columns - j);
    const long count = columns - j < width ? columns - j : width;
    packColumns(count, width, depth, b + j * column, row, column, packed + j * depth);
    j += count;
  }
}

/// s(r, j) = a(r) * column j of the packed b, for the queries `first` + r and at least the keys j
/// that they see.
static void scoresOfBlock(const CKAttention *p, long first, long rows, const float *a, long aRow,
                          const float *packed, float *s, long sRow) {
  const long columns = first + rows, depth = p->dimension;
  for (long j = 0; j < columns;) {
    // The width of a strip follows from all keys, as they were packed.
    const long vectors = stripVectors(p->length - j), width = 16 * vectors;
    const long count = p->length - j < width ? p->length - j : width;
    const long from = j > first ? (j - first) / CK_TILE_ROWS * CK_TILE_ROWS : 0;
    const long end = j + count - 1 + p->window - first, to = end < rows ? end : rows;
    Tile t = {
        .a = a + from * aRow,
        .aStep = aRow,
        .b = packed + j * depth,
        .bRow = width,
        .c = s + from * sRow + j,
        .cRow = sRow,
        .depth = depth,
        .lastCount = count - (width - 16),
        .accumulate = 0,
    };
    if (from < to) strip(to - from, vectors, t, 0, 1);
    j += count;
  }
}

/// Row r of a banded product takes the terms max(0, r + low) ..< min(depth, r + high).
typedef struct {
  long low, high, depth;
} Band;

CK_INLINE long bandStart(const Band *band, long r) { return r + band->low > 0 ? r + band->low : 0; }
CK_INLINE long bandEnd(const Band *band, long r) {
  return r + band->high < band->depth ? r + band->high : band->depth;
}

/// Adds the terms from ..< to onto a tile.
CK_INLINE void addTerms(TileFunction function, Tile t, long kStride, long from, long to) {
  if (from >= to) return;
  t.a += from * kStride;
  t.b += from * t.bRow;
  t.depth = to - from;
  function(&t);
}

/// c(r, j) = fma chain onto c over the row's terms k, ascending, of a(r, k) * b(k, j); b is packed
/// in strips of `band.depth` rows. a(r, k) is at a[r * aStep + k] if `byRows`, else at
/// a[k * aStep + r].
static void bandedProduct(long rows, long columns, const float *a, long aStep, int byRows,
                          const float *packed, Band band, float *c, long cRow) {
  const long rStride = byRows ? aStep : 1, kStride = byRows ? 1 : aStep;
  for (long j = 0; j < columns;) {
    const long vectors = stripVectors(columns - j), width = 16 * vectors;
    const long count = columns - j < width ? columns - j : width;
    const TileFunction *functions = tileFunctions[byRows][vectors - 1];
    Tile t = {
        .aStep = aStep,
        .b = packed + j * band.depth,
        .bRow = width,
        .cRow = cRow,
        .lastCount = count - (width - 16),
        .accumulate = 1,
    };
    for (long i = 0; i < rows;) {
      const long left = rows - i;
      const int size = left >= CK_TILE_ROWS ? 3 : left >= 4 ? 2 : left >= 2 ? 1 : 0;
      const long height = size == 3 ? CK_TILE_ROWS : 1 << size;
      // The terms that all rows of the tile have, and before and after them those of each row.
      const long from = bandStart(&band, i + height - 1), shared = bandEnd(&band, i);
      const long to = shared > from ? shared : from;
      for (long r = i; r < i + height; r++) {
        const long end = bandEnd(&band, r);
        t.a = a + r * rStride;
        t.c = c + r * cRow + j;
        addTerms(functions[0], t, kStride, bandStart(&band, r), end < from ? end : from);
      }
      t.a = a + i * rStride;
      t.c = c + i * cRow + j;
      addTerms(functions[size], t, kStride, from, to);
      for (long r = i; r < i + height; r++) {
        t.a = a + r * rStride;
        t.c = c + r * cRow + j;
        addTerms(functions[0], t, kStride, to, bandEnd(&band, r));
      }
      i += height;
    }
    j += count;
  }
}

static void clearRows(long rows, long columns, float *x, long row) {
  for (long r = 0; r < rows; r++) memset(x + r * row, 0, (size_t)columns * sizeof(float));
}

static long attention(const CKAttention *p, float *spare) {
  const long length = p->length, dimension = p->dimension, sRow = wholeVectors(length);
  const long keyCount = sRow * dimension, valueCount = wholeVectors(dimension) * length;
  const long count = keyCount + valueCount + queriesOfBlock * sRow;
  float *keys = spare ? spare : ck_packingMemory((size_t)count);
  if (!keys) return count;
  float *values = keys + keyCount, *s = values + valueCount;
  packStrips(length, dimension, p->key, 1, p->keyRow, keys);
  packStrips(dimension, length, p->value, p->valueRow, 1, values);
  for (long head = 0; head < p->heads; head++) {
    const float *query = p->query + head * dimension;
    float *output = p->output + head * dimension;
    float *statistics = p->statistics + head * 2 * length;
    for (long first = 0; first < length; first += queriesOfBlock) {
      const long rows = length - first < queriesOfBlock ? length - first : queriesOfBlock;
      scoresOfBlock(p, first, rows, query + first * p->queryRow, p->queryRow, keys, s, sRow);
      for (long r = 0; r < rows; r++) {
        const long i = first + r, from = firstKey(p, i), count = i + 1 - from;
        float *x = s + r * sRow + from;
        float *kept = statistics + 2 * i;
        kept[1] = 1.0f / exponentials(count, x, p->scale, &kept[0]);
        const float reciprocal = kept[1];
        for (long j = 0; j < count; j += 16) {
          store(x + j, load(x + j, count - j) * reciprocal, count - j);
        }
      }
      float *out = output + first * p->outputRow;
      const Band band = {.low = first - p->window + 1, .high = first + 1, .depth = length};
      clearRows(rows, dimension, out, p->outputRow);
      bandedProduct(rows, dimension, s, sRow, 1, values, band, out, p->outputRow);
    }
  }
  return 0;
}

/// In place: scores x to probabilities, gradients d of the probabilities to those of the scores.
CK_INLINE void gradientsOfRow(long count, float *x, float *d, float scale, const float *kept) {
  const float m = kept[0], reciprocal = kept[1];
  V16 sum = 0;
  for (long j = 0; j < count; j += 16) {
    const long left = count - j;
    V16 probability = exp16(load(x + j, left) * scale - m) * reciprocal;
    sum = firstLanes(left, fma16(probability, load(d + j, left), sum), sum);
    store(x + j, probability, left);
  }
  const float dot = sumOfLanes(sum);
  for (long j = 0; j < count; j += 16) {
    const long left = count - j;
    store(d + j, ((load(d + j, left) - dot) * load(x + j, left)) * scale, left);
  }
}

static long attentionBackward(const CKAttention *p, float *spare) {
  const long length = p->length, dimension = p->dimension, sRow = wholeVectors(length);
  const long width = wholeVectors(dimension), keyCount = sRow * dimension;
  const long rowCount = width * length, blockCount = width * queriesOfBlock;
  const long count = 2 * keyCount + rowCount + 2 * blockCount + 2 * queriesOfBlock * sRow;
  float *keys = spare ? spare : ck_packingMemory((size_t)count);
  if (!keys) return count;
  float *values = keys + keyCount, *keyRows = values + keyCount, *queries = keyRows + rowCount;
  float *dOutputs = queries + blockCount, *s = dOutputs + blockCount;
  float *d = s + queriesOfBlock * sRow;
  packStrips(length, dimension, p->key, 1, p->keyRow, keys);
  packStrips(length, dimension, p->value, 1, p->valueRow, values);
  packStrips(dimension, length, p->key, p->keyRow, 1, keyRows);
  clearRows(length, dimension, p->dKey, p->dKeyRow);
  clearRows(length, dimension, p->dValue, p->dValueRow);
  for (long head = 0; head < p->heads; head++) {
    const float *statistics = p->statistics + head * 2 * length;
    for (long first = 0; first < length; first += queriesOfBlock) {
      const long rows = length - first < queriesOfBlock ? length - first : queriesOfBlock;
      const float *query = p->query + head * dimension + first * p->queryRow;
      const float *dOutput = p->dOutput + head * dimension + first * p->dOutputRow;
      float *dQuery = p->dQuery + head * dimension + first * p->dQueryRow;
      scoresOfBlock(p, first, rows, query, p->queryRow, keys, s, sRow);
      scoresOfBlock(p, first, rows, dOutput, p->dOutputRow, values, d, sRow);
      for (long r = 0; r < rows; r++) {
        const long i = first + r, from = firstKey(p, i);
        gradientsOfRow(i + 1 - from, s + r * sRow + from, d + r * sRow + from, p->scale,
                       statistics + 2 * i);
      }
      const Band ofQueries = {.low = first - p->window + 1, .high = first + 1, .depth = length};
      clearRows(rows, dimension, dQuery, p->dQueryRow);
      bandedProduct(rows, dimension, d, sRow, 1, keyRows, ofQueries, dQuery, p->dQueryRow);
      // Turned round: key j is seen by the queries j ..< j + window, here counted from `first`.
      const long from = firstKey(p, first), seen = first + rows - from;
      const Band ofKeys = {.low = from - first, .high = from - first + p->window, .depth = rows};
      packStrips(dimension, rows, query, p->queryRow, 1, queries);
      packStrips(dimension, rows, dOutput, p->dOutputRow, 1, dOutputs);
      bandedProduct(seen, dimension, d + from, sRow, 0, queries, ofKeys,
                    p->dKey + from * p->dKeyRow, p->dKeyRow);
      bandedProduct(seen, dimension, s + from, sRow, 0, dOutputs, ofKeys,
                    p->dValue + from * p->dValueRow, p->dValueRow);
    }
  }
  return 0;
}
