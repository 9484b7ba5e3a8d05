// Matrix product: c(i, j) is one chain of fma over k ascending. The loops around the register tile
// are those of Goto and van de Geijn ("Anatomy of high-performance matrix multiplication", 2008);
// k is only ever cut where the tile is stored and loaded again, so the chain stays whole.

enum {
  depthOfBlock = 512,    // of k: tiles of c are seldom stored and loaded again
  rowsOfBlock = 192,     // of i: the packed block of a stays in the second level cache
  columnsOfBlock = 1536  // of j: the packed block of b
};

/// Where the operands of a tile are. `aStep` is the stride of a that is not 1.
typedef struct {
  const float *a;
  long aStep;
  const float *b;
  long bRow;
  float *c;
  long cRow;
  long depth;
  long lastCount;  // columns in the last vector of the tile
  int accumulate;
} Tile;

/// c of `rows` x `vectors` * 16. a(i, k) is at a[k * aStep + i], or at a[i * aStep + k] if
/// `byRows`.
CK_INLINE void tile(const int rows, const int vectors, const int byRows, const Tile *t) {
  V16 sum[8][3];
  const long cRow = t->cRow, bRow = t->bRow, depth = t->depth;
  const long iStride = byRows ? t->aStep : 1, kStride = byRows ? 1 : t->aStep;
  const int last = vectors - 1;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      float *c = t->c + i * cRow + 16 * v;
      sum[i][v] = t->accumulate ? load(c, v == last ? t->lastCount : 16) : (V16)0;
      if (!t->accumulate) __builtin_prefetch(c, 1);
    }
  }
  const float *a = t->a, *b = t->b;
#pragma clang loop unroll_count(2)
  for (long k = 0; k < depth; k++) {
    V16 bValue[3];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) bValue[v] = *(const V16Unaligned *)(b + 16 * v);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V16 aValue = a[i * iStride];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[i][v] = fma16(aValue, bValue[v], sum[i][v]);
    }
    a += kStride;
    b += bRow;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      store(t->c + i * cRow + 16 * v, sum[i][v], v == last ? t->lastCount : 16);
    }
  }
}

#define CK_TILE(rows, vectors)                                                                  \
  static __attribute__((noinline)) void tile##rows##x##vectors(const Tile *t) {                 \
    tile(rows, vectors, 0, t);                                                                  \
  }                                                                                             \
  static __attribute__((noinline)) void tileByRows##rows##x##vectors(const Tile *t) {           \
    tile(rows, vectors, 1, t);                                                                  \
  }
#define CK_TILES(vectors) \
  CK_TILE(1, vectors)     \
  CK_TILE(2, vectors)     \
  CK_TILE(4, vectors)     \
  CK_FULL_TILE(vectors)
