import FraguaGraph

extension InitializerTable {
  /// The initializers of the language: one line each.
  public static let standard = InitializerTable([
    DenseInitializer(),
    ZerosInitializer(),
    ConstantInitializer(),
    NormalInitializer(),
    UniformInitializer(),
    GlorotUniformInitializer(),
    HeNormalInitializer(),
  ])
}
