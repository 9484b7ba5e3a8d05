// Kernels of the `fixed` arithmetic, one table of functions for each instruction set.
// docs/arithmetic.md is the definition: every table gives the same bits.
//
// All memory is float32 unless it says otherwise. Matrices are row-major; a stride is the distance
// between rows, in elements. Counts and strides are never negative, pointers are never null unless
// it says so. Callers check shapes; these functions check nothing.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// The version of the written contract that these kernels compute.
#define CK_ARITHMETIC_VERSION 2

/// The instruction sets that kernels are written for, in rising order of speed.
enum { CK_PORTABLE = 0, CK_AVX2 = 1, CK_AVX512 = 2 };

/// What a step of AdamW needs beside its vectors; docs/arithmetic.md says how each is computed.
typedef struct CKAdamW {
  float firstDecay, firstShare;    // beta1 and 1 - beta1
  float secondDecay, secondShare;  // beta2 and 1 - beta2
  float rootScale;                 // 1 / sqrt(1 - beta2^t)
  float epsilon;
  float rate;  // learning rate / (1 - beta1^t)
  float keep;  // 1 - learning rate * weight decay
} CKAdamW;

/// Causal attention of the query heads that share one key-value head, in one sequence. Row i of
/// each matrix belongs to token i; head h of the group lies h * `dimension` columns further to the
/// right in the matrices of queries and outputs. No result overlaps an operand. `attention` needs
/// no pointer to a gradient, `attentionBackward` no output.
typedef struct CKAttention {
  long length;     // tokens
  long heads;      // query heads in the group
  long dimension;  // width of one head
  long window;     // query i sees the keys j with i - window < j <= i; in 1 ... length
  float scale;
  const float *_Nullable query;
  long queryRow;
  const float *_Nullable key;
  long keyRow;
  const float *_Nullable value;
  long valueRow;
  /// For head h and query i, at (h * length + i) * 2: the maximum of the scaled scores, and the
  /// reciprocal of the sum of the exponentials. Forward writes it, backward reads it.
  float *_Nullable statistics;
  float *_Nullable output;
  long outputRow;
  const float *_Nullable dOutput;
  long dOutputRow;
  float *_Nullable dQuery;
  long dQueryRow;
  float *_Nullable dKey;
  long dKeyRow;
  float *_Nullable dValue;
  long dValueRow;
} CKAttention;

/// How the scale of a group of packed codes is stored.
enum { CK_SCALE_FLOAT32 = 1, CK_SCALE_FLOAT16 = 2, CK_SCALE_E8M0 = 3 };

/// A format of packed groups: codes of 4 or 8 bits behind a scale of 4, 2 or 1 bytes.
typedef struct CKQuantization {
  /// Values of a group, a multiple of 32.
  long groupSize;
  /// 4 or 8.
  int bits;
  /// CK_SCALE_FLOAT32, CK_SCALE_FLOAT16 or CK_SCALE_E8M0, and its bytes.
  int scaleKind, scaleBytes;
  /// Whether numbers go to the values of a table of 16, else to whole numbers.
  int isTable;
  /// The largest value, and floor(log2()) of it.
  float largestValue;
  int largestExponent;
  /// The thresholds between the 16 values of a table, in units of the scale, as a binary tree: node
  /// 1 is the root, node i has the children 2 i and 2 i + 1, node 0 is not used.
  float tree[16];
  /// The code of each value of a table, ascending.
  uint8_t codes[16];
  /// Whether the thresholds can be found by cells too: a number x in a group of the scale s, at most
  /// cellLimit * s, lies in the cell that x / s * cellFactor + cellOffset rounds to, modulo 32. A cell
  /// has at most one threshold (infinite if none), not near its ends; cellSteps is 0 if a number on it
  /// has the upper code, else what makes the bits of the threshold those of the next larger float.
  /// cellCodes is the code below the threshold and 16 times the one from it on.
  int hasCells;
  float cellLimit, cellFactor, cellOffset;
  float cellThresholds[32];
  int32_t cellSteps[32];
  uint32_t cellCodes[32];
  /// What each code of 4 bits stands for; NaN where no encoder writes it.
  float values[16];
} CKQuantization;

