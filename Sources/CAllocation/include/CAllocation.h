// Ends a command that runs out of memory with a diagnostic, whoever asked for the memory.
#ifndef FRAGUA_CALLOCATION_H
#define FRAGUA_CALLOCATION_H

/// Says on standard error that memory has run out, and ends the process with status 1. Safe in a signal's handler.
_Noreturn void fragua_out_of_memory(void);

#endif
