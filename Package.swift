// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error),
]

/// A module of the project: its folder has the short name, the module is `Fragua` + name so that nothing collides in an
/// app.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: "Fragua" + name, dependencies: dependencies, path: "Sources/" + name, swiftSettings: settings)
}

/// The tests of a module, in the folder that mirrors it.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name + "Tests", dependencies: dependencies, path: "Tests/" + name, swiftSettings: settings)
}

/// Elementary functions on `Float` and `Double` without Foundation.
let numerics: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")

let package = Package(
  name: "fragua",
  products: [
    .library(name: "Fragua", targets: ["Fragua"]),
    .executable(name: "fragua", targets: ["fragua-command"]),
  ],
  dependencies: [
    // The command line: parsing, help, completion.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    // The heap that orders fused regions.
    .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
    // exp, log and the like for the oracles, which do not import Foundation.
    .package(url: "https://github.com/apple/swift-numerics", from: "1.0.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CLLVM", path: "Sources/CLLVM", pkgConfig: "\(Context.packageDirectory)/Sources/CLLVM/llvm-19.pc",
      providers: [.apt(["llvm-19-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CSupport", path: "Sources/CSupport"),
    // For the command alone: an app has its own idea of what to do without memory.
    .target(name: "CAllocation", path: "Sources/CAllocation"),
    module("Source", []),
    module("Tensors", ["CSupport", "FraguaSource"]),
    module("Kernels", ["FraguaSource", "FraguaTensors"]),
    module("Scheduling", ["CSupport", "FraguaSource", "FraguaTensors", "FraguaKernels"]),
    module("Graph", ["FraguaSource", "FraguaTensors", "FraguaKernels"]),
    module("Operations", ["FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph", numerics]),
    module("Syntax", ["FraguaSource", "FraguaTensors", "FraguaGraph"]),
    module(
      "Transforms",
      [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph", "FraguaOperations",
        .product(name: "HeapModule", package: "swift-collections"),
      ]),
    module("Lowering", ["FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph"]),
    module("CodeGen", ["CLLVM", "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling"]),
    module(
      "Runtime",
      ["CSupport", "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling"]),
    module(
      "Compiler",
      [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling", "FraguaGraph", "FraguaOperations",
        "FraguaSyntax", "FraguaTransforms", "FraguaLowering", "FraguaCodeGen", "FraguaRuntime",
      ]),
    module("Data", ["CZlib", "FraguaSource", "FraguaTensors"]),
    module(
      "Training",
      [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling", "FraguaGraph", "FraguaOperations",
        "FraguaCodeGen", "FraguaRuntime", "FraguaCompiler", "FraguaData",
      ]),
    .target(
      name: "Fragua",
      dependencies: [
        "FraguaSource", "FraguaTensors", "FraguaGraph", "FraguaOperations", "FraguaSyntax", "FraguaTransforms",
        "FraguaCodeGen", "FraguaRuntime", "FraguaCompiler", "FraguaData", "FraguaTraining",
      ], path: "Sources/Fragua", swiftSettings: settings),
    .executableTarget(
      name: "fragua-command",
      dependencies: [
        "CAllocation", "Fragua", "FraguaKernels", "FraguaScheduling", "FraguaLowering", "FraguaCodeGen",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Command", swiftSettings: settings),
    // What several test targets share: random kernels and graphs.
    .target(
      name: "TestSupport",
      dependencies: [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling", "FraguaGraph", "FraguaOperations",
      ],
      path: "Tests/Support", swiftSettings: settings),
    // Reads what the documents show, and runs the commands in them.
    .testTarget(
      name: "DocumentationTests",
      dependencies: ["Fragua", "FraguaKernels", "FraguaScheduling", "FraguaCodeGen", "fragua-command"],
      path: "Tests/Documentation", swiftSettings: settings),
    tests("Source", ["FraguaSource"]),
    tests("Kernels", ["FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling", "TestSupport"]),
    tests("Scheduling", ["FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling", "TestSupport"]),
    tests(
      "Operations",
      [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph", "FraguaOperations", "TestSupport", numerics,
      ]),
    tests(
      "Syntax",
      [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph", "FraguaOperations", "FraguaSyntax",
        "FraguaTransforms",
      ]),
    tests(
      "Transforms",
      [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph", "FraguaOperations", "FraguaSyntax",
        "FraguaTransforms", "FraguaData", "TestSupport", numerics,
      ]),
    .testTarget(
      name: "FileTests",
      dependencies: [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph", "FraguaOperations", "FraguaSyntax",
        "FraguaTransforms",
      ], path: "Tests/FileTests", exclude: ["cases"], swiftSettings: settings),
    tests(
      "CodeGen",
      [
        "CLLVM", "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaScheduling", "FraguaCodeGen",
        "FraguaRuntime", "TestSupport",
      ]),
    tests("Runtime", ["FraguaSource", "FraguaRuntime"]),
    tests(
      "Compiler",
      [
        "FraguaSource", "FraguaTensors", "FraguaKernels", "FraguaGraph", "FraguaOperations", "FraguaSyntax",
        "FraguaTransforms", "FraguaScheduling", "FraguaLowering", "FraguaCodeGen", "FraguaRuntime", "FraguaCompiler",
        "FraguaData", "FraguaTraining", "TestSupport", numerics,
      ]),
    tests(
      "Training",
      [
        "FraguaSource", "FraguaTensors", "FraguaGraph", "FraguaOperations", "FraguaRuntime", "FraguaData",
        "FraguaTraining", "Fragua",
      ]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "fragua-command", "FraguaTensors", "FraguaScheduling", "FraguaCodeGen", "FraguaData", "FraguaTraining",
        "TestSupport",
      ],
      path: "Tests/Command", exclude: ["cases"], swiftSettings: settings),
    tests("Data", ["FraguaData", "FraguaTensors", "FraguaSource"]),
  ]
)
