import FraguaGraph

extension InitializerTable {
  /// The initializers of the language: one line each.
  public static let standard = InitializerTable([
    ZerosInitializer(),
    ConstantInitializer(),
    NormalInitializer(),
    UniformInitializer(),
    GlorotUniformInitializer(),
    HeNormalInitializer(),
  ])
}
