#ifndef POGO_COPENBLAS_SHIM_H
#define POGO_COPENBLAS_SHIM_H

#pragma STDC FP_CONTRACT OFF

// <cblas.h> may belong to another BLAS (Debian alternatives); this one has openblas_get_corename,
// openblas_get_config and openblas_set_num_threads.
#include <cblas-openblas.h>
#include <lapacke.h>

// LAPACK_ROW_MAJOR and LAPACK_COL_MAJOR are plain macros; these are their typed twins.
static inline int get_LAPACK_ROW_MAJOR(void) { return LAPACK_ROW_MAJOR; }
static inline int get_LAPACK_COL_MAJOR(void) { return LAPACK_COL_MAJOR; }

#endif
