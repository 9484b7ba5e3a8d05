#pragma STDC FP_CONTRACT OFF

#define CK_LEVEL 0
#define CK_TABLE ck_kernelsPortable
#define CK_TILE_ROWS 4
#define CK_TILE_VECTORS 1

#include <string.h>

#include "Internal.h"

#include "Kernels.inc.h"
