// Products of activations rounded to 8 bits and packed whole numbers: docs/arithmetic.md.

#include "IntegerRows.inc.h"

typedef B16 B16Any __attribute__((aligned(1)));

/// Codes of whole groups as bytes, and their scales.
static void unpackCodes(const CKQuantization *q, long groups, const uint8_t *bytes, int8_t *codes,
                        float *scales) {
  const long size = q->groupSize, codeBytes = size * q->bits / 8;
  for (long g = 0; g < groups; g++, codes += size, bytes += q->scaleBytes + codeBytes) {
    scales[g] = loadScale(q, bytes);
    const uint8_t *packed = bytes + q->scaleBytes;
    if (q->bits == 8) {
      memcpy(codes, packed, (size_t)size);
      continue;
    }
    for (long i = 0; i < size; i += 16) {
      const S8 wide = __builtin_convertvector(*(const B8Unaligned *)(packed + i / 2), S8);
      const B16 nibbles = __builtin_bit_cast(B16, (S8)((wide | wide << 4) & 0x0f0f));
      // Repeats the sign bit.
      *(B16Any *)(codes + i) = (nibbles ^ 8) - 8;
    }
  }
}

/// Numbers, times `factors` if there are any, over the scale largest / 127: to nearest, ties to even,
/// plus 128. Returns that scale; if it is 0, all codes are those of 0.
static float roundRow(long count, const float *x, const float *factors, uint8_t *codes) {
  U16 largest = 0;
  for (long i = 0; i < count; i += 16) {
    V16 v = load(x + i, count - i);
    if (factors) v = v * load(factors + i, count - i);
    const U16 magnitude = __builtin_bit_cast(U16, v) & 0x7fffffffu;
    largest = magnitude > largest ? magnitude : largest;
  }
  const float scale = __builtin_bit_cast(float, __builtin_reduce_max(largest)) / 127;
  if (scale == 0) {
    memset(codes, 128, (size_t)count);
    return 0;
  }
  const V16 divisor = scale, low = -127.0f, high = 127.0f, shift = 0x1.8p23f;
  for (long i = 0; i < count; i += 16) {
    V16 v = load(x + i, count - i);
    if (factors) v = v * load(factors + i, count - i);
    v = v / divisor;
    v = v < low ? low : v;
    v = v > high ? high : v;
    const B16 code = lowBytes(bitsOf(v + shift)) + 128;
    if (count - i >= 16) {
      *(B16Any *)(codes + i) = code;
    } else {
      for (long j = 0; j < count - i; j++) codes[i + j] = code[j];
    }
  }
  return scale;
}

/// 16 columns of codes in quads: that of (k, j) becomes byte k / 4 * 64 + 4 j + k % 4. Code (k, j) is
/// w[k * row + j * column], one of the strides 1; `depth` is a multiple of 4.
static void packQuads(long depth, const int8_t *w, long row, long column, int8_t *packed) {
  for (long k = 0; k < depth; k += 4, packed += 64) {
    if (row == 1) {
      for (long j = 0; j < 16; j++) memcpy(packed + 4 * j, w + k + j * column, 4);
    } else {
      U16 quads = 0;
      for (int i = 0; i < 4; i++) {
        const B16 bytes = *(const B16Any *)(w + (k + i) * row);
        quads |= __builtin_convertvector(bytes, U16) << (uint32_t)(8 * i);
      }
      *(I16Unaligned *)packed = __builtin_bit_cast(I16, quads);
    }
  }
}

/// What 128 too much in each unsigned byte adds to the sums, negative.
static void correction(long depth, const int8_t *packed, int32_t *start) {
  I16 sum = 0;
  for (long k = 0; k < depth; k += 4, packed += 64) {
    sum = addQuads(sum, 0x80808080u, *(const I16Unaligned *)packed);
  }
  *(I16Unaligned *)start = -sum;
}

static void anyIntegerStrip(long rows, long quads, const uint8_t *a, long aRow, const int8_t *w,
                            const int32_t *start, const float *scale, float *c, int accumulate) {
#if CK_LEVEL == 2
  if (ck_hasVNNI()) {
    return ck_integerStripVNNI(rows, quads, a, aRow, w, start, scale, c, accumulate);
  }
#endif
  integerStrip(rows, quads, a, aRow, w, start, scale, c, accumulate);
}

/// Memory of one call: parts on cache lines.
typedef struct {
  uint8_t *rows;      // m x depth, activations
  float *rowScales;   // m
  int8_t *codes;      // 16 x depth or depth x group, as they lie
  float *scales;      // of the groups of codes
  float *columnScales;  // 16 for each group along k
  int8_t *quads;      // depth x 16
  float *sums;        // m x 16
} IntegerMemory;

