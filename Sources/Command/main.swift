import ArgumentParser
import Fragua

#if canImport(Glibc)
  import Glibc
#endif

// The `fragua` command: parses the arguments, runs a subcommand, and says by the exit status how it went.

DefectReport.install()
do {
  try FraguaCommand.checkCommand(CommandLine.arguments.dropFirst())
  var command = try FraguaCommand.parseAsRoot()
  try command.run()
} catch {
  // At once: a thread may still be compiling, and must not see what it uses being torn down.
  _exit(FraguaCommand.report(error).rawValue)
}
_exit(ExitStatus.done.rawValue)
