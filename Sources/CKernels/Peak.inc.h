// How fast this processor can multiply and add when nothing else holds it up.

#if CK_LEVEL == 2
#define CK_PEAK_CHAINS 12
#else
// Two registers a vector: as many chains as the 16 registers hold beside the operands.
#define CK_PEAK_CHAINS 6
#endif

/// Runs `rounds` of fma on independent chains in registers; returns how many multiply-adds of one
/// element that was. `result` keeps the compiler from leaving them out.
static long fmaPeak(long rounds, float *result) {
  V16 chains[CK_PEAK_CHAINS];
  for (int c = 0; c < CK_PEAK_CHAINS; c++) chains[c] = (float)c;
  V16 factor = 0.999f, term = 0.001f;
  for (long round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int c = 0; c < CK_PEAK_CHAINS; c++) chains[c] = fma16(chains[c], factor, term);
  }
  V16 sum = 0;
  for (int c = 0; c < CK_PEAK_CHAINS; c++) sum += chains[c];
  *result = sum[0];
  return rounds * CK_PEAK_CHAINS * 16;
}
