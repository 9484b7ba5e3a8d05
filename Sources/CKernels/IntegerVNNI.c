#pragma STDC FP_CONTRACT OFF

// The one kernel that has a use for the instructions of AVX-512 VNNI.

#if defined(__x86_64__)

#include <immintrin.h>

#define CK_LEVEL 3

#include <string.h>

#include "Internal.h"

#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma"))), \
    apply_to = function)
#include "Vector.inc.h"
#include "IntegerRows.inc.h"

void ck_integerStripVNNI(long rows, long quads, const uint8_t *a, long aRow, const int8_t *w,
                         const int32_t *start, const float *scale, float *c, int accumulate) {
  integerStrip(rows, quads, a, aRow, w, start, scale, c, accumulate);
}
#pragma clang attribute pop

#endif
