#pragma once

/// What a thread asked the C library for.
typedef struct {
  long count;    // calls of malloc, calloc, realloc, posix_memalign, aligned_alloc and memalign
  long bytes;    // bytes that they asked for
  long largest;  // bytes of the largest call
} AllocationCount;

/// Counts the allocations of the calling thread from now on, from zero.
void allocationCounterBegin(void);

/// Ends counting on the calling thread and returns what was counted.
AllocationCount allocationCounterEnd(void);
