// Times the row quantizers of ggml with two threads on as many float32 values as `pogo bench quant` takes. Each line
// read from standard input makes one round; each round prints one line of GB/s of float32.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GGML_COMMON_DECL_C
#include "ggml-common.h"
#include "ggml-quants.h"

void quantize_row_q8_0(const float *x, void *y, int64_t k);  // ggml-cpu's, with AVX2

enum { threads = 2 };
static const int64_t count = 64 << 20;
static float *x, *back;
static char *q4, *q8;
static int work;

static void *part(void *index) {
  const int64_t first = (intptr_t)index * (count / threads), n = count / threads;
  char *p4 = q4 + first / QK4_0 * sizeof(block_q4_0), *p8 = q8 + first / QK8_0 * sizeof(block_q8_0);
  switch (work) {
    case 0: quantize_row_q4_0_ref(x + first, (block_q4_0 *)p4, n); break;
    case 1: dequantize_row_q4_0((block_q4_0 *)p4, back + first, n); break;
    case 2: quantize_row_q8_0(x + first, p8, n); break;
    case 3: dequantize_row_q8_0((block_q8_0 *)p8, back + first, n); break;
  }
  return NULL;
}

static double measure(int kind) {
  struct timespec a, b;
  pthread_t other[threads];
  work = kind;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (intptr_t t = 1; t < threads; t++) pthread_create(&other[t], NULL, part, (void *)t);
  part((void *)0);
  for (int t = 1; t < threads; t++) pthread_join(other[t], NULL);
  clock_gettime(CLOCK_MONOTONIC, &b);
  return 4.0 * count / (b.tv_sec - a.tv_sec + 1e-9 * (b.tv_nsec - a.tv_nsec)) / 1e9;
}

int main(void) {
  char line[16];
  posix_memalign((void **)&x, 2 << 20, 4 * count);
  posix_memalign((void **)&back, 2 << 20, 4 * count);
  posix_memalign((void **)&q4, 2 << 20, count / QK4_0 * sizeof(block_q4_0));
  posix_memalign((void **)&q8, 2 << 20, count / QK8_0 * sizeof(block_q8_0));
  uint64_t state = 1;
  for (int64_t i = 0; i < count; i++) {
    // The sum of four uniform numbers is near enough to a normal one.
    float sum = 0;
    for (int j = 0; j < 4; j++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      sum += (float)(state >> 40) / (1 << 24) - 0.5f;
    }
    x[i] = sum;
  }
  for (int kind = 0; kind < 4; kind++) measure(kind);
  while (fgets(line, sizeof line, stdin)) {
    for (int kind = 0; kind < 4; kind++) printf("%.3f ", measure(kind));
    printf("\n");
    fflush(stdout);
  }
}
