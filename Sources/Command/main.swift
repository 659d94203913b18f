import ArgumentParser
import Fragua

#if canImport(Glibc)
  import Glibc
#endif

// The `fragua` command: parses the arguments, runs a subcommand, and says by the exit status how it went.

DefectReport.install()
do {
  var command = try FraguaCommand.parseAsRoot()
  try command.run()
} catch {
  exit(FraguaCommand.report(error).rawValue)
}
