#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)

#include <immintrin.h>

#define CK_LEVEL 2
#define CK_TABLE ck_kernelsAVX512
#define CK_TILE_ROWS 8
#define CK_TILE_VECTORS 3

#include <string.h>

#include "Internal.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), apply_to = function)
#include "Kernels.inc.h"
#pragma clang attribute pop

#endif
