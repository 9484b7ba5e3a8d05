#pragma STDC FP_CONTRACT OFF

#include "Internal.h"

int ck_isSupported(int instructionSet) {
  switch (instructionSet) {
    case CK_PORTABLE:
      return 1;
#if defined(__x86_64__)
    case CK_AVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case CK_AVX512:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
    default:
      return 0;
  }
}

const CKKernels *ck_kernels(int instructionSet) {
#if defined(__x86_64__)
  if (instructionSet == CK_AVX512) return &ck_kernelsAVX512;
  if (instructionSet == CK_AVX2) return &ck_kernelsAVX2;
#endif
  (void)instructionSet;
  return &ck_kernelsPortable;
}

#if defined(__x86_64__)
int ck_hasVNNI(void) {
  __builtin_cpu_init();
  return ck_isSupported(CK_AVX512) && __builtin_cpu_supports("avx512vnni");
}
#endif
