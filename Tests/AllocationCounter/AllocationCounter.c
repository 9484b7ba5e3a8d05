// Stands before the C library's allocator in the test program and counts, for each thread by itself, so
// that tests that run beside each other do not see each other's memory. For tests alone.

#include "AllocationCounter.h"

#include <errno.h>
#include <stddef.h>

// glibc's own names for its allocator; memory from them goes back through the ordinary free.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Thread_local AllocationCount counted;
static _Thread_local int isCounting;

static void count(size_t bytes) {
  if (!isCounting) return;
  counted.count += 1;
  counted.bytes += (long)bytes;
  if ((long)bytes > counted.largest) counted.largest = (long)bytes;
}

void allocationCounterBegin(void) {
  counted = (AllocationCount){0, 0, 0};
  isCounting = 1;
}

AllocationCount allocationCounterEnd(void) {
  isCounting = 0;
  return counted;
}

void *malloc(size_t bytes) {
  count(bytes);
  return __libc_malloc(bytes);
}

void *calloc(size_t items, size_t bytes) {
  count(items * bytes);
  return __libc_calloc(items, bytes);
}

void *realloc(void *memory, size_t bytes) {
  count(bytes);
  return __libc_realloc(memory, bytes);
}

void *memalign(size_t alignment, size_t bytes) {
  count(bytes);
  return __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment) return EINVAL;
  void *allocated = memalign(alignment, bytes);
  if (!allocated) return ENOMEM;
  *memory = allocated;
  return 0;
}
