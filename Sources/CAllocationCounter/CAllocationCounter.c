#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

// The allocator's functions are defined again in the program, in front of those of the C library, which glibc
// offers under second names. Each thread counts its own calls, and only between begin and end: otherwise a call
// costs one comparison more.

static _Thread_local long count = -1;

void advk_allocations_begin(void) { count = 0; }

#if defined(__GLIBC__)

long advk_allocations_end(void) {
  long result = count;
  count = -1;
  return result;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void note(void) {
  if (count >= 0) count += 1;
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  note();
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  note();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  note();
  void *block = __libc_memalign(alignment, size);
  if (block == NULL) return ENOMEM;
  *memory = block;
  return 0;
}

#else

long advk_allocations_end(void) {
  count = -1;
  return -1;
}

#endif
