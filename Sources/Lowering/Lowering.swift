import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Lowers fused functions to kernel programs.
public enum Lowering {
  /// The kernel program of `function`: one kernel call a fused region, and copies where a result or an update is no
  /// region's own value.
  ///
  /// - Requires: all extents fixed.
  /// - Throws: where the function is not fused, or a region is none that one kernel can compute; only a dump edited by
  ///   hand is so.
  public static func lower(_ function: Function) throws(Diagnostic) -> KernelProgram {
    var lowering = FunctionLowering(function)
    return try lowering.lower()
  }
}

/// The state of lowering one function.
struct FunctionLowering {
  let function: Function
  var program: KernelProgram
  /// For each value: the program's buffer that holds it.
  var bufferOf: [ValueID: Int] = [:]
  /// For each value: the value whose memory it is, seen through reshapes.
  var rootOf: [ValueID: Value] = [:]
  /// For each root: its last use as an operand, by node index; `Int.max` where the function returns it.
  var lastUse: [ValueID: Int] = [:]
  /// For each root: the results of the function that it is, by position, and the updates that it is the value of.
  var resultsOf: [ValueID: [Int]] = [:]
  var updatesOf: [ValueID: [Update]] = [:]
  /// For each parameter that is read: its value at entry.
  var valueOf: [String: Value] = [:]
  var kernelIndex: [Kernel: Int] = [:]
  var bufferNames = UniqueNames()
  var parameterBuffers: [String: Int] = [:]
  var constantIndex: [ConstantTensor: Int] = [:]
  /// Copies that run at the end: from, to.
  var copies: [(from: Int, to: Int)] = []

  init(_ function: Function) {
    self.function = function
    program = KernelProgram(
      name: function.name, argumentNames: function.argumentNames,
      resultNames: function.resultRoles.map { role in
        switch role {
        case .plain: ""
        case .loss: "loss"
        case .metric(let name): name
        }
      })
  }

  mutating func lower() throws(Diagnostic) -> KernelProgram {
    for (index, value) in function.arguments.enumerated() {
      bufferOf[value.id] = addBuffer(function.valueNames[value.id] ?? "arg\(index)", value.type, .argument(index))
      rootOf[value.id] = value
    }
    for read in function.parameterReads {
      bufferOf[read.value.id] = parameterBuffer(read.parameter, read.value.type)
      rootOf[read.value.id] = read.value
      valueOf[read.parameter] = read.value
    }
    findRoots()
    for (index, node) in function.nodes.enumerated() { try lower(node, index) }
    try finishResults()
    for copy in copies { addCopy(from: copy.from, to: copy.to) }
    program.computeResultsLast()
    return program
  }

  /// Follows reshapes, and notes where each value is read last.
  private mutating func findRoots() {
    for (index, node) in function.nodes.enumerated() {
      for operand in node.operands {
        let root = rootOf[operand.id]!
        lastUse[root.id] = index
        if node.isAlias { rootOf[node.results[0].id] = root }
      }
      if !node.isAlias { for result in node.results { rootOf[result.id] = result } }
    }
    for (index, value) in function.results.enumerated() {
      let root = rootOf[value.id]!.id
      lastUse[root] = .max
      resultsOf[root, default: []].append(index)
    }
    let readValues = Set(function.parameterReads.map(\.value.id))
    for update in function.updates {
      let root = rootOf[update.value.id]!.id
      if readValues.contains(root) { lastUse[root] = .max }
      updatesOf[root, default: []].append(update)
    }
  }

  mutating func addBuffer(_ name: String, _ type: TensorType, _ kind: ProgramBuffer.Kind) -> Int {
    program.buffers.append(ProgramBuffer(name: bufferNames.take(name), type: type.unnamed, kind: kind))
    return program.buffers.count - 1
  }

  mutating func parameterBuffer(_ name: String, _ type: TensorType) -> Int {
    if let known = parameterBuffers[name] { return known }
    let buffer = addBuffer(name, type, .parameter(name))
    parameterBuffers[name] = buffer
    return buffer
  }

  // MARK: Nodes

