// The few lines of C that Swift cannot say: the step function's interface, futex waits, affinity masks, the processor's
// floating-point mode.
#ifndef FRAGUA_CSUPPORT_H
#define FRAGUA_CSUPPORT_H
#include <stdint.h>

/// Where the threads of a team wait for each other. Zero at first; on a cache line of its own.
typedef struct {
  uint32_t arrived;
  uint32_t generation;
  uint32_t sleepers;
  uint32_t unused[13];
} FraguaBarrier;

/// A count that one side raises and the other waits for. Zero at first; on a cache line of its own.
typedef struct {
  uint32_t count;
  uint32_t sleepers;
  uint32_t unused[14];
} FraguaSignal;

/// What a step function gets: all that it reads and writes. One a thread; version 2.
typedef struct FraguaContext {
  uint32_t version;
  /// This thread's number, from 0, and how many run the step.
  uint32_t thread;
  uint32_t threads;
  /// How often a waiting thread looks before it sleeps; 0 where threads outnumber processors.
  uint32_t spins;
  /// The buffers of the step's arguments, results and parameters (in the program's order).
  void *const *arguments;
  void *const *results;
  void *const *parameters;
  char *arena;
  FraguaBarrier *barrier;
  /// Returns when all threads have called it.
  void (*wait)(const struct FraguaContext *);
  /// For a step that is compiled to be profiled: before and after each kernel call, what ``now`` gave. Else unused.
  uint64_t *stamps;
  /// Nanoseconds on a clock that only goes forward.
  uint64_t (*now)(void);
  /// Whether denormals are zeros on this thread already; else the step makes them zeros and goes back.
  uint32_t denormalsAreZeros;
} FraguaContext;

/// A compiled step.
typedef void (*FraguaStep)(const FraguaContext *);

/// Makes this thread take denormal operands as zeros of their sign and give zeros for denormal results (x86: DAZ and
/// FTZ, aarch64: FZ). Gives the mode before; writes the register only where the mode differs.
static inline uint64_t fragua_flush_denormals(void) {
#if defined(__x86_64__)
  uint32_t before = __builtin_ia32_stmxcsr();
  if ((before & 0x8040u) != 0x8040u) __builtin_ia32_ldmxcsr(before | 0x8040u);
#elif defined(__aarch64__)
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  if (!(before & (1u << 24))) __asm__ volatile("msr fpcr, %0" : : "r"(before | (1u << 24)) : "memory");
#endif
  __asm__ volatile("" : : : "memory");
  return before;
}

/// Makes this thread keep denormals. Gives the mode before; writes the register only where the mode differs.
static inline uint64_t fragua_keep_denormals(void) {
#if defined(__x86_64__)
  uint32_t before = __builtin_ia32_stmxcsr();
  if (before & 0x8040u) __builtin_ia32_ldmxcsr(before & ~0x8040u);
#elif defined(__aarch64__)
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  if (before & (1u << 24)) __asm__ volatile("msr fpcr, %0" : : "r"(before & ~(UINT64_C(1) << 24)) : "memory");
#endif
  __asm__ volatile("" : : : "memory");
  return before;
}

/// Goes back to the mode that ``fragua_flush_denormals()`` or ``fragua_keep_denormals()`` gave.
static inline void fragua_restore_mode(uint64_t before) {
  __asm__ volatile("" : : : "memory");
#if defined(__x86_64__)
  uint32_t now = __builtin_ia32_stmxcsr();
  if ((before ^ now) & 0x8040u) __builtin_ia32_ldmxcsr(now ^ (((uint32_t)before ^ now) & 0x8040u));
#elif defined(__aarch64__)
  uint64_t now;
  __asm__ volatile("mrs %0, fpcr" : "=r"(now));
  if ((before ^ now) & (1u << 24)) __asm__ volatile("msr fpcr, %0" : : "r"(now ^ (1u << 24)) : "memory");
#endif
}

/// Runs a step function found by address.
void fragua_call_step(uint64_t address, const FraguaContext *context);
/// The barrier for ``FraguaContext/wait``: spins, then sleeps.
void fragua_barrier_wait(const FraguaContext *context);
/// The clock for ``FraguaContext/now``.
uint64_t fragua_now(void);
/// Waits until the count is not `seen`: looks `spins` times, then sleeps. Gives the new count.
uint32_t fragua_wait_for_change(FraguaSignal *signal, uint32_t seen, uint32_t spins);
/// Adds 1 to the count and wakes who sleeps.
void fragua_signal(FraguaSignal *signal);
/// What ``fragua_instruction_set()`` gives.
typedef enum { FRAGUA_SCALAR, FRAGUA_AVX2, FRAGUA_AVX512, FRAGUA_NEON } FraguaInstructionSet;
/// The best instruction set that this processor and its system have.
FraguaInstructionSet fragua_instruction_set(void);
/// The number of processors that the calling thread may run on, by its affinity mask.
int32_t fragua_processors_allowed(void);

#endif