CK_INLINE uint8_t *take(uint8_t **memory, long count) {
  uint8_t *start = *memory;
  *memory += (count + 63) / 64 * 64;
  return start;
}

static long integerMemory(const CKIntegerProduct *p, IntegerMemory *memory, uint8_t *base) {
  const long group = p->format->groupSize, wide = p->isTransposed ? 16 : group;
  uint8_t *next = base;
  memory->rows = take(&next, p->m * p->depth);
  memory->rowScales = (float *)take(&next, 4 * p->m);
  memory->codes = (int8_t *)take(&next, wide * p->depth);
  memory->scales = (float *)take(&next, 4 * (wide * p->depth / group + 1));
  memory->columnScales = (float *)take(&next, 64 * (p->depth / group + 1));
  memory->quads = (int8_t *)take(&next, 16 * p->depth);
  memory->sums = (float *)take(&next, 64 * p->m);
  return next - base;
}

/// The columns of c that the sums are of, times the scales of the rows.
static void writeColumns(const CKIntegerProduct *p, const IntegerMemory *t, long first, long count) {
  for (long i = 0; i < p->m; i++) {
    const V16 scale = t->rowScales[i];
    float *c = p->c + i * p->cRow + first;
    V16 value = *(const V16Unaligned *)(t->sums + 16 * i) * scale;
    if (p->accumulate) value = load(c, count) + value;
    store(c, value, count);
  }
}

/// Groups lie along k: their sums are added in floats.
static void integerColumnsByRows(const CKIntegerProduct *p, const IntegerMemory *t, long first,
                                 long end) {
  const CKQuantization *q = p->format;
  const long group = q->groupSize, groups = p->depth / group;
  const long groupBytes = q->scaleBytes + group * q->bits / 8;
  for (long i = 0; i < p->m; i++) {
    t->rowScales[i] = roundRow(p->depth, p->a + i * p->aRow, NULL, t->rows + i * p->depth);
  }
  for (long j = first; j < end; j += 16) {
    const long count = end - j < 16 ? end - j : 16;
    memset(t->codes + count * p->depth, 0, (size_t)((16 - count) * p->depth));
    memset(t->columnScales, 0, (size_t)(64 * groups));
    for (long column = 0; column < count; column++) {
      unpackCodes(q, groups, p->weights + (j + column) * groups * groupBytes,
                  t->codes + column * p->depth, t->scales);
      for (long g = 0; g < groups; g++) t->columnScales[16 * g + column] = t->scales[g];
    }
    packQuads(p->depth, t->codes, 1, p->depth, t->quads);
    for (long g = 0; g < groups; g++) {
      const int8_t *quads = t->quads + 16 * g * group;
      int32_t start[16];
      correction(group, quads, start);
      anyIntegerStrip(p->m, group / 4, t->rows + g * group, p->depth, quads, start,
                      t->columnScales + 16 * g, t->sums, g > 0);
    }
    writeColumns(p, t, j, count);
  }
}

/// Groups lie along the columns: their scales go into the rows before these are rounded.
static void integerColumnsByGroups(const CKIntegerProduct *p, const IntegerMemory *t, long first,
                                   long end) {
  const CKQuantization *q = p->format;
  const long group = q->groupSize, rowGroups = p->n / group;
  const long groupBytes = q->scaleBytes + group * q->bits / 8;
  float ones[16];
  for (int j = 0; j < 16; j++) ones[j] = 1;
  for (long j = first; j < end; j += group) {
    for (long k = 0; k < p->depth; k++) {
      unpackCodes(q, 1, p->weights + (k * rowGroups + j / group) * groupBytes,
                  t->codes + k * group, t->scales + k);
    }
    for (long i = 0; i < p->m; i++) {
      t->rowScales[i] = roundRow(p->depth, p->a + i * p->aRow, t->scales, t->rows + i * p->depth);
    }
    for (long column = 0; column < group; column += 16) {
      packQuads(p->depth, t->codes + column, group, 1, t->quads);
      int32_t start[16];
      correction(p->depth, t->quads, start);
      anyIntegerStrip(p->m, p->depth / 4, t->rows, p->depth, t->quads, start, ones, t->sums, 0);
      writeColumns(p, t, j + column, 16);
    }
  }
}

static long integerColumns(const CKIntegerProduct *p, long first, long end, void *memory) {
  IntegerMemory t;
  const long size = integerMemory(p, &t, memory);
  if (!memory) return size;
  if (p->isTransposed) {
    integerColumnsByRows(p, &t, first, end);
  } else {
    integerColumnsByGroups(p, &t, first, end);
  }
  return 0;
}
