// The C API of LLVM 19, as Debian's llvm-19-dev installs it.
#if !__has_include(<llvm/Config/llvm-config.h>)
#error "LLVM 19's headers are missing: run 'make setup', or 'apt-get install llvm-19-dev'"
#endif
#include <llvm/Config/llvm-config.h>
#if LLVM_VERSION_MAJOR != 19
#error "Fragua needs LLVM 19: run 'make setup', or 'apt-get install llvm-19-dev'"
#endif
#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/Error.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/OrcEE.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