/// Scales among which the one with the smallest sum of squared errors is searched.
typedef struct CKScaleSearch {
  /// Scales, a multiple of 16; none is 0.
  long count;
  const float *_Nullable scales;
  /// Least and greatest whole multiple of each scale, if numbers go to whole multiples.
  const float *_Nullable lowest, *_Nullable highest;
  /// Whether numbers go to the values of a table of 16 instead; then scales may be negative.
  int isTable;
  /// The thresholds of the table, as CKQuantization has them.
  float tree[16];
  /// The values of the table, ascending.
  float values[16];
} CKScaleSearch;

/// c = a w or c + a w, with rows of a rounded to 8 bits and packed whole numbers w.
typedef struct CKIntegerProduct {
  /// Rows of a and c, columns of w and c, columns of a: at most 65536, a multiple of 4.
  long m, n, depth;
  const float *a;
  long aRow;
  /// Symmetric whole numbers of 4 or 8 bits, in bytes that were checked.
  const CKQuantization *format;
  /// The first group of w.
  const uint8_t *weights;
  /// Whether w lies as (n, depth), with groups along depth; else as (depth, n) with groups along n.
  /// The group size divides that dimension.
  int isTransposed;
  float *c;
  long cRow;
  int accumulate;
} CKIntegerProduct;

