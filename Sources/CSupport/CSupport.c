#define _GNU_SOURCE
#include "CSupport.h"
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void fragua_call_step(uint64_t address, const FraguaContext *context) { ((FraguaStep)address)(context); }

uint64_t fragua_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void fragua_futex_wait(uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, 0, 0, 0);
}

void fragua_futex_wake_all(uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, 0, 0, 0);
}

static inline void pause_processor(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

uint32_t fragua_wait_for_change(uint32_t *word, uint32_t seen, uint32_t spins) {
  for (uint32_t i = 0; i < spins; i++) {
    uint32_t now = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (now != seen) return now;
    pause_processor();
  }
  for (;;) {
    uint32_t now = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (now != seen) return now;
    fragua_futex_wait(word, seen);
  }
}

void fragua_signal(uint32_t *word) {
  __atomic_add_fetch(word, 1, __ATOMIC_ACQ_REL);
  fragua_futex_wake_all(word);
}

void fragua_barrier_wait(const FraguaContext *context) {
  FraguaBarrier *barrier = context->barrier;
  uint32_t generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == context->threads) {
    __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
    // Sequentially consistent with the sleepers' count: either a sleeper is seen here, or it sees the new generation.
    __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&barrier->sleepers, __ATOMIC_SEQ_CST) != 0) fragua_futex_wake_all(&barrier->generation);
    return;
  }
  for (uint32_t i = 0; i < context->spins; i++) {
    if (__atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE) != generation) return;
    pause_processor();
  }
  __atomic_add_fetch(&barrier->sleepers, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&barrier->generation, __ATOMIC_SEQ_CST) == generation) {
    fragua_futex_wait(&barrier->generation, generation);
  }
  __atomic_sub_fetch(&barrier->sleepers, 1, __ATOMIC_SEQ_CST);
}

int32_t fragua_processors_allowed(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  int32_t allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
  if (file) {
    long quota, period;
    if (fscanf(file, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0) {
      int32_t limit = (int32_t)((quota + period - 1) / period);
      if (limit >= 1 && limit < allowed) allowed = limit;
    }
    fclose(file);
  }
  return allowed;
}
