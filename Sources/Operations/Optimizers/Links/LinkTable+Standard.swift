import FraguaGraph

extension LinkTable {
  /// What clauses of a training may name: a line each.
  public static let standard = LinkTable([
    ClipByGlobalNorm(),
    ClipByNorm(),
    ClipByValue(),
  ])
}
