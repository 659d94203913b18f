// The allocation functions of the C library, which the linker lets the executable put its own in the place of, also for
// the libraries that it loads. These call the C library's, and where it has no memory they end the process with a
// diagnostic: neither Swift, nor LLVM, nor the C++ library can go on from there, and what they say takes the lack of
// memory for a defect.
#include "CAllocation.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

void fragua_out_of_memory(void) {
  static const char message[] =
      "error: there is not enough memory\n"
      "note: the machine's memory, 'ulimit -v', 'ulimit -d' and the control group limit it; a smaller batch, fewer "
      "threads or less data need less\n";
  ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  (void)written;
  _exit(1);
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif

// Sanitizers have allocation functions of their own.
#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) {
  void *memory = __libc_malloc(bytes);
  if (__builtin_expect(memory == NULL, 0)) fragua_out_of_memory();
  return memory;
}

void *calloc(size_t count, size_t bytes) {
  void *memory = __libc_calloc(count, bytes);
  if (__builtin_expect(memory == NULL, 0)) fragua_out_of_memory();
  return memory;
}

void *realloc(void *old, size_t bytes) {
  void *memory = __libc_realloc(old, bytes);
  // Nothing is what a block of no bytes may become.
  if (__builtin_expect(memory == NULL, 0) && bytes != 0) fragua_out_of_memory();
  return memory;
}

void *memalign(size_t alignment, size_t bytes) {
  void *memory = __libc_memalign(alignment, bytes);
  if (__builtin_expect(memory == NULL, 0)) fragua_out_of_memory();
  return memory;
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  *memory = memalign(alignment, bytes);
  return 0;
}
#endif
