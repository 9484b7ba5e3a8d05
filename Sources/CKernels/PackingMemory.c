#pragma STDC FP_CONTRACT OFF

#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "Internal.h"

// A cache, not state: nothing that is left in it is ever read again. One for each thread, because
// products run on threads of several pools and on threads of none.
typedef struct {
  float *memory;
  size_t count;
} PackingMemory;

static _Thread_local PackingMemory packing;
static pthread_key_t packingKey;
static pthread_once_t packingOnce = PTHREAD_ONCE_INIT;
static int packingKeyError;

static void freeMemory(void *memory) { free(memory); }
static void makeKey(void) { packingKeyError = pthread_key_create(&packingKey, freeMemory); }

float *ck_packingMemory(size_t count) {
  if (count <= packing.count) return packing.memory;
  pthread_once(&packingOnce, makeKey);
  if (packingKeyError) return NULL;
  // What fills a huge page lies in huge pages; they are a wish, and without them only speed is lost.
  const size_t hugePage = (size_t)2 << 20;
  const size_t page = count * sizeof(float) >= hugePage ? hugePage : 4096;
  const size_t bytes = (count * sizeof(float) + page - 1) & ~(page - 1);
  void *memory = NULL;
  if (posix_memalign(&memory, page, bytes)) return NULL;
  if (page == hugePage) (void)madvise(memory, bytes, MADV_HUGEPAGE);
  if (pthread_setspecific(packingKey, memory)) {
    free(memory);
    return NULL;
  }
  free(packing.memory);
  packing.memory = memory;
  packing.count = bytes / sizeof(float);
  return packing.memory;
}