  private mutating func lower(_ node: Node, _ index: Int) throws(Diagnostic) {
    if node.isAlias {
      bufferOf[node.results[0].id] = bufferOf[node.operands[0].id]
      return
    }
    guard case .fused(let name, let region) = node.kind else {
      throw Diagnostic("'\(node.name)' is not in a fused region", at: node.origin.location)
    }
    guard let form = node.attributes["form"], case .keyword(let word) = form, let form = Kernel.Form(rawValue: word)
    else {
      throw Diagnostic("the fused region '@\(name)' has no attribute 'form'", at: node.origin.location)
    }
    do throws(Diagnostic) { try RegionAttributes.check(node.attributes, operandCount: node.operands.count) } catch {
      throw error.located(at: node.origin.location)
    }
    let body = try ClassifiedFunction(region.function)
    var destinations: [Destination] = []
    var outputs: [[KernelDraft.Source]] = []
    for result in node.results {
      let own = self.destinations(of: result, index)
      outputs.append(own.indices.map { .destination(destinations.count + $0) })
      destinations += own
    }
    let inputs = zip(body.function.arguments, node.operands).map {
      ($0.id, KernelDraft.Source.program(bufferOf[$1.id]!))
    }
    let context = RegionContext(
      body, node.attributes, origin: node.origin, inputs: Dictionary(uniqueKeysWithValues: inputs), outputs: outputs,
      constants: constantBuffers(of: body))
    let (kernel, bindings) = try kernel(of: context, form, node)
    bind(kernel, bindings, destinations, name, node)
  }

  private func kernel(
    of region: RegionContext, _ form: Kernel.Form, _ node: Node
  ) throws(Diagnostic) -> (Kernel, [KernelDraft.Source]) {
    switch form {
    case .map, .reduce, .rows:
      var rows = try RowsLowering(region)
      return try rows.lower()
    case .contract: return try ContractLowering(region).lower()
    case .scatter: return try ScatterLowering(region).lower()
    case .lanes:
      var lanes = try LanesLowering(region, argumentCount: node.attributes.integer("arguments"))
      return try lanes.lower()
    }
  }

  /// The program's buffers of the region's constants that are no splats.
  private mutating func constantBuffers(of body: ClassifiedFunction) -> [ValueID: KernelDraft.Source] {
    var result: [ValueID: KernelDraft.Source] = [:]
    for (node, role) in zip(body.function.nodes, body.roles) {
      guard case .constant(let constant) = role, constant.splat == nil else { continue }
      let tensor = ConstantTensor(constant.tensor)
      if constantIndex[tensor] == nil {
        program.constants.append(tensor)
        constantIndex[tensor] = addBuffer("constant", tensor.tensor.type, .constant(program.constants.count - 1))
      }
      result[node.results[0].id] = .program(constantIndex[tensor]!)
    }
    return result
  }

  mutating func addCall(_ name: String, _ kernel: Kernel, _ buffers: [Int], _ origin: Origin) {
    let index: Int
    if let known = kernelIndex[kernel] {
      index = known
    } else {
      program.kernels.append(kernel)
      index = program.kernels.count - 1
      kernelIndex[kernel] = index
    }
    program.calls.append(
      KernelCall(name: name, kernel: index, buffers: buffers, origin: origin.location?.description ?? ""))
  }

  // MARK: What no region produced

  /// Results and updates that are arguments or parameters are copied.
  private mutating func finishResults() throws(Diagnostic) {
    let arguments = Set(function.arguments.map(\.id) + function.parameterReads.map(\.value.id))
    for (index, result) in function.results.enumerated() {
      let root = rootOf[result.id]!
      guard arguments.contains(root.id) else { continue }
      let buffer = addBuffer(function.valueNames[result.id] ?? "result\(index)", result.type, .result(index))
      addCopy(from: bufferOf[root.id]!, to: buffer)
    }
    // Parameters may be exchanged: all are read before one is written.
    for update in function.updates {
      let root = rootOf[update.value.id]!
      guard arguments.contains(root.id) else { continue }
      let temporary = addBuffer("\(update.parameter).new", update.value.type, .temporary)
      addCopy(from: bufferOf[root.id]!, to: temporary)
      copies.append((from: temporary, to: parameterBuffer(update.parameter, update.value.type)))
    }
  }

  private mutating func addCopy(from source: Int, to target: Int) {
    let type = program.buffers[target].type
    let access = { (buffer: Int) in Access(buffer: buffer, strides: [1]) }
    var body = ScalarProgram()
    let value = body.load(access(0), type.element)
    let kernel = Kernel(
      axes: [type.elementCount], parallelAxes: 1,
      buffers: [
        KernelBuffer(type.element, count: type.elementCount, use: .read),
        KernelBuffer(type.element, count: type.elementCount, use: .write),
      ],
      body: .rows(RowsBody([.scalar(Block(body, stores: [Store(access(1), value)]), yields: [])])))
    addCall("copy", kernel, [source, target], .unknown)
  }
}