#if CK_TILE_ROWS == 8
#define CK_FULL_TILE(vectors) CK_TILE(8, vectors)
#define CK_TILE_NAMES(prefix, vectors) \
  { prefix##1x##vectors, prefix##2x##vectors, prefix##4x##vectors, prefix##8x##vectors }
#elif CK_TILE_ROWS == 6
#define CK_FULL_TILE(vectors) CK_TILE(6, vectors)
#define CK_TILE_NAMES(prefix, vectors) \
  { prefix##1x##vectors, prefix##2x##vectors, prefix##4x##vectors, prefix##6x##vectors }
#else
#define CK_FULL_TILE(vectors)
#define CK_TILE_NAMES(prefix, vectors) \
  { prefix##1x##vectors, prefix##2x##vectors, prefix##4x##vectors, prefix##4x##vectors }
#endif

typedef void (*TileFunction)(const Tile *);

CK_TILES(1)
#if CK_TILE_VECTORS == 3
CK_TILES(2)
CK_TILES(3)
#endif

/// By layout of a, vectors - 1, and size class: 1, 2, 4 or CK_TILE_ROWS rows.
static const TileFunction tileFunctions[2][CK_TILE_VECTORS][4] = {
    {CK_TILE_NAMES(tile, 1),
#if CK_TILE_VECTORS == 3
     CK_TILE_NAMES(tile, 2), CK_TILE_NAMES(tile, 3)
#endif
    },
    {CK_TILE_NAMES(tileByRows, 1),
#if CK_TILE_VECTORS == 3
     CK_TILE_NAMES(tileByRows, 2), CK_TILE_NAMES(tileByRows, 3)
#endif
    }};

/// The width of the next strip of tiles: 3 vectors as long as that leaves no strip of 1.
CK_INLINE long stripVectors(long columnsLeft) {
  long vectors = (columnsLeft + 15) / 16;
  if (vectors == 4 && CK_TILE_VECTORS > 2) return 2;
  return vectors < CK_TILE_VECTORS ? vectors : CK_TILE_VECTORS;
}

/// One strip of c, all rows of the block; `t` is at its first tile.
static void strip(long rows, long vectors, Tile t, int isPacked, int byRows) {
  const TileFunction *functions = tileFunctions[byRows][vectors - 1];
  const float *a = t.a;
  float *c = t.c;
  for (long i = 0; i < rows;) {
    long left = rows - i, group = i / CK_TILE_ROWS, inGroup = i % CK_TILE_ROWS;
    int size = left >= CK_TILE_ROWS ? 3 : left >= 4 ? 2 : left >= 2 ? 1 : 0;
    if (isPacked) {
      t.a = a + group * packedRows * t.depth + inGroup;
    } else {
      t.a = a + i * (byRows ? t.aStep : 1);
    }
    t.c = c + i * t.cRow;
    functions[size](&t);
    i += size == 3 ? CK_TILE_ROWS : 1 << size;
  }
}

enum { narrowColumns = 8, narrowWidth = 16 * CK_TILE_VECTORS };

/// The product where c has few columns and a lies by columns: tiles of the transposed result, which are as
/// wide as a's columns are long and read them as they lie. fma takes its factors in any order, so the chains
/// are the same. m is a multiple of 16.
static void narrowProduct(long m, long n, long k, const float *a, long aColumn, const float *b,
                          long bRow, long bColumn, float *c, long cRow, int accumulate) {
  float sums[narrowColumns * narrowWidth];
  for (long i0 = 0; i0 < m; i0 += narrowWidth) {
    const long vectors = m - i0 < narrowWidth ? (m - i0) / 16 : CK_TILE_VECTORS;
    float *target = c + i0 * cRow;
    if (accumulate) {
      for (long i = 0; i < 16 * vectors; i++) {
        for (long j = 0; j < n; j++) sums[j * narrowWidth + i] = target[i * cRow + j];
      }
    }
    for (long k0 = 0; k0 < k; k0 += depthOfBlock) {
      Tile t = {
          .a = b + k0 * bRow,
          .aStep = bColumn == 1 ? bRow : bColumn,
          .b = a + i0 + k0 * aColumn,
          .bRow = aColumn,
          .c = sums,
          .cRow = narrowWidth,
          .depth = k - k0 < depthOfBlock ? k - k0 : depthOfBlock,
          .lastCount = 16,
          .accumulate = accumulate || k0 > 0,
      };
      strip(n, vectors, t, 0, bColumn != 1);
    }
    for (long i = 0; i < 16 * vectors; i++) {
      for (long j = 0; j < n; j++) target[i * cRow + j] = sums[j * narrowWidth + i];
    }
  }
}

static long product(long m, long n, long k, const float *a, long aRow, long aColumn,
                    const float *b, long bRow, long bColumn, float *c, long cRow, int accumulate,
                    float *spare) {
  if (k == 0 && !accumulate) {
    for (long i = 0; i < m; i++) memset(c + i * cRow, 0, (size_t)n * sizeof(float));
  }
  if (k == 0 || m == 0 || n == 0) return 0;
  if (n <= narrowColumns && aRow == 1 && m >= 16) {
    const long whole = m / 16 * 16;
    const long missing = product(m - whole, n, k, a + whole, 1, aColumn, b, bRow, bColumn,
                                 c + whole * cRow, cRow, accumulate, spare);
    if (missing) return missing;
    narrowProduct(whole, n, k, a, aColumn, b, bRow, bColumn, c, cRow, accumulate);
    return 0;
  }
  // Packing a pays when many columns read it, packing b when many rows do. The last strip of b is
  // packed if it is narrower than its vectors, and b by columns always is: tiles read vectors.
  const int packsA = n > 192, packsB = m > 96 || bColumn != 1;
  const long deep = k < depthOfBlock ? k : depthOfBlock;
  const long groups = ((m < rowsOfBlock ? m : rowsOfBlock) + CK_TILE_ROWS - 1) / CK_TILE_ROWS;
  const long aCount = packsA ? groups * packedRows * deep : 0;
  const long wide = n < columnsOfBlock ? (n + 15) / 16 * 16 : columnsOfBlock;
  float *packedA = spare ? spare : ck_packingMemory((size_t)(aCount + wide * deep));
  if (!packedA) return aCount + wide * deep;
  float *packedB = packedA + aCount;
  const int byRows = !packsA && aRow != 1;

  for (long j0 = 0; j0 < n; j0 += columnsOfBlock) {
    const long columns = n - j0 < columnsOfBlock ? n - j0 : columnsOfBlock;
    for (long k0 = 0; k0 < k; k0 += depthOfBlock) {
      const long depth = k - k0 < depthOfBlock ? k - k0 : depthOfBlock;
      const float *bBlock = b + k0 * bRow + j0 * bColumn;
      for (long i0 = 0; i0 < m; i0 += rowsOfBlock) {
        const long rows = m - i0 < rowsOfBlock ? m - i0 : rowsOfBlock;
        const float *aBlock = a + i0 * aRow + k0 * aColumn;
        if (packsA) {
          for (long i = 0; i < rows; i += CK_TILE_ROWS) {
            packRows(rows - i < CK_TILE_ROWS ? rows - i : CK_TILE_ROWS, depth, aBlock + i * aRow,
                     aRow, aColumn, packedA + i / CK_TILE_ROWS * packedRows * depth);
          }
        }
        for (long j = 0; j < columns;) {
          const long vectors = stripVectors(columns - j), width = 16 * vectors;
          const long count = columns - j < width ? columns - j : width;
          const int isPackedB = packsB || count < width;
          if (isPackedB && i0 == 0) {
            packColumns(count, width, depth, bBlock + j * bColumn, bRow, bColumn,
                        packedB + j * depth);
          }
          Tile t = {
              .a = packsA ? packedA : aBlock,
              .aStep = packsA ? packedRows : byRows ? aRow : aColumn,
              .b = isPackedB ? packedB + j * depth : bBlock + j,
              .bRow = isPackedB ? width : bRow,
              .c = c + i0 * cRow + j0 + j,
              .cRow = cRow,
              .depth = depth,
              .lastCount = count - (width - 16),
              .accumulate = accumulate || k0 > 0,
          };
          strip(rows, vectors, t, packsA, byRows);
          j += count;
        }
      }
    }
  }
  return 0;
}
