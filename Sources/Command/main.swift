#if canImport(Glibc)
  import Glibc
#endif

// The `fragua` command: parses the arguments, runs a subcommand, and says by the exit status how it went.

Console.prepare()
DefectReport.install()
let status = FraguaCommand.runSubcommand(Array(CommandLine.arguments.dropFirst()))
// At once: a thread may still be compiling, and must not see what it uses being torn down.
_exit(status.rawValue)
