#pragma STDC FP_CONTRACT OFF

#include "Internal.h"

// Both follow Swift's calling convention, in which a closure is a function and a context, and the context
// travels in a register of its own.

__attribute__((swiftcall)) CKTaskBody ck_taskBody(const void *function, const void *context);

__attribute__((swiftcall)) CKTaskBody ck_taskBody(const void *function, const void *context) {
  return (CKTaskBody){function, context};
}

void ck_runTask(CKTaskBody body, long task) {
  typedef __attribute__((swiftcall)) void Function(long, __attribute__((swift_context)) const void *);
  ((Function *)body.function)(task, body.context);
}
