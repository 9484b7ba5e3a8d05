#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)

#include <immintrin.h>

#define CK_LEVEL 1
#define CK_TABLE ck_kernelsAVX2
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 1

#include <string.h>

#include "Internal.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Kernels.inc.h"
#pragma clang attribute pop

#endif