/// The kernels of one instruction set.
typedef struct CKKernels {
  /// c(i, j) = fma chain over k ascending of a(i, k) * b(k, j), from c if `accumulate`, else from +0.
  /// An element of a is a[i * aRow + k * aColumn], of b is b[k * bRow + j * bColumn]; in each
  /// operand one of the two strides is 1. c does not overlap a or b.
  /// Packs into memory of the calling thread, or into `spare` if it is given. Returns 0, or, if the
  /// thread's memory cannot grow, how many floats of `spare` it needs; nothing is done then.
  long (*product)(long m, long n, long k, const float *a, long aRow, long aColumn, const float *b,
                  long bRow, long bColumn, float *c, long cRow, int accumulate,
                  float *_Nullable spare);

  /// Outputs and statistics of one group of heads. Memory and result as of `product`.
  long (*attention)(const CKAttention *p, float *_Nullable spare);
  /// Gradients of one group of heads. Memory and result as of `product`.
  long (*attentionBackward)(const CKAttention *p, float *_Nullable spare);

  /// z = x + y.
  void (*add)(long rows, long columns, const float *x, long xStride, const float *y, long yStride,
              float *z, long zStride);
  /// y(i, j) += bias(j).
  void (*addBias)(long rows, long columns, const float *bias, float *y, long yStride);
  /// sums(j) += x(0, j), then x(1, j), ...
  void (*columnSums)(long rows, long columns, const float *x, long xStride, float *sums);

  /// y = fma(a, x, y).
  void (*axpy)(long count, float a, const float *x, float *y);
  /// y = x * a. y may be x.
  void (*scale)(long count, float a, const float *x, float *y);
  /// z = x - y. z may be x or y.
  void (*subtract)(long count, const float *x, const float *y, float *z);
  /// m = fma(factor, m, g); w = fma(-rate, d, w) with d = m, or fma(factor, m, g) if `isNesterov`.
  void (*momentumStep)(long count, float rate, float factor, int isNesterov, const float *g,
                       float *m, float *w);
  /// One step of AdamW: first moments m, second moments v and parameters w from the gradient g.
  void (*adamWStep)(long count, const CKAdamW *step, const float *g, float *m, float *v, float *w);
  /// Lanes `firstLane` ..< `endLane` of the lane sum over blocks of 4096 elements: lane l becomes
  /// the sum of dot(block, block) over the blocks b with b mod 16 = l, ascending, from +0.
  void (*laneSquares)(long count, const float *x, long firstLane, long endLane, float *lanes);

  /// y = gelu(x), tanh form.
  void (*gelu)(long rows, long columns, const float *x, long xStride, float *y, long yStride);
  /// dx = dy * gelu'(x). dx may be dy.
  void (*geluBackward)(long rows, long columns, const float *x, long xStride, const float *dy,
                       long dyStride, float *dx, long dxStride);
  /// `addBias` of x, then `gelu` of it into y.
  void (*biasGelu)(long rows, long columns, const float *bias, float *x, long xStride, float *y,
                   long yStride);
  /// `geluBackward`, then `columnSums` of dx onto dBias.
  void (*biasGeluBackward)(long rows, long columns, const float *x, long xStride, const float *dy,
                           long dyStride, float *dx, long dxStride, float *dBias);
  /// y = gelu(gate) * up, tanh form.
  void (*geglu)(long rows, long columns, const float *gate, long gateStride, const float *up,
                long upStride, float *y, long yStride);
  /// The gradients of `geglu`. dGate may be gate, up or dy, and so may dUp, but not both the same.
  void (*gegluBackward)(long rows, long columns, const float *gate, long gateStride,
                        const float *up, long upStride, const float *dy, long dyStride,
                        float *dGate, long dGateStride, float *dUp, long dUpStride);
  /// y = x / (1 + exp(-x)).
  void (*silu)(long rows, long columns, const float *x, long xStride, float *y, long yStride);
  /// dx = dy * silu'(x). dx may be dy or x.
  void (*siluBackward)(long rows, long columns, const float *x, long xStride, const float *dy,
                       long dyStride, float *dx, long dxStride);

  /// Rotates each pair (x(i), x(i + half)) of every head by the angle of its row's position,
  /// (firstRow + r) % period, or back if `isInverse`. Tables: (period, half).
  void (*rotate)(long firstRow, long rows, long heads, long half, float *x, long xStride,
                 const float *cosines, const float *sines, long tableStride, long period,
                 int isInverse);

  /// Divides each of the `groups` vectors of `columns` elements in a row by its root mean square,
  /// times 1 + gamma, and saves the reciprocal roots, (rows, groups).
  void (*rmsNorm)(long rows, long groups, long columns, const float *x, long xStride,
                  const float *gamma, float epsilon, float *y, long yStride, float *rstd);
  /// The gradient of `rmsNorm` for its input; added onto dx if `accumulate`. dx may be dy.
  void (*rmsNormBackward)(long rows, long groups, long columns, const float *dy, long dyStride,
                          const float *x, long xStride, const float *gamma, const float *rstd,
                          float *dx, long dxStride, int accumulate);
  /// The gradient of `rmsNorm` for columns `firstColumn` ..< `endColumn` of gamma, added onto the
  /// old values, rows ascending, groups ascending in each.
  void (*rmsNormParameters)(long rows, long groups, long columns, long firstColumn,
                            long endColumn, const float *dy, long dyStride, const float *x,
                            long xStride, const float *rstd, float *dGamma);

  /// Normalizes each row and saves its mean and its reciprocal standard deviation.
  void (*layerNorm)(long rows, long columns, const float *x, long xStride, const float *gamma,
                    const float *beta, float *y, long yStride, float *mean, float *rstd);
  /// z = x + (d + bias), then `layerNorm` of z.
  void (*addLayerNorm)(long rows, long columns, const float *x, long xStride, const float *d,
                       long dStride, const float *bias, float *z, long zStride,
                       const float *gamma, const float *beta, float *y, long yStride, float *mean,
                       float *rstd);
  /// The gradient of `layerNorm` for its input; added onto dx if `accumulate`.
  void (*layerNormBackward)(long rows, long columns, const float *dy, long dyStride,
                            const float *x, long xStride, const float *gamma, const float *mean,
                            const float *rstd, float *dx, long dxStride, int accumulate);
  /// The gradients of `layerNorm` for gamma and beta, added onto the old values, rows ascending.
  void (*layerNormParameters)(long rows, long columns, const float *dy, long dyStride,
                              const float *x, long xStride, const float *mean, const float *rstd,
                              float *dGamma, float *dBeta);

  /// In place softmax of scale * x.
  void (*softmax)(long rows, long columns, float *x, long xStride, float scale);
  /// In place from the gradient of the probabilities p to the gradient of the scores.
  void (*softmaxBackward)(long rows, long columns, const float *p, long pStride, float *d,
                          long dStride, float scale);
  /// losses(r) = -log(softmax(x(r))[targets(r)]); if `withGradient`, x becomes the gradient * scale.
  void (*crossEntropy)(long rows, long columns, float *x, long xStride, const int32_t *targets,
                       float *losses, int withGradient, float scale);

  /// x(r) = table(tokens(r)), plus positions((firstRow + r) % period) if positions is not null.
  void (*gather)(long firstRow, long rows, long columns, const int32_t *tokens, const float *table,
                 long tableStride, const float *_Nullable positions, long positionStride,
                 long period, float *x, long xStride);
  /// table(tokens(r)) += x(r), r ascending; the row is r % period if tokens is null.
  void (*scatterAdd)(long rows, long columns, const int32_t *_Nullable tokens, long period,
                     const float *x, long xStride, float *table, long tableStride);

  /// 16 strided lanes, then the tree.
  float (*sum)(long count, const float *x);
  /// As `sum`, each lane a chain of fma.
  float (*dot)(long count, const float *x, const float *y);

  void (*exp)(long count, const float *x, float *y);
  void (*log)(long count, const float *x, float *y);
  void (*tanh)(long count, const float *x, float *y);
  void (*erf)(long count, const float *x, float *y);
  /// sin and cos of x radians.
  void (*sinCos)(long count, const float *x, float *sine, float *cosine);
  /// sin and cos of 2 * pi * u, for u in [0, 1).
  void (*sinCosOfTurns)(long count, const float *u, float *sine, float *cosine);
  /// d = fma(a, b, c), rounded once.
  void (*fma)(long count, const float *a, const float *b, const float *c, float *d);

  /// Normal numbers `first`, `first + 1`, ... of a Philox4x32-10 stream.
  void (*normal)(long count, uint64_t seed, uint64_t stream, uint64_t first, float deviation,
                 float *x);

  /// Packs whole groups. Returns `groups`, or the first one with a number that is not finite.
  long (*quantizeGroups)(const CKQuantization *format, long groups, const float *x, uint8_t *bytes);
  /// Unpacks whole groups, past the caches if `isStreaming`. Returns `groups`, or the first one with
  /// a scale or a code that no encoder writes; x then holds nothing of use.
  long (*dequantizeGroups)(const CKQuantization *format, long groups, const uint8_t *bytes, float *x,
                           int isStreaming);
  /// The place of the scale with the smallest sum of squared errors of x, rounded to nearest: sums of
  /// float64, ascending. Of equals the first; `count` of the search if no sum is finite.
  long (*bestScale)(const CKScaleSearch *search, long count, const float *x);
  /// Columns `first` ..< `end` of a product, `first` a multiple of 16, or of the group size unless
  /// w is transposed, when `end` is one too. Without memory it returns how many bytes of it, on a
  /// cache line, a call needs, and does nothing.
  long (*integerColumns)(const CKIntegerProduct *p, long first, long end, void *_Nullable memory);

  /// Multiplies and adds on registers for `rounds`, as fast as the processor can; returns the
  /// number of multiply-adds of one element. Measures, computes nothing.
  long (*fmaPeak)(long rounds, float *result);
} CKKernels;

