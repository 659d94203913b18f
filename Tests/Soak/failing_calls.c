// Makes one call that changes files fail: what a full disk, a broken one or a quota does at any moment.
//
//   cc -shared -fPIC -O1 -o failing_calls.so failing_calls.c -ldl
//   FRAGUA_FAIL_AT=3 FRAGUA_FAIL_ERRNO=28 LD_PRELOAD=./failing_calls.so fragua train ...
//
// The calls are counted from 1, without those on standard error. FRAGUA_FAIL_AT names the one that fails, with all of
// its kind after it where FRAGUA_FAIL_ON is set, as on a disk that stays full. The number of calls that there were is
// written to the file that FRAGUA_FAIL_COUNT names.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static long fail_at, fail_errno = ENOSPC;
static int keeps_failing;

__attribute__((constructor)) static void begin(void) {
  const char *at = getenv("FRAGUA_FAIL_AT"), *number = getenv("FRAGUA_FAIL_ERRNO");
  if (at) fail_at = atol(at);
  if (number) fail_errno = atol(number);
  keeps_failing = getenv("FRAGUA_FAIL_ON") != NULL;
}

static void note_count(void) {
  const char *path = getenv("FRAGUA_FAIL_COUNT");
  if (!path) return;
  static int (*real_open)(const char *, int, ...);
  static ssize_t (*real_write)(int, const void *, size_t);
  real_open = dlsym(RTLD_NEXT, "open");
  real_write = dlsym(RTLD_NEXT, "write");
  int file = real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  char text[32];
  int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
  if (real_write(file, text, length) < 0) abort();
  close(file);
}

__attribute__((destructor)) static void end(void) { note_count(); }

void _exit(int status) {
  static void (*real)(int) __attribute__((noreturn));
  real = dlsym(RTLD_NEXT, "_exit");
  note_count();
  real(status);
}

// Whether the call at hand is to fail.
static int fails(void) {
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (!fail_at || !(keeps_failing ? number >= fail_at : number == fail_at)) return 0;
  errno = (int)fail_errno;
  return 1;
}

#define REAL(name) ((__typeof__(&name))real_##name)
#define FIND(name)                                        \
  static void *real_##name;                               \
  if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *bytes, size_t count) {
  FIND(write);
  if (file != 2 && fails()) return -1;
  return REAL(write)(file, bytes, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  FIND(pwrite);
  if (fails()) return -1;
  return REAL(pwrite)(file, bytes, count, offset);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
  FIND(writev);
  if (file != 2 && fails()) return -1;
  return REAL(writev)(file, parts, count);
}
int fsync(int file) {
  FIND(fsync);
  return fails() ? -1 : REAL(fsync)(file);
}
int fdatasync(int file) {
  FIND(fdatasync);
  return fails() ? -1 : REAL(fdatasync)(file);
}
int ftruncate(int file, off_t length) {
  FIND(ftruncate);
  return fails() ? -1 : REAL(ftruncate)(file, length);
}
int rename(const char *from, const char *to) {
  FIND(rename);
  return fails() ? -1 : REAL(rename)(from, to);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  FIND(renameat);
  return fails() ? -1 : REAL(renameat)(from_folder, from, to_folder, to);
}
int link(const char *from, const char *to) {
  FIND(link);
  return fails() ? -1 : REAL(link)(from, to);
}
int unlink(const char *path) {
  FIND(unlink);
  return fails() ? -1 : REAL(unlink)(path);
}
int mkdir(const char *path, mode_t mode) {
  FIND(mkdir);
  return fails() ? -1 : REAL(mkdir)(path, mode);
}
int fchmod(int file, mode_t mode) {
  FIND(fchmod);
  return fails() ? -1 : REAL(fchmod)(file, mode);
}

// Opening to write is a call that changes files; opening to read is none.
#define OPENS(name)                                                        \
  int name(const char *path, int flags, ...) {                             \
    FIND(name);                                                            \
    va_list list;                                                          \
    va_start(list, flags);                                                 \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                          \
    if (flags & O_CREAT && fails()) return -1;                             \
    return REAL(name)(path, flags, mode);                                  \
  }
OPENS(open)
OPENS(open64)
