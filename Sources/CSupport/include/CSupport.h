// The few lines of C that Swift cannot say: futex waits, affinity masks, atomics on raw memory.
#ifndef FRAGUA_CSUPPORT_H
#define FRAGUA_CSUPPORT_H
#include <stdint.h>

/// Sleeps while `*word == expected`, until woken; spurious returns are allowed.
void fragua_futex_wait(uint32_t *word, uint32_t expected);
/// Wakes every thread that sleeps on `word`.
void fragua_futex_wake_all(uint32_t *word);
/// The number of processors that the calling thread may run on, by its affinity mask.
int32_t fragua_processors_allowed(void);

#endif
