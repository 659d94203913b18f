@_exported import FraguaCompiler
@_exported import FraguaData
@_exported import FraguaGraph
@_exported import FraguaOperations
@_exported import FraguaRuntime
@_exported import FraguaSource
@_exported import FraguaSyntax
@_exported import FraguaTensors
@_exported import FraguaTraining
@_exported import FraguaTransforms

/// What an app imports: a model in a file or built in Swift, trained and run.
///
/// ```swift
/// import Fragua
///
/// let model = try Model(contentsOf: "student.graph")
/// try model.train(on: ["x": features, "y": labels], options: TrainingOptions(epochs: 20, batch: 32))
/// let probability = try model.predict(["x": Tensor([1, 2], [4, 5] as [Float])])
/// try model.save(to: "parameters.safetensors")
/// ```
///
/// Whatever is wrong with a file, a tensor or an option is thrown as ``Diagnostics`` or a ``Diagnostic``.
@_exported import struct FraguaCodeGen.ObjectCache
