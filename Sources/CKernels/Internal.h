// What the C files of this module share with each other.
#ifndef CKERNELS_INTERNAL_H
#define CKERNELS_INTERNAL_H

#include <stddef.h>

#include "include/CKernels.h"

extern const CKKernels ck_kernelsPortable;
#if defined(__x86_64__)
extern const CKKernels ck_kernelsAVX2;
extern const CKKernels ck_kernelsAVX512;

/// Whether the processor can run the next function.
int ck_hasVNNI(void);
/// `integerStrip` of IntegerRows.inc.h.
void ck_integerStripVNNI(long rows, long quads, const uint8_t *a, long aRow, const int8_t *w,
                         const int32_t *start, const float *scale, float *c, int accumulate);
#endif

/// Memory of the calling thread for packed operands: at least `count` floats, on a cache line.
/// It stays valid until the thread's next call, grows as needed and is freed when the thread ends.
/// Null if there is no memory.
float *ck_packingMemory(size_t count);

#endif
