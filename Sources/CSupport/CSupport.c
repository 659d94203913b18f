#define _GNU_SOURCE
#include "CSupport.h"
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

void fragua_call_step(uint64_t address, const FraguaContext *context) { ((FraguaStep)address)(context); }

uint64_t fragua_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Sleeps while `*word == expected`, until woken; spurious returns are allowed.
static void futex_wait(uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, 0, 0, 0);
}

static void futex_wake_all(uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, 0, 0, 0);
}

static inline void pause_processor(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Sleeps until `*word` is not `seen`. Sequentially consistent with `wake_sleepers`: either the sleeper is seen there, or
// it sees the new word.
static uint32_t sleep_until_changed(uint32_t *word, uint32_t *sleepers, uint32_t seen) {
  uint32_t now;
  __atomic_add_fetch(sleepers, 1, __ATOMIC_SEQ_CST);
  while ((now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) == seen) futex_wait(word, seen);
  __atomic_sub_fetch(sleepers, 1, __ATOMIC_SEQ_CST);
  return now;
}

// Wakes who sleeps on `word`, which has just changed: a call of the system only where someone does.
static void wake_sleepers(uint32_t *word, uint32_t *sleepers) {
  if (__atomic_load_n(sleepers, __ATOMIC_SEQ_CST) != 0) futex_wake_all(word);
}

// Looks `spins` times whether `*word` is still `seen`, then sleeps.
static uint32_t wait_until_changed(uint32_t *word, uint32_t *sleepers, uint32_t seen, uint32_t spins) {
  for (uint32_t i = 0; i < spins; i++) {
    uint32_t now = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (now != seen) return now;
    pause_processor();
  }
  return sleep_until_changed(word, sleepers, seen);
}

uint32_t fragua_wait_for_change(FraguaSignal *signal, uint32_t seen, uint32_t spins) {
  return wait_until_changed(&signal->count, &signal->sleepers, seen, spins);
}

void fragua_signal(FraguaSignal *signal) {
  __atomic_add_fetch(&signal->count, 1, __ATOMIC_SEQ_CST);
  wake_sleepers(&signal->count, &signal->sleepers);
}

void fragua_barrier_wait(const FraguaContext *context) {
  FraguaBarrier *barrier = context->barrier;
  uint32_t generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == context->threads) {
    __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_SEQ_CST);
    wake_sleepers(&barrier->generation, &barrier->sleepers);
    return;
  }
  wait_until_changed(&barrier->generation, &barrier->sleepers, generation, context->spins);
}

int32_t fragua_processors_allowed(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

// Each list is what LLVM's x86-64-v3 and x86-64-v4 mean, as far as code of ours uses it; the system must save the registers.
FraguaInstructionSet fragua_instruction_set(void) {
#if defined(__x86_64__)
  uint32_t eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return FRAGUA_SCALAR;
  const uint32_t fma = 1u << 12, savesState = 1u << 27, f16c = 1u << 29;
  if ((ecx & (fma | savesState | f16c)) != (fma | savesState | f16c)) return FRAGUA_SCALAR;
  uint32_t saved, unused;
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(unused) : "c"(0));
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return FRAGUA_SCALAR;
  const uint32_t avx2 = 1u << 5, bmi2 = 1u << 8;
  if ((saved & 0x06) != 0x06 || (ebx & (avx2 | bmi2)) != (avx2 | bmi2)) return FRAGUA_SCALAR;
  const uint32_t f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
  const uint32_t avx512 = f | dq | cd | bw | vl;
  return (saved & 0xE6) == 0xE6 && (ebx & avx512) == avx512 ? FRAGUA_AVX512 : FRAGUA_AVX2;
#elif defined(__aarch64__)
  return FRAGUA_NEON;
#else
  return FRAGUA_SCALAR;
#endif
}
