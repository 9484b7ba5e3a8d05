#pragma STDC FP_CONTRACT OFF

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "Internal.h"

int ck_allowedProcessors(int *processors, int capacity) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set)) return 0;
  int count = 0;
  for (int processor = 0; processor < CPU_SETSIZE && count < capacity; processor++) {
    if (CPU_ISSET(processor, &set)) processors[count++] = processor;
  }
  return count;
}

int ck_currentProcessor(void) { return sched_getcpu(); }

int ck_moveThisThread(int processor) {
  cpu_set_t before;
  CPU_ZERO(&before);
  if (pthread_getaffinity_np(pthread_self(), sizeof before, &before)) return -1;
  if (ck_pinThisThread(processor)) return -1;
  return pthread_setaffinity_np(pthread_self(), sizeof before, &before) ? -1 : 0;
}

int ck_pinThisThread(int processor) {
  if (processor < 0 || processor >= CPU_SETSIZE) return -1;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set) ? -1 : 0;
}

int ck_bindThisThread(const int *processors, int count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; i++) {
    if (processors[i] < 0 || processors[i] >= CPU_SETSIZE) return -1;
    CPU_SET(processors[i], &set);
  }
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set) ? -1 : 0;
}