/// Whether this processor (and its operating system) can run an instruction set.
int ck_isSupported(int instructionSet);

/// The kernels of an instruction set. Calling them where it is not supported is an illegal
/// instruction; ask `ck_isSupported` first.
const CKKernels *ck_kernels(int instructionSet);

/// SHA-256 of two messages of one length, which arrive in pieces of one length.
typedef struct CKSHA256Pair {
  uint32_t states[2][8];
  uint8_t waiting[2][64];
  uint64_t count;
} CKSHA256Pair;

/// Whether this processor can hash two messages at once; the three functions below may be called
/// only then.
int ck_hasSHA256Pair(void);
/// Two empty messages.
void ck_startSHA256Pair(CKSHA256Pair *pair);
/// Adds `count` bytes to each message.
void ck_updateSHA256Pair(CKSHA256Pair *pair, const uint8_t *first, const uint8_t *second,
                         size_t count);
/// Writes the two digests of 32 bytes. The pair must be started again before it is used again.
void ck_finishSHA256Pair(CKSHA256Pair *pair, uint8_t *first, uint8_t *second);

/// Writes the processors that this process may use, ascending, at most `capacity`; returns how many
/// (0 if the system does not tell).
int ck_allowedProcessors(int *processors, int capacity);

/// Lets the calling thread run on one processor only. Returns 0, or -1 if the system refuses.
int ck_pinThisThread(int processor);

/// Lets the calling thread run on these processors only. Returns 0, or -1 if the system refuses.
int ck_bindThisThread(const int *processors, int count);

/// The processor that the calling thread runs on at this moment, or -1.
int ck_currentProcessor(void);

/// Moves the calling thread to a processor now, and leaves it as free as it was: the system may
/// move it on. Returns 0, or -1 if the system refuses.
int ck_moveThisThread(int processor);

/// A closure of Swift that takes a number: what Swift hands over as its function and its context.
typedef struct {
  const void *_Nullable function;
  const void *_Nullable context;
} CKTaskBody;

/// Calls `body` with `task`, on any thread, while the call that handed `body` over lasts.
void ck_runTask(CKTaskBody body, long task);

/// Tells the processor that this is a waiting loop.
static inline void ck_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
